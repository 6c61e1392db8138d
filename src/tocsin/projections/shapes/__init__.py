"""The shapes in which tickets, events, devices and links are told, here and to every neighbour.

What the interface answers and what a webhook carries is one and the same, so it is rendered below
both. A shape is made of a state and of the names that it mentions; nothing is asked while it is
made.
"""
