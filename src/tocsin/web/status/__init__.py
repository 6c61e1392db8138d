"""The public status page: one picture of what the public may know, shown in many forms.

:mod:`view` is that picture. Everything else here writes it down: the pages themselves, feeds, a
badge, a calendar, and the JSON that readers of Statuspage and of the crash bot's list know. Nothing
here has seen a ticket: what is not in the picture cannot leak.
"""
