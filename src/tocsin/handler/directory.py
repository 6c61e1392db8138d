"""An org's records as the writer knows them, found by every name they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocsin.core.claims import Claim
from tocsin.core.facts import stream_name
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.record_claims import claims_of
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Location,
    Member,
    Policy,
    Record,
    Route,
    Rule,
    Service,
    StatusPage,
    Subscription,
)
from tocsin.core.subscriptions import Audience, audience
from tocsin.store.contract import Head

POLICY_STREAM = stream_name("policy", "policy")


class OrgDirectory:
    """Keeps :class:`tocsin.core.evidence.Directory` over the heads of one org's records.

    Only the writer's thread touches it. ``put`` replaces one head and the names that led to it.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        self._heads: dict[str, Head] = {}
        self._claims: dict[Claim, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._links_of: dict[str, dict[str, Link]] = {}
        self._routes: tuple[Route, ...] | None = None
        self._rules: tuple[Rule, ...] | None = None
        self._audiences: tuple[Audience, ...] | None = None
        for head in heads:
            self.put(head.stream, head)

    @property
    def claims(self) -> Mapping[Claim, str]:
        """What the org's records hold."""
        return self._claims

    def head(self, stream: str) -> Head | None:
        """The newest state of a record, removed ones included."""
        return self._heads.get(stream)

    def put(self, stream: str, head: Head | None) -> Head | None:
        """Set (or with None forget) the head of a record; what was there before."""
        before = self._heads.pop(stream, None)
        if before is not None:
            self._forget(stream, before.state)
        if head is not None:
            self._heads[stream] = head
            self._learn(stream, head.state)
        if stream.startswith("route:"):
            self._routes = None
        if stream.startswith("rule:"):
            self._rules = None
        if stream.startswith(("status_page:", "subscription:")):
            self._audiences = None
        return before

    def _names_of(self, record: Record) -> list[tuple[str, str]]:
        match record:
            case Device():
                return [("device", record.pubkey), ("device", record.code)]
            case Link():
                return [("link", record.pubkey), ("link", record.code)]
            case Contributor():
                return [
                    ("contributor", record.id),
                    ("contributor", record.code),
                    ("contributor", record.pubkey),
                ]
            case Service():
                return [("service", record.id), ("service", record.code)]
            case Location():
                return [("location", record.id), ("location", record.code)]
            case Connector():
                return [("connector", record.id), ("connector", record.code)]
            case StatusPage():
                return [("status_page", record.id), ("status_page", record.code)]
            case _:
                return []

    def _learn(self, stream: str, state: object) -> None:
        if not isinstance(state, Record) or state.removed_at is not None:
            return
        for claim in claims_of(state):
            self._claims[claim] = stream
        for name in self._names_of(state):
            self._names[name] = stream
        if isinstance(state, Link):
            for device in (state.side_a.device, state.side_z.device):
                self._links_of.setdefault(device, {})[state.id] = state

    def _forget(self, stream: str, state: object) -> None:
        if not isinstance(state, Record) or state.removed_at is not None:
            return
        for claim in claims_of(state):
            if self._claims.get(claim) == stream:
                del self._claims[claim]
        for name in self._names_of(state):
            if self._names.get(name) == stream:
                del self._names[name]
        if isinstance(state, Link):
            for device in (state.side_a.device, state.side_z.device):
                self._links_of.get(device, {}).pop(state.id, None)

    def _present(self, stream: str | None) -> Record | None:
        if stream is None:
            return None
        head = self._heads.get(stream)
        if head is None or not isinstance(head.state, Record):
            return None
        return None if head.state.removed_at is not None else head.state

    def stream_of(self, sort: str, name: str) -> str | None:
        """The stream of a record by its sort and any of its names, or its id."""
        if sort == "policy":
            return POLICY_STREAM
        return self._names.get((sort, name)) or (
            stream if self._present(stream := stream_name(sort, name)) is not None else None
        )

    def device(self, name: str) -> Device | None:
        """By pubkey or code."""
        found = self._present(self._names.get(("device", name)))
        return found if isinstance(found, Device) else None

    def link(self, name: str) -> Link | None:
        """By pubkey or code."""
        found = self._present(self._names.get(("link", name)))
        return found if isinstance(found, Link) else None

    def links_of(self, device_pubkey: str) -> Sequence[Link]:
        """The links that have a side on that device, by code."""
        found = self._links_of.get(device_pubkey)
        return sorted(found.values(), key=lambda link: link.code) if found else ()

    def devices_of(self, contributor_id: str) -> Sequence[Device]:
        """The devices that a contributor owns, by code."""
        found = [
            head.state
            for head in self._heads.values()
            if isinstance(head.state, Device) and head.state.contributor_id == contributor_id
        ]
        return sorted(
            (one for one in found if one.removed_at is None), key=lambda device: device.code
        )

    def links_owned_by(self, contributor_id: str) -> Sequence[Link]:
        """The links that a contributor owns, by code."""
        found = [
            head.state
            for head in self._heads.values()
            if isinstance(head.state, Link) and head.state.contributor_id == contributor_id
        ]
        return sorted((one for one in found if one.removed_at is None), key=lambda link: link.code)

    def contributor(self, name: str) -> Contributor | None:
        """By id, code or pubkey."""
        found = self._present(self._names.get(("contributor", name)))
        return found if isinstance(found, Contributor) else None

    def member(self, identity: str) -> Member | None:
        """By id."""
        found = self._present(f"member:{identity}")
        return found if isinstance(found, Member) else None

    def key(self, identity: str) -> Key | None:
        """By id."""
        found = self._present(f"key:{identity}")
        return found if isinstance(found, Key) else None

    def service(self, name: str) -> Service | None:
        """By code or id."""
        found = self._present(self._names.get(("service", name)))
        return found if isinstance(found, Service) else None

    def route(self, identity: str) -> Route | None:
        """By id."""
        found = self._present(f"route:{identity}")
        return found if isinstance(found, Route) else None

    def routes(self) -> Sequence[Route]:
        """Every route that was not removed, oldest first."""
        if self._routes is None:
            self._routes = tuple(
                head.state
                for stream, head in sorted(self._heads.items())
                if isinstance(head.state, Route) and head.state.removed_at is None
            )
        return self._routes

    def entry_points(self) -> Sequence[EntryPoint]:
        """Every entry point that was not removed, oldest first."""
        return [
            head.state
            for _, head in sorted(self._heads.items())
            if isinstance(head.state, EntryPoint) and head.state.removed_at is None
        ]

    def connector(self, name: str) -> Connector | None:
        """By code or id."""
        found = self._present(self._names.get(("connector", name)))
        return found if isinstance(found, Connector) else None

    def connectors(self) -> Sequence[Connector]:
        """Every connector that was not removed, oldest first."""
        return [
            head.state
            for _, head in sorted(self._heads.items())
            if isinstance(head.state, Connector) and head.state.removed_at is None
        ]

    def signal_rules(self) -> Sequence[Rule]:
        """Every rule that was not removed, oldest first."""
        if self._rules is None:
            self._rules = tuple(
                head.state
                for stream, head in sorted(self._heads.items())
                if isinstance(head.state, Rule) and head.state.removed_at is None
            )
        return self._rules

    def status_page(self, name: str) -> StatusPage | None:
        """By code or id."""
        found = self._present(self._names.get(("status_page", name)))
        return found if isinstance(found, StatusPage) else None

    def audiences(self) -> Sequence[Audience]:
        """The status pages that anybody has subscribed to, with who has."""
        if self._audiences is None:
            states = [head.state for _, head in sorted(self._heads.items())]
            subscriptions = [one for one in states if isinstance(one, Subscription)]
            found = (
                audience(page, subscriptions)
                for page in states
                if isinstance(page, StatusPage) and page.removed_at is None
            )
            self._audiences = tuple(one for one in found if one.subscriptions)
        return self._audiences

    def members(self) -> Sequence[Member]:
        """Every member that was not removed, oldest first."""
        return [
            head.state
            for _, head in sorted(self._heads.items())
            if isinstance(head.state, Member) and head.state.removed_at is None
        ]

    def keys(self) -> Sequence[Key]:
        """Every key that was not removed, oldest first; revoked ones too."""
        return [
            head.state
            for _, head in sorted(self._heads.items())
            if isinstance(head.state, Key) and head.state.removed_at is None
        ]

    def policy(self) -> Policy:
        """The org's policy as it is now."""
        found = self._present(POLICY_STREAM)
        return found if isinstance(found, Policy) else DEFAULT_POLICY
