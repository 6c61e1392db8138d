"""What it looks like: rows for readers, folded from the log.

Ticket rows are written in the commit itself, so a reader always sees its own write. Everything else
here follows the log: checkpoint and rows in one transaction, and a rebuild from position zero gives
the same rows as following along. Nothing here decides anything.
"""
