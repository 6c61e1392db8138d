"""What did happen: events, and all that must be true with them, in one commit.

One transaction writes a batch's events, heads, claims, outbox, deadlines, receipts and ticket rows,
or none of them, and nobody is answered before it is on disk. Insert order is commit order. The room
also keeps the digest chain that proves the log, the sealed secrets, and the migrations. It imports
the core and knows nothing of commands' origin or rows' readers.
"""
