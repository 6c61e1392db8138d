"""Tests of the mirror in Airtable: against a server that answers as Airtable does."""
