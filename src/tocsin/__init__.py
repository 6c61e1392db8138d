"""Tocsin: one record of what goes wrong, what is planned and what comes into service."""
