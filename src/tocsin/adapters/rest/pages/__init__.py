"""What the documentation says and how it looks, beside what the endpoints declare themselves."""
