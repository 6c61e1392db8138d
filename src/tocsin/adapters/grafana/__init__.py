"""Grafana's alerting webhook: what it says (:mod:`translation`), and whether it is from there
(:mod:`signing`).
"""
