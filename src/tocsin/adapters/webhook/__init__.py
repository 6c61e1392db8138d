"""Webhooks: what happened, posted to an address as a signed CloudEvent.

:mod:`client` is the only thing that connects to an address which a user named.
"""
