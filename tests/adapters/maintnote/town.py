"""The org that the calendars are about, and the names of what its tickets affect."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.core.telling import FIBRE_SWAP, NOON, TOWN, Town, after
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Contributor, Device, Link, Member, Org, Policy
from tocsin.core.ticket import Ticket

ORG = Org(id="o", created_at=NOON, updated_at=NOON, version=1, code="ring", name="The Ring; NL, DE")
BASE_URL = "https://tocsin.example.net/"
ORGANIZER = "noc@example.net"

SWAP = after(None, replace(FIBRE_SWAP, links=("ams-1:fra-1",), services=("api",)))
"""A maintenance of a device, a link and a service, planned for two days after noon."""


@dataclass(frozen=True)
class NamesOf:
    """The names that an org's directory knows."""

    town: Town = TOWN

    def contributor(self, identity: str) -> Contributor | None:
        return self.town.contributor(identity)

    def member(self, identity: str) -> Member | None:
        return self.town.member(identity)

    def device(self, pubkey: str) -> Device | None:
        return self.town.device(pubkey)

    def link(self, pubkey: str) -> Link | None:
        return self.town.link(pubkey)

    def ticket(self, identity: str) -> Ticket | None:
        return None

    def policy(self) -> Policy:
        return DEFAULT_POLICY
