"""Tests of planned work as MAINTNOTE: read from strangers, and read by an independent reader."""
