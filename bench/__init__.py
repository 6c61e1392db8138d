"""The measuring room: what the README claims in figures, measured here by anyone.

Reading order: ``tickets`` (the one request body), ``baseline`` (the endpoint that only parses and
answers), ``load`` (the generator), ``fsync`` (the bare disk), ``processes`` (starting and watching
what is measured), then one module per section of ``python -m bench``. Loopback only: nothing here
ever speaks to another machine.
"""
