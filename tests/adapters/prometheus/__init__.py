"""Telemetry from a Prometheus: against a real one that was filled with a day of samples."""
