"""Airtable: the gateway's tables of tickets and updates, kept like ours for whoever reads there."""
