"""Tests of the duties that bring devices and links into service."""
