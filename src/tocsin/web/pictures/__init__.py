"""Pictures that people look at rather than read: a ticket's time line, charts and a calendar.

Pure functions from small frozen facts to inline SVG or to rows for a template. Nothing here asks a
store, and nothing has a style attribute or a script, so the strictest content security policy lets
it through. Whatever a picture shows, a list or a table beside it says too.
"""
