"""How whoever the operator names is asked over HTTP: telemetry, a ledger, a language model.

Their adapters know what to ask and how to read the answer; this room, which knows none of them,
brings the one there and the other back, within time and measure. Addresses that contributors name
are another matter: those are asked by ``adapters/webhook``, which leads nobody inside.
"""
