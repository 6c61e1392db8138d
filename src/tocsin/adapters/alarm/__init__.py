"""The house's own troubles as a neighbour: what is wrong with Tocsin itself becomes an incident.

:mod:`receiver` opens one for a destination that has been down for long, and resolves it when word
gets through again; :mod:`silence` does so for a connector that is not heard of.
"""
