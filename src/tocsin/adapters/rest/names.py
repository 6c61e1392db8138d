"""The other things that a ticket names, as the writer knows them in the turn of the commit."""

from __future__ import annotations

from tocsin.handler.submission import Outcome


class OutcomeNames:
    """Names as the writer knows them in the very turn of the commit."""

    __slots__ = ("_outcome", "contributor", "device", "link", "member", "policy", "ticket")

    def __init__(self, outcome: Outcome) -> None:
        directory = outcome.directory
        self.contributor = directory.contributor
        self.member = directory.member
        self.device = directory.device
        self.link = directory.link
        self.policy = directory.policy
        self.ticket = outcome.ticket
