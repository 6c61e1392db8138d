"""The war room of a ticket, over a real house."""
