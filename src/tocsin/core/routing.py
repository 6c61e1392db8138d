"""Which destinations a fact goes to (Design: dispatcher). Quick: it runs inside the commit.

Facts about tickets, devices and links are routed; administration never is. A route of a contributor
sees everything its org sees. A match is on the state after the fact; a link is both contributors'
whose devices it joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from tocsin.core.evidence import Directory
from tocsin.core.facts import Event
from tocsin.core.matching import Match, MatcherError, matches, parse_match
from tocsin.core.offerings import ROUTED_SORTS
from tocsin.core.patterns import Effort, TooMuchEffort
from tocsin.core.provisioning.facts import (
    InterfaceBound,
    InterfaceChanged,
    InterfaceDefined,
    InterfaceRemoved,
    Mirrored,
)
from tocsin.core.record_facts import DeviceRegistered, LinkRegistered, RecordUpdated
from tocsin.core.records import Device, Link, Record, Route, RouteMatch
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    MessageRecorded,
    Redacted,
    Reminded,
    SignalIngested,
    StatusChanged,
)
from tocsin.core.words import DestinationKind, Status, is_active

Values = str | tuple[str, ...]

CARD: Final = "card"
"""The coalesce key of deliveries that only redraw what a destination shows of a ticket."""

PATTERN_STEPS: Final = 100_000
"""What the patterns of all routes may cost for one fact: some ten milliseconds at the worst."""

_REDRAWN: Final = frozenset({DestinationKind.AIRTABLE})
_READ_BY_PEOPLE: Final = frozenset({DestinationKind.SLACK, DestinationKind.EMAIL})
"""Where nobody wants to hear, one by one, of what is erased because its time is over."""
_TOLD_BY_ANOTHER: Final = frozenset({Status.RESOLVED, Status.CLOSED})
_CARD_EDITS: Final = frozenset(
    {
        "updated",
        "severity_changed",
        "assignee_changed",
        "tag_added",
        "tag_removed",
        "conflict_found",
        "conflict_cleared",
    }
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One fact for one route; of untried ones with one ``coalesce_key`` only the last is sent."""

    route_id: str
    coalesce_key: str | None = None


def deliveries_of(
    event: Event,
    state_after: Ticket | Record,
    directory: Directory,
    routes: Sequence[Route],
) -> tuple[Delivery, ...]:
    """The deliveries that follow from *event*, in the order of *routes*.

    *routes* are those of the org as they are now; disabled and removed ones carry nothing. Where
    their patterns take too long the rest of them is taken to fit: rather is somebody told too much
    than nobody anything.
    """
    sort, _, happening = event.kind.partition(".")
    if not routes or sort not in ROUTED_SORTS or _is_too_late(event):
        return ()
    kind = f"{sort}.{happening}"
    facts = RoutedFacts(event, state_after, directory)
    unsaid = _is_unsaid(event)
    housework = isinstance(event.payload, Redacted) and event.actor.type == "system"
    effort = Effort(PATTERN_STEPS)
    found: list[Delivery] = []
    for route in routes:
        if not route.enabled or route.removed_at is not None:
            continue
        if unsaid and route.destination.kind is DestinationKind.SLACK:
            continue
        if housework and route.destination.kind in _READ_BY_PEOPLE:
            continue
        match = prepared(route.match)
        if match is not None and _carries(match, kind, facts, effort):
            redraws = happening in _CARD_EDITS and route.destination.kind in _REDRAWN
            found.append(_delivery(route.id, CARD if redraws else None))
    return tuple(found)


def _carries(match: Match, kind: str, facts: RoutedFacts, effort: Effort) -> bool:
    try:
        return matches(match, kind=kind, facts=facts, effort=effort)
    except TooMuchEffort:
        at_once = tuple(one for one in match.matchers if one.pattern is None or one.texts)
        return matches(replace(match, matchers=at_once), kind=kind, facts=facts)


def _is_too_late(event: Event) -> bool:
    """Whether nobody is told: a reminder of what has begun already (Domain: reminder)."""
    return isinstance(event.payload, Reminded) and event.payload.late


def _is_unsaid(event: Event) -> bool:
    """Whether a chat is not told: what was said there, and moves that another fact of the same
    commit tells better. A chat takes about one message a second, so none is spent on silence."""
    match event.payload:
        case MessageRecorded():
            return True
        case StatusChanged(status_from=before, status_to=after):
            return after in _TOLD_BY_ANOTHER or not is_active(before)
        case ActionExecuted():
            # What the chat's own adapter notes down, such as that it has kept a transcript.
            return event.via == "slack" and event.actor.type == "system"
        case InterfaceBound() | InterfaceDefined(by_link=True):
            # The link that uses the interface tells of itself.
            return True
        case Mirrored():
            # What moved tells of itself.
            return True
        case DeviceRegistered() | LinkRegistered() | RecordUpdated():
            # A ledger may have thousands to be taken in, and its own announcements.
            return event.via == "ledger"
        case InterfaceDefined() | InterfaceChanged() | InterfaceRemoved():
            return event.via == "ledger"
        case _:
            return False


@lru_cache(maxsize=4_096)
def _delivery(route_id: str, coalesce_key: str | None) -> Delivery:
    return Delivery(route_id, coalesce_key)


_MOST_PREPARED: Final = 4_096


@lru_cache(maxsize=_MOST_PREPARED)
def prepared(match: RouteMatch) -> Match | None:
    """*match*, read and compiled once; None where today's grammar does not read it any more.

    Every match was read before it was recorded, so None means a log of a grammar that has gone.
    """
    try:
        return parse_match(match.kinds, match.matchers)
    except MatcherError:
        return None


class RoutedFacts(Mapping[str, Values]):
    """What matchers see of an event and the state after it, each value found when first asked for.

    Names are those of :data:`tocsin.core.matching.NAMES`; ``labels.<name>`` is there for signals.
    """

    __slots__ = ("_directory", "_event", "_known", "_state")

    def __init__(self, event: Event, state: Ticket | Record, directory: Directory) -> None:
        self._event = event
        self._state = state
        self._directory = directory
        self._known: dict[str, Values] = {}

    def __getitem__(self, name: str) -> Values:
        known = self._known.get(name)
        if known is None:
            read = _READERS.get(name)
            if read is not None:
                known = read(self._event, self._state, self._directory)
            elif name.startswith("labels."):
                known = self._signal_label(name.removeprefix("labels."))
            else:
                raise KeyError(name)
            self._known[name] = known
        return known

    def get(self, name: str, default: object = None) -> Values | Any:
        """The value of *name*, or *default*; what matching asks for, so without the detour."""
        known = self._known.get(name)
        if known is not None:
            return known
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        yield from _READERS
        if isinstance(self._event.payload, SignalIngested):
            yield from (f"labels.{name}" for name in self._event.payload.labels)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _signal_label(self, name: str) -> str:
        payload = self._event.payload
        return payload.labels.get(name, "") if isinstance(payload, SignalIngested) else ""


def _type(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return event.stream.partition(":")[0]


def _status(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    match state:
        case Ticket():
            return state.status.value
        case Device() | Link():
            return state.life.status.value
        case _:
            return ""


def _health(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return state.life.health.value if isinstance(state, Device | Link) else ""


def _severity(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return state.severity.value if isinstance(state, Ticket) else ""


def _services(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return state.services if isinstance(state, Ticket) else ()


def _environment(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return state.environment if isinstance(state, Ticket) else ""


def _devices(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    match state:
        case Ticket():
            pubkeys = state.devices
        case Device():
            return state.code
        case Link():
            pubkeys = (state.side_a.device, state.side_z.device)
        case _:
            return ()
    found = (directory.device(pubkey) for pubkey in pubkeys)
    return tuple(device.code for device in found if device is not None)


def _links(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    match state:
        case Ticket():
            found = (directory.link(pubkey) for pubkey in state.links)
            return tuple(link.code for link in found if link is not None)
        case Link():
            return state.code
        case _:
            return ()


def _contributor(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    match state:
        case Link():
            owners = (state.contributor_id, state.side_z_contributor_id)
            found = (directory.contributor(owner) for owner in dict.fromkeys(owners))
            return tuple(one.code for one in found if one is not None)
        case Ticket(contributor_id=str(owner)) | Device(contributor_id=owner):
            one = directory.contributor(owner)
            return "" if one is None else one.code
        case _:
            return ""


def _labels(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return state.labels if isinstance(state, Ticket) else ()


def _source(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    return event.payload.source if isinstance(event.payload, SignalIngested) else ""


def _connector(event: Event, state: Ticket | Record, directory: Directory) -> Values:
    way, _, name = event.via.partition(":")
    return name if way == "connector" else ""


_READERS: Final[Mapping[str, Callable[[Event, Ticket | Record, Directory], Values]]] = {
    "type": _type,
    "status": _status,
    "health": _health,
    "severity": _severity,
    "service": _services,
    "environment": _environment,
    "device": _devices,
    "link": _links,
    "contributor": _contributor,
    "label": _labels,
    "source": _source,
    "connector": _connector,
}
