"""What Prometheus Alertmanager sends, and what its clients read."""
