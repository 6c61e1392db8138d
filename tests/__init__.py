"""Tests, one folder per room of the house; real stores, real servers, a clock moved by hand."""
