"""What may happen: the rules, as pure functions over frozen facts.

Each aggregate is a pair. ``decide(state, command)`` gives the events that follow, ``()`` when
nothing changes, or raises a named refusal; ``evolve(state, event)`` is total and replays any log
ever written. Time, ids, actor and evidence come in with the command: this room has no clock, no
randomness and no input or output, and imports nothing but the pure part of the standard library.
Every other room may import it.
"""
