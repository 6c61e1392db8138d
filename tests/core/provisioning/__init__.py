"""Tests of how devices and links come into service."""
