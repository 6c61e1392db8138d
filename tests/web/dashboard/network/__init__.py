"""The room of the network: lists, readiness as a checklist, drains."""
