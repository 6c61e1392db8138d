"""Telemetry from an InfluxDB: against a real one, and against answers that it should not give."""
