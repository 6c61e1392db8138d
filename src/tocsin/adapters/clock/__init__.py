"""Time as a neighbour: due deadlines become ticks for the writer, and what has expired is cleared.

:mod:`receiver` turns due deadlines into commands, and parks those that a command does not settle;
:mod:`hearing_again` ends alerts that have expired, and has those judged anew that a maintenance
held back; :mod:`retention` empties the inbox of what is old; :mod:`erasing` has erased what the
policy says is kept no longer. :mod:`clockwork` is the thread that beats for them, and clears
expired receipts beside.
"""
