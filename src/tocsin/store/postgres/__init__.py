"""The store on PostgreSQL: one database, any number of processes.

``store.py`` is the way in; ``connecting.py`` opens connections, bounds them, and names their
failures; ``scoping.py`` keeps a transaction to one org; ``committing.py`` commits and says when it
is not known whether it was done; ``reading.py``, ``writing.py`` and ``outgoing.py`` are the turns;
``bulk.py`` writes many rows in one step; ``searching.py`` is the language of words;
``listening.py`` hears of others' writes; ``tending.py`` checks; ``upgrading.py`` migrates it.
"""

from tocsin.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
