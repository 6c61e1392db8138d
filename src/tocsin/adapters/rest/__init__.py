"""The gateway: the versioned HTTP API through which everything is published and read.

The way of a request: :mod:`application` finds the endpoint; :mod:`pipeline` asks, in this order,
for credential, membership, rate, idempotency and body; the endpoint's own module (:mod:`tickets`,
:mod:`records`, …) makes a command of it; the writer decides; :mod:`answers` says what became of it.
"""
