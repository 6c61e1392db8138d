"""Devices, links and interfaces: what they are, what is wanted of them, and how far they are."""
