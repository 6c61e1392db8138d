"""Asking over HTTP, and servers that answer whatever a test has them answer."""
