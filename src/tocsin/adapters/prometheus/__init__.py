"""Telemetry from a Prometheus: counters of interfaces, minutes in which agents ran, and QA tests,
asked for in PromQL (Provisioning: sources)."""
