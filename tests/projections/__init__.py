"""Tests of the projections: lists, search, timelines, the rebuild."""
