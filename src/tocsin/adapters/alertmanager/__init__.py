"""Prometheus Alertmanager: its webhook, and Tocsin in its place.

:mod:`translation` reads what Alertmanager sends and what Prometheus sends to one; :mod:`views` and
:mod:`filters` are what ``amtool`` asks of one.
"""
