"""What was changed in a record, by whom and when: its stream of events, newest first, in words.

Of a secret it is told that it was replaced, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tocsin.core.facts import Actor, Event, stream_name
from tocsin.core.records import Connector, Contributor, Member
from tocsin.store.codec import data_of
from tocsin.store.contract import ReadTurn

SHOWN: Final = 50
_LONGEST: Final = 120
_SECRETS: Final[Mapping[str, str]] = {
    "token_digest": "token",
    "hmac_secret_id": "signing secret",
    "secret_id": "secret",
    "link_code_digest": "link code",
}
_NAMED: Final[Mapping[str, tuple[str, str]]] = {
    "contributor_id": ("contributor", "contributor"),
    "side_z_contributor_id": ("contributor", "contributor of side Z"),
    "connector_id": ("connector", "connector"),
    "member_id": ("member", "member"),
}
_WAYS: Final[Mapping[str, str]] = {
    "web": "here",
    "api": "over the API",
    "slack": "in Slack",
    "cli": "on the command line",
    "clock": "by the clock",
    "monitor": "as the monitor",
    "activator": "as the activator",
    "ledger": "from the ledger",
}
WORDS: Final[Mapping[str, str]] = {
    "created": "made it",
    "registered": "registered it",
    "removed": "removed it",
    "revoked": "revoked it",
    "changed": "changed it",
    "updated": "changed it",
    "redacted": "erased personal data",
    "link_code_issued": "gave out a code for Slack",
    "slack_linked": "tied a Slack user",
    "desired_status_changed": "wants it otherwise",
    "health_changed": "judged its health",
    "status_changed": "moved it on",
    "acceptance_requested": "asked the other side to accept it",
    "accepted": "accepted it",
    "interface_defined": "defined an interface",
    "interface_changed": "changed an interface",
    "interface_bound": "tied an interface to a link, or freed it",
    "interface_removed": "removed an interface",
    "criterion_waived": "waived a criterion",
    "criterion_demanded": "demanded a criterion again",
    "mirrored": "wrote down what the ledger says",
    "released": "let go of it, which no ledger keeps any more",
}
_MOVES: Final = (
    ("desired status", "desired_from", "desired_to"),
    ("health", "health_from", "health_to"),
    ("status", "status_from", "status_to"),
)
_INTERFACES: Final = (
    "interface_defined",
    "interface_changed",
    "interface_bound",
    "interface_removed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One field: what it was and what it is now; both empty where that is not told."""

    field: str
    old: str
    new: str
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event. ``via`` is where it came in."""

    what: str
    who: str
    of: str | None
    at: datetime
    via: str
    version: int
    details: tuple[Detail, ...] = ()


def history(turn: ReadTurn, org_id: int, stream: str, *, after: int = 0) -> tuple[Entry, ...]:
    """What happened to a stream behind the version *after*, newest first, at most
    :data:`SHOWN`."""
    head = turn.head(org_id, stream)
    if head is None:
        return ()
    first = max(after, head.version - SHOWN)
    events = turn.stream_events(org_id, stream, after_version=first)
    names = _names(turn, org_id, events)
    return tuple(_entry(event, names) for event in reversed(events))


def _entry(event: Event, names: Mapping[str, str]) -> Entry:
    word = event.kind.partition(".")[2]
    return Entry(
        what=WORDS.get(word, word.replace("_", " ")),
        who=_who(event.actor),
        of=event.actor.contributor,
        at=event.recorded_at,
        via=_via(event.via),
        version=event.version,
        details=(
            *_lived(word, data_of(event.payload)),
            *_details(data_of(event.payload), names),
        ),
    )


def _lived(word: str, data: Mapping[str, Any]) -> Iterable[Detail]:
    """What of the life of a device or link an event tells: of which interface, where it led."""
    interface = data.get("name") if word in _INTERFACES else data.get("interface")
    if interface is not None:
        yield Detail(field="interface", old="", new=interface)
    if word == "interface_bound":
        yield Detail(field="link", old="", new=data.get("link") or "none")
    for field, old, new in _MOVES:
        if new in data:
            yield Detail(field=field, old=_spoken(data[old]), new=_spoken(data[new]))
    if "criterion" in data:
        yield Detail(field="criterion", old="", new=_spoken(data["criterion"]))


def _spoken(word: str) -> str:
    return word.replace("_", " ")


def _who(actor: Actor) -> str:
    return "Tocsin itself" if actor.type == "system" else actor.name


def _via(via: str) -> str:
    return _WAYS.get(via) or via.replace(":", " ")


def _details(data: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[Detail]:
    for change in data.get("changes", ()):
        old, new = change.get("old"), change.get("new")
        if isinstance(old, dict) or isinstance(new, dict):
            yield from _inner(change["field"], old or {}, new or {}, names)
        else:
            yield _detail(change["field"], old, new, names)


def _inner(
    field: str, old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]
) -> Iterable[Detail]:
    """What of an object changed: each of its fields by itself."""
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            inner = _detail(name, old.get(name), new.get(name), names)
            yield Detail(
                field=f"{field.replace('_', ' ')}, {inner.field}",
                old=inner.old,
                new=inner.new,
                told=inner.told,
            )


def _detail(field: str, old: object, new: object, names: Mapping[str, str]) -> Detail:
    if field in _SECRETS:
        return Detail(field=_SECRETS[field], old="", new="", told=False)
    label = _NAMED[field][1] if field in _NAMED else field.replace("_", " ")
    return Detail(field=label, old=_said(old, names), new=_said(new, names))


def _said(value: object, names: Mapping[str, str]) -> str:
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case list():
            objects = any(isinstance(one, dict) for one in value)
            text = ("; " if objects else ", ").join(_said(one, names) for one in value)
        case dict():
            told = (_said(one, names) for name, one in value.items() if name not in _SECRETS)
            text = " · ".join(one for one in told if one)
        case _:
            text = names.get(str(value), str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _names(turn: ReadTurn, org_id: int, events: Sequence[Event]) -> Mapping[str, str]:
    """What is named by id in these events, as people call it."""
    streams = {
        stream_name(_NAMED[change["field"]][0], value)
        for event in events
        for change in data_of(event.payload).get("changes", ())
        if change["field"] in _NAMED
        for value in (change.get("old"), change.get("new"))
        if isinstance(value, str)
    }
    found: dict[str, str] = {}
    for head in turn.heads(org_id, streams).values():
        match head.state:
            case Contributor() | Connector():
                found[head.state.id] = head.state.code
            case Member():
                found[head.state.id] = head.state.name
            case _:
                pass
    return found
