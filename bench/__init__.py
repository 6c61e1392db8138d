"""The measuring room: what the README claims in figures, measured here by anyone.

Reading order: ``tickets`` (the one request body), ``baseline`` (the endpoint that only parses and
answers), ``load`` (the generator in a closed loop) and ``steady`` (in an open one),
``page_reading`` (a page, in an open one too), ``receiver`` (where deliveries arrive) and
``arrivals`` (what arrived), ``alerts`` and ``pouring`` (the same for what monitoring sends) and
``accounting`` (what became of it), ``fsync`` (the bare disk),
``processes`` and ``servers`` (starting and watching what is measured), then one module per section
of ``python -m bench``. Loopback only: nothing here ever speaks to another machine.
"""
