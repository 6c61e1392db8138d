"""The calendar of maintenance and the planner, page by page."""
