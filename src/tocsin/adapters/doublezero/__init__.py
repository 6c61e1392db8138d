"""The ledger of the doublezero serviceability program (Provisioning: the doublezero ledger): its
accounts are read and mirrored, and health and status are written in signed transactions over
JSON-RPC.

Reading needs nothing but the standard library and ``msgspec``; what signs needs ``solders``, the
optional extra ``ledger``.
"""
