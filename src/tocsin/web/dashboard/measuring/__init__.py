"""Measures: how long things take and how many there are, as figures, charts and CSV."""
