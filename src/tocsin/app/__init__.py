"""The one place where things are chosen and made: settings, wiring, processes, command line.

Every other room receives what it needs as arguments; here the arguments are put together. Only this
room reads the environment, opens the database, starts threads and servers, and stops them in order.
"""
