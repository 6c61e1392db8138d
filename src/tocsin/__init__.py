"""Tocsin: one record of what goes wrong, what is planned and what comes into service.

A fact travels in a U: a receiver turns a request into a command, the handler asks the core what
follows from it, the store commits the answer, and projections and the dispatcher carry it up again
to readers and neighbours. Imports all point inward: ``app`` > ``adapters | web`` > ``handler |
dispatcher | projections`` > ``store`` > ``core``.

To understand the program, follow one ticket from request to row in five files:

1. ``adapters/rest/pipeline.py``: who asks, how often, whether again, and what the body says.
2. ``handler/writer.py``: it is decided among others, and acknowledged once it is on disk.
3. ``handler/deliberation.py``: each command against the newest committed state.
4. ``core/incident.py``: what follows from the command, or the refusal.
5. ``store/sqlite/writing.py``: events, and all that must be true with them, in one commit.

Each folder says in its docstring what its room is for.
"""
