"""CloudEvents: what the published SDK sends, and what nobody should send."""
