"""The dispatcher: its pure parts alone, then whole on a real store, with time moved by hand."""
