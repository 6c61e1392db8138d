"""Tests of :mod:`tocsin.web.dashboard.opening`: the real forms, the real API behind them."""
