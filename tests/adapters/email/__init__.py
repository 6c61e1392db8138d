"""Tests of mail: against a mail server that listens, encrypts, refuses and hangs."""
