"""Time moved by hand: ticks for what is due, parking, and the broom."""
