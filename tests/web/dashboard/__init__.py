"""Tests of :mod:`tocsin.web.dashboard`, over a real database and without a socket."""
