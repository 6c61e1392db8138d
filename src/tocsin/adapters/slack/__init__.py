"""Slack: people report, follow and close tickets there, and hear of them (Integrations: Slack).

In: ``mounting`` takes the requests, ``receiver`` tells them apart, ``conversing`` and
``transcripts`` follow what is said, ``commanding`` and ``clicking`` what is asked. Out: ``sender``,
with ``channels`` and ``upkeep``. What is said and shown is pure: ``phrases``, ``cards``, ``topic``,
``forms``, ``submitted``, ``spoken``. Who and where: ``workspaces``, ``people``. What all of them
share stands in ``contract``.
"""
