"""Pages for people: read from projections, write through the handler.

The dashboard, the status page, the feeds and the forms. Pages are rendered on the server and work
without JavaScript; nothing is decided here and nothing is shown that a projection does not hold.
"""
