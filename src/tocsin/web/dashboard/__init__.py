"""The pages for those who are signed in: who they are, what is open, what waits for them.

A session is a sealed cookie, so that any gateway reads it; whose it is, and what that person may
see, is asked anew of the snapshot that each page is made from.
"""
