"""Telemetry as its stores give it: real ones, and stand-ins that answer as they should not."""
