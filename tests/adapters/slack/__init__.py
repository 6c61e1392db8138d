"""Tests of Slack: what is shown as pure text and blocks; the rest against a server that speaks Slack."""
