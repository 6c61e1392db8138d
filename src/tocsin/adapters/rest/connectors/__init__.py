"""Connectors and their rules as records, and how the connectors are."""
