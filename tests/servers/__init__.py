"""Real servers that tests start for themselves, in temporary folders."""
