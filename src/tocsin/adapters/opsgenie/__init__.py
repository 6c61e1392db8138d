"""Opsgenie's Alert API: what its clients send (:mod:`translation`), and the answers that they
expect (:mod:`answers`)."""
