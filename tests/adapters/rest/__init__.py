"""Tests of the gateway: requests to the real application over a real store."""
