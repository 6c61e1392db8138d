"""What Grafana's alerting sends."""
