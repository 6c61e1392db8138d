"""The store on one SQLite file: for a laptop, a small network, and every test.

``store.py`` is the way in; ``connecting.py`` opens connections and names their settings;
``reading.py`` and ``writing.py`` are the two kinds of turn; ``bulk.py`` writes many rows in one
step; ``checkpoints.py`` folds the write-ahead log beside the writer; ``tending.py`` checks and
copies the file; ``upgrading.py`` migrates it.
"""

from tocsin.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
