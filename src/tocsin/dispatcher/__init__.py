"""Getting the word out: at least once, in order per ticket and destination, never silently lost.

The commit leaves deliveries in the outbox; this room leases them lane by lane, lets a sender
judge (delivered, retry, refused) and marks the judgement only under the lease it was made under.
Senders themselves live with their neighbours in ``adapters``.
"""
