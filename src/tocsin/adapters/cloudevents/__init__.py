"""CloudEvents 1.0 over HTTP: events of anybody's making, read as signals.

:mod:`binding` finds the events in a request, in any of the three content modes, and answers the
handshake; :mod:`translation` says what they mean.
"""
