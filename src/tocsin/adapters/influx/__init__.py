"""Telemetry from an InfluxDB: counters of interfaces, minutes that devices were heard in, and QA
tests, asked for in InfluxQL (Provisioning: sources)."""
