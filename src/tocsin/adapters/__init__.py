"""One folder per neighbour, and none knows another.

Directions are files: ``receiver.py`` turns what arrives into commands for the handler,
``sender.py`` turns deliveries into what the neighbour expects; pure translation modules stand
beside them. A new neighbour begins as a copy of a folder. What two neighbours share belongs further
in.
"""
