"""The room of those who run the org, over the real dashboard and the real API."""
