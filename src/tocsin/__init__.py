"""Tocsin: one record of what goes wrong, what is planned and what comes into service.

A fact travels in a U: a receiver turns a request into a command, the handler asks the core what
follows from it, the store commits the answer, and projections and the dispatcher carry it up again
to readers and neighbours. Imports all point inward: ``app`` > ``adapters | web`` > ``handler |
dispatcher | projections`` > ``store`` > ``core``.

To understand the program, follow one ticket from request to row in five files:

1. ``adapters/rest/tickets.py``: a request becomes a command.
2. ``handler/turn.py``: the command is decided among others, appended and acknowledged on commit.
3. ``core/incident.py``: what follows from the command, or the refusal.
4. ``store/sqlite/writing.py``: events and all that must be true with them, in one commit.
5. ``projections/tickets.py``: the row that lists read.

Each folder says in its docstring what its room is for.
"""
