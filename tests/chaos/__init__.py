"""The server killed under load: the short form of ``make chaos``."""
