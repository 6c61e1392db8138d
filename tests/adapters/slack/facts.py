"""What tests of presentation tell with: the town's names, and every fact with any values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tests.core.telling import DEFAULTS, NOON, TOWN, Town
from tocsin.adapters.slack.contract import Blocks
from tocsin.core.facts import Actor, Change, Event, Payload, registered_kinds
from tocsin.core.records import Contact, Contributor, Device, Link, Member, Policy
from tocsin.core.ticket import Assignee, Overlap, Reference, Relation, SharedAsset, Ticket
from tocsin.core.words import ContactMethod, Disposition, Severity, TicketType, statuses_of

NASTY: Final = (
    "<!channel> & <@U1> @here",
    "*bold* _it_ ~no~ `code` > quote",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1ea\U0001f1f9 1\ufe0f\u20e3",
    "\u05e9\u05dc\u05d5\u05dd \u202eback\u202c \u0645\u0631\u062d\u0628\u0627",
    "e\u0301" * 40,
    "&" * 3_000,
    "\n\n\x00\ud800\r\n",
)
PUBKEYS: Final = tuple(f"dev{number:04}111111111111111111111111111" for number in range(500))


@dataclass(frozen=True)
class TownNames:
    """Finds what tickets name among the records of a town."""

    town: Town = TOWN
    tickets: Sequence[Ticket] = ()
    contributors: Mapping[str, Contributor] = field(default_factory=dict)

    def contributor(self, identity: str) -> Contributor | None:
        return self.contributors.get(identity) or self.town.contributor(identity)

    def member(self, identity: str) -> Member | None:
        return self.town.member(identity)

    def device(self, pubkey: str) -> Device | None:
        return self.town.device(pubkey)

    def link(self, pubkey: str) -> Link | None:
        return self.town.link(pubkey)

    def ticket(self, identity: str) -> Ticket | None:
        return next((one for one in self.tickets if one.id == identity), None)

    def policy(self) -> Policy:
        return self.town.policy()


NAMES: Final = TownNames()


def contributor(code: str, **fields: Any) -> Contributor:
    """The town's contributor of that code, with *fields*."""
    found = TOWN.contributor(code)
    assert found is not None
    return replace(found, **fields)


def with_slack(**of: Mapping[str, Any]) -> TownNames:
    """The town where contributors, by code, have the fields given for them."""
    changed = [contributor(code, **fields) for code, fields in of.items()]
    return TownNames(contributors={one.id: one for one in changed})


# -- any text, ticket and fact --------------------------------------------------------------------

TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.builds(lambda text, times: (text * times)[:10_000], st.text(min_size=1), st.just(2_000)),
)
INSTANTS = st.integers(0, 199 * 365 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
TITLES = TEXTS.map(lambda text: text[:200])
IDENTITIES = st.sampled_from(
    ("alpha-id", "beta-id", "ada", "cy", "gone", "0193-other", TOWN.every_device[0].pubkey)
)
ASSIGNEES = st.builds(Assignee, kind=st.sampled_from(("member", "contributor")), id=IDENTITIES)
OVERLAPS = st.builds(
    Overlap,
    ticket_id=IDENTITIES,
    shared=st.lists(
        st.builds(
            SharedAsset,
            kind=st.just("device"),
            code=st.text(max_size=64),
            pubkey=IDENTITIES,
            reason=st.just("same"),
        ),
        max_size=5,
    ).map(lambda shared: tuple(shared) * 40),
)
CONTACTS = st.lists(
    st.builds(
        Contact,
        name=TITLES,
        method=st.sampled_from(ContactMethod),
        address=TITLES,
        hours=st.none() | TITLES,
        order=st.integers(0, 9),
    ),
    max_size=5,
).map(lambda some: tuple(some) * 10)


@st.composite
def any_names(draw: st.DrawFn) -> TownNames:
    """The town, with whatever contributors write of themselves."""
    made = {
        code: {
            "name": draw(TITLES),
            "slack_handle": draw(st.none() | TITLES.map(lambda text: text[:100])),
            "slack_user_group": draw(st.none() | TITLES.map(lambda text: text[:100])),
            "contacts": draw(CONTACTS),
        }
        for code in ("alpha", "beta")
    }
    levels = draw(st.integers(3, 5))
    found = with_slack(**made)
    return replace(found, town=Town(rules=replace(DEFAULTS, severity_levels=levels)))


@st.composite
def any_ticket(draw: st.DrawFn) -> Ticket:
    """A ticket of either type that stands anywhere, with texts and sets at their limits."""
    ticket_type = draw(st.sampled_from(TicketType))
    status = draw(st.sampled_from(statuses_of(ticket_type)))
    assets = PUBKEYS[: draw(st.sampled_from((0, 1, 30, 500)))]
    start_at = draw(INSTANTS)
    return Ticket(
        id="0193a000-0000-7000-8000-000000000001",
        ref=draw(st.sampled_from(("I20261120-af36", "M20261120-opubopub"))),
        type=ticket_type,
        title=draw(TITLES),
        description=draw(TEXTS),
        severity=draw(st.sampled_from(Severity)),
        status=status,
        created_at=start_at,
        updated_at=start_at,
        version=1,
        created_by=ACTOR,
        via="api",
        contributor_id=draw(st.none() | st.sampled_from(("alpha-id", "gone"))),
        devices=assets,
        links=assets,
        services=tuple(draw(st.lists(st.text(max_size=64), max_size=3))) * 30,
        affected_contributors=draw(st.sampled_from(((), ("alpha-id", "beta-id", "gone") * 60))),
        resolution=draw(st.none() | TEXTS),
        disposition=draw(st.none() | st.sampled_from(Disposition)),
        duplicate_of=draw(st.none() | IDENTITIES),
        assignee=draw(st.none() | ASSIGNEES),
        labels=(*(f"{number}-{'x' * 60}" for number in range(49)), "needs_affected"),
        rca_url=draw(st.none() | st.sampled_from(ADDRESSES)),
        start_at=start_at,
        end_at=draw(st.none() | INSTANTS),
        detected_at=start_at,
        resolved_at=draw(st.none() | INSTANTS),
        last_status_at=start_at,
        last_word_at=start_at,
        actual_start_at=draw(st.none() | INSTANTS),
        actual_end_at=draw(st.none() | INSTANTS),
        overran=draw(st.booleans()),
        conflicts=tuple(draw(st.lists(OVERLAPS, max_size=3))) * 10,
    )


ACTOR: Final = Actor(type="user", id="ada", name="Ada", contributor="alpha")
ADDRESSES: Final = (
    "https://example.net/rca?a=1&b=<2>|x",
    "http://example.net/" + "é" * 1_900,
    "[removed]",
)


def ticket_kinds() -> Iterator[tuple[str, type[Payload]]]:
    """Every kind of fact about a ticket, with its class."""
    for (kind, _), cls in registered_kinds().items():
        if kind.partition(".")[0] in ("incident", "maintenance"):
            yield kind, cls


def payloads(cls: type[Payload]) -> st.SearchStrategy[Payload]:
    """Facts of the class *cls* with any values of their types."""
    hints = get_type_hints(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    return st.builds(cls, **{one.name: _values(one.name, hints[one.name]) for one in fields})


def _values(name: str, hint: Any) -> st.SearchStrategy[Any]:
    match name:
        case "error_budget_consumed":
            return st.sampled_from(("0", "0.25", "1000"))
        case "facts" | "changes":
            return st.lists(CHANGES, max_size=20).map(tuple)
        case "fields":
            return st.just(("title", "description"))
        case "type":
            return st.sampled_from(TicketType)
        case _:
            return _of_hint(hint)


CHANGES = st.builds(
    Change,
    field=st.sampled_from(("title", "devices", "links", "start_at", "services", "impact")),
    old=st.none() | TEXTS | st.lists(IDENTITIES, max_size=3),
    new=st.just("2026-11-20T12:00:00.000000Z") | st.just(list(PUBKEYS)),
)


def _of_hint(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        return st.lists(_of_hint(get_args(hint)[0]), max_size=4).map(tuple)
    if type(None) in (parts := get_args(hint)):
        return st.none() | st.one_of(*(_of_hint(one) for one in parts if one is not type(None)))
    made: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        datetime: INSTANTS,
        bool: st.booleans(),
        int: st.integers(0, 100),
        type(None): st.none(),
        Assignee: ASSIGNEES,
        Overlap: OVERLAPS,
        Relation: st.builds(Relation, kind=st.just("caused_by"), ticket_id=IDENTITIES),
        Reference: st.builds(
            Reference,
            kind=st.sampled_from(("rca", "chat", "other")),
            title=st.none() | TITLES,
            url=st.sampled_from(ADDRESSES),
        ),
    }
    found = made.get(hint)
    if found is not None:
        return found
    return st.just({}) if "Mapping" in str(hint) else st.from_type(hint)


def event_of(kind: str, payload: Payload, *, at: datetime = NOON, actor: Actor = ACTOR) -> Event:
    """*payload* as it stands in the log."""
    return Event(
        id="0193-event",
        org_id=1,
        stream=f"{kind.partition('.')[0]}:0193-outage",
        version=2,
        position=2,
        recorded_at=at,
        actor=actor,
        via="api",
        payload=payload,
    )


# -- reading what is shown ------------------------------------------------------------------------


def read(blocks: Blocks) -> list[str]:
    """What *blocks* show, a line for each text, row of a table, button and select."""
    return [line for block in blocks for line in _read(block)]


def _read(block: dict[str, Any]) -> Iterator[str]:
    match block:
        case {"type": "header" | "section", "text": {"text": text}}:
            yield text
        case {"type": "section", "fields": fields}:
            for label, value in zip(fields[::2], fields[1::2], strict=True):
                yield f"{label['text']} {value['text']}"
        case {"type": "context", "elements": elements}:
            yield " ".join(one["text"] for one in elements)
        case {"type": "actions", "elements": elements}:
            yield " ".join(_control(one) for one in elements)
        case _:
            raise AssertionError(f"a block that nobody reads: {block}")


def _control(one: dict[str, Any]) -> str:
    if one["type"] == "button":
        return f"[{one['text']['text']}]"
    chosen = one.get("initial_option", {}).get("text", {}).get("text", "")
    offered = "/".join(option["value"] for option in one.get("options", ())) or "asked for"
    return f"<{one['placeholder']['text']}: {chosen}; {offered}>"
