"""The only writer: load, permit, decide, append; acknowledge on commit.

``submit(command)`` returns a future. Waiting commands are decided together in one turn of the
writer, each against the newest committed state and what the batch has decided before it, and their
futures are resolved only when the commit has returned. The queue is bounded: beyond it the answer
is "overloaded", never a wait without end. Everything below the future is synchronous.
"""
