"""Time as a neighbour: due deadlines become ticks for the writer, and what has expired is cleared.

:mod:`receiver` turns due deadlines into commands, and parks those that a command does not settle;
:mod:`clockwork` is the thread that beats for it, and clears expired receipts beside.
"""
