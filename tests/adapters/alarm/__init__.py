"""The house's own troubles become incidents."""
