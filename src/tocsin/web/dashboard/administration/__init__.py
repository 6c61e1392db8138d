"""The room of those who run the org: its people, keys, neighbours, routes and policy.

Each sort of record is declared once, as a :class:`~.sheets.Sheet`: its list, its forms, its history
and its removal follow from that. What is special to a sort stands beside it.
"""
