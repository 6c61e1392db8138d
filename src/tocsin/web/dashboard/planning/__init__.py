"""Planned work: the calendar over all contributors, and the planner that finds free windows."""
