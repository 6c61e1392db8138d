"""Tests of Slack: what is pure as it stands, the rest against a server that speaks Slack."""
