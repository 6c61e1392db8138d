"""Tests of the neighbours: each against something that speaks as the neighbour does."""
