"""Webhooks are tested against servers on this machine, good ones and bad ones."""
