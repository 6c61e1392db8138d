"""What remains when the current goes: the store on a disk that forgets what was never synced.

``disk`` is the file system layer that forgets, ``driver`` lets the store use it, and the tests
prove first that the layer really loses unsynced writes and then that the store loses nothing it
promised.
"""
