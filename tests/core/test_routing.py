"""Which facts go where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.core.directory_in_memory import DirectoryInMemory
from tests.core.records_in_memory import network, pubkey
from tocsin.core.facts import SYSTEM, Actor, Event, Payload
from tocsin.core.matching import NAMES
from tocsin.core.provisioning.facts import (
    AcceptanceRequested,
    HealthChanged,
    InterfaceBound,
    InterfaceDefined,
    InterfaceRemoved,
    Mirrored,
)
from tocsin.core.provisioning.words import AssetStatus, Health, InterfaceRole
from tocsin.core.record_changes import changes_between
from tocsin.core.record_facts import (
    DeviceRegistered,
    MemberCreated,
    RecordRemoved,
    RecordUpdated,
    RouteCreated,
)
from tocsin.core.records import Destination, Link, Record, Route, RouteMatch
from tocsin.core.releases import known_since
from tocsin.core.routing import CARD, Delivery, RoutedFacts, deliveries_of, prepared
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    MessageRecorded,
    NoteAdded,
    Redacted,
    Reminded,
    SignalIngested,
    StatusChanged,
    TagAdded,
    TicketUpdated,
)
from tocsin.core.words import DestinationKind, LinkType, Role, Severity, Status, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICKET = Ticket(
    id="t",
    ref="I20261120-af36",
    type=TicketType.INCIDENT,
    title="Fibre cut",
    description="Fibre cut",
    severity=Severity.SEV2,
    status=Status.OPEN,
    created_at=NOON,
    updated_at=NOON,
    version=1,
    created_by=Actor(type="user", id="m", name="Mia", contributor="alpha"),
    contributor_id="alpha",
    via="api",
    devices=(pubkey(11), pubkey(12)),
    links=(pubkey(21),),
    services=("api", "dns"),
    labels=("routing",),
    start_at=NOON,
    detected_at=NOON,
    last_status_at=NOON,
    last_word_at=NOON,
)
NOTE = NoteAdded(update_id="u", body="splicing")
SIGNAL = SignalIngested(
    signal_id="s", source="prometheus", summary="down", ts=NOON, labels={"alertname": "LinkDown"}
)
DIRECTORY: DirectoryInMemory = network().directory


def moved(before: Status, after: Status) -> StatusChanged:
    return StatusChanged(update_id="u", at=NOON, status_from=before, status_to=after)


def event(payload: Payload, *, stream: str = "incident:t", via: str = "api") -> Event:
    return Event(
        id="e",
        org_id=1,
        stream=stream,
        version=2,
        position=9,
        recorded_at=NOON,
        actor=TICKET.created_by,
        via=via,
        payload=payload,
    )


def route(
    *matchers: str,
    kinds: tuple[str, ...] = ("*",),
    to: DestinationKind = DestinationKind.WEBHOOK,
    enabled: bool = True,
    contributor_id: str | None = None,
) -> Route:
    return Route(
        id="r",
        created_at=NOON,
        updated_at=NOON,
        version=1,
        name="noc",
        match=RouteMatch(kinds=kinds, matchers=matchers),
        destination=Destination(kind=to, url="https://example.org/"),
        enabled=enabled,
        contributor_id=contributor_id,
    )


def goes(
    payload: Payload,
    *routes: Route,
    state: Ticket | Record = TICKET,
    stream: str = "incident:t",
    via: str = "api",
) -> tuple[Delivery, ...]:
    return deliveries_of(event(payload, stream=stream, via=via), state, DIRECTORY, routes)


@pytest.mark.parametrize(
    ("matcher", "carried"),
    [
        ("type=incident", True),
        ("type=maintenance", False),
        ("status=open", True),
        ('severity=~"sev[12]"', True),
        ("severity=sev3", False),
        ("service=dns", True),
        ("service!=dns", False),
        ("environment=production", True),
        ("device=fra-1", True),
        ('device=~"lon-.*"', False),
        ('link="ams-1:fra-1"', True),
        ("contributor=alpha", True),
        ("contributor=beta", False),
        ("label=routing", True),
        ("label=power", False),
        ("source=prometheus", False),
        ('source=""', True),
        ('connector=""', True),
        ('labels.alertname=""', True),
    ],
)
def test_a_route_sees_the_state_after_the_fact(matcher: str, carried: bool) -> None:
    assert bool(goes(NOTE, route(matcher))) is carried


def test_rather_is_somebody_told_too_much_than_nobody_anything() -> None:
    """There are more patterns than are asked in the time that there is."""
    many = [f'label=~"[ab]*a[ab]{{{100 + number}}}x"' for number in range(50)]
    mixed = (f"{number:b}".replace("0", "a").replace("1", "b") for number in range(50))
    busy = replace(TICKET, labels=tuple(text * 20 for text in mixed))
    routes = {
        "asked": route('label=~"no[a-z]+"'),
        **{f"costly {number}": route(one) for number, one in enumerate(many)},
        "not asked": route('label=~"no[a-z]+"'),
        "of planned work": route('label=~"no[a-z]+"', "type=maintenance"),
        "by its words": route('severity=~"sev[12]"', "type=incident"),
        "by other words": route('severity=~"sev[34]"', 'label=~"no[a-z]+"'),
    }
    named = [replace(one, id=name) for name, one in routes.items()]

    told = [one.route_id for one in deliveries_of(event(NOTE), busy, DIRECTORY, named)]

    assert [name for name in told if not name.startswith("costly")] == ["not asked", "by its words"]


def test_signals_bring_their_source_connector_and_labels() -> None:
    matched = route("source=prometheus", "connector=am", "labels.alertname=LinkDown")

    assert goes(SIGNAL, matched, via="connector:am") == (Delivery("r"),)
    assert goes(NOTE, matched, via="connector:am") == ()


@pytest.mark.parametrize(
    ("kinds", "carried"),
    [
        (("*",), True),
        (("incident.*",), True),
        (("*.note_added",), True),
        (("incident.note_added",), True),
        (("maintenance.*", "incident.created"), False),
    ],
)
def test_kinds(kinds: tuple[str, ...], carried: bool) -> None:
    assert bool(goes(NOTE, route(kinds=kinds))) is carried


@pytest.mark.parametrize("kind", DestinationKind)
def test_a_reminder_that_was_found_after_the_start_is_told_nobody(kind: DestinationKind) -> None:
    swap = replace(TICKET, type=TicketType.MAINTENANCE, status=Status.PLANNED)
    told = route(to=kind)

    def carried(*, late: bool) -> bool:
        reminder = Reminded(at=NOON, start_at=NOON, late=late)
        return bool(goes(reminder, told, state=swap, stream="maintenance:t"))

    assert carried(late=False)
    assert not carried(late=True)


def test_a_route_of_a_contributor_sees_everything_its_org_sees() -> None:
    assert goes(NOTE, route(contributor_id="beta")) == (Delivery("r"),)


def test_routes_that_are_off_or_gone_carry_nothing() -> None:
    assert goes(NOTE, route(enabled=False), replace(route(), removed_at=NOON)) == ()


def test_every_matching_route_gets_one_in_their_order() -> None:
    routes = [replace(route(), id=str(number)) for number in range(5)]
    routes[2] = replace(routes[2], match=RouteMatch(matchers=("severity=sev5",)))

    assert [delivery.route_id for delivery in goes(NOTE, *routes)] == ["0", "1", "3", "4"]


def test_administration_is_never_routed() -> None:
    states = network().states
    removed = RecordRemoved(at=NOON)
    destination = Destination(kind=DestinationKind.WEBHOOK, url="https://example.org/")
    made = RouteCreated(name="r", match=RouteMatch(), destination=destination)
    for payload, stream in (
        (MemberCreated(name="Mia", role=Role.MEMBER), "member:alpha-member"),
        (removed, "member:alpha-member"),
        (removed, "contributor:alpha"),
    ):
        assert goes(payload, route(), stream=stream, state=states[stream]) == ()
    assert goes(made, route(), stream="route:r", state=route()) == ()


def test_devices_and_links_are_routed() -> None:
    states = network().states
    changed = RecordUpdated()
    for stream, matchers in (
        ("device:ams-1", ("type=device", "device=ams-1", "contributor=alpha")),
        ("link:ams-1:fra-1", ("type=link", "link=~ams.*", "device=fra-1", "contributor=alpha")),
    ):
        state = states[stream]
        assert goes(changed, route(*matchers), stream=stream, state=state) == (Delivery("r"),)
        assert goes(changed, route("status=open"), stream=stream, state=state) == ()


@pytest.mark.parametrize(
    ("matcher", "carried"),
    [
        ("contributor=alpha", True),
        ("contributor=beta", True),
        ("contributor!=beta", False),
        ("contributor=gamma", False),
        ("health=impaired", True),
        ("health=healthy", False),
        ("status=activated", True),
        ('status=~".*_drained"', False),
        ("severity=sev1", False),
    ],
)
def test_a_link_is_of_both_its_contributors_and_stands_as_after_the_fact(
    matcher: str, carried: bool
) -> None:
    link = network().states["link:ams-1:fra-1"]
    assert isinstance(link, Link)
    life = replace(link.life, health=Health.IMPAIRED, status=AssetStatus.ACTIVATED)
    after = replace(link, life=life)
    judged = HealthChanged(health_from=Health.HEALTHY, health_to=Health.IMPAIRED)

    found = goes(judged, route(matcher), stream="link:ams-1:fra-1", state=after)
    assert bool(found) is carried


def test_a_ticket_has_no_health() -> None:
    assert goes(NOTE, route('health=""')) == (Delivery("r"),)
    assert goes(NOTE, route("health=healthy")) == ()


def test_who_is_asked_to_accept_a_link_hears_of_it() -> None:
    link = network().states["link:ams-1:fra-1"]
    asked = AcceptanceRequested(contributor_id="beta")
    by_beta = route("contributor=beta", kinds=("link.acceptance_requested",), contributor_id="beta")

    assert goes(asked, by_beta, stream="link:ams-1:fra-1", state=link) == (Delivery("r"),)


def test_a_chat_hears_of_an_interface_from_the_link_that_uses_it() -> None:
    device = network().states["device:ams-1"]
    slack, web = route(to=DestinationKind.SLACK), route()
    for silent in (
        InterfaceBound(name="e1", link=LinkType.WAN),
        InterfaceDefined(name="e1", by_link=True),
    ):
        assert goes(silent, slack, stream="device:ams-1", state=device) == ()
        assert goes(silent, web, stream="device:ams-1", state=device) == (Delivery("r"),)
    defined = InterfaceDefined(name="e1", role=InterfaceRole.DIA)
    assert goes(defined, slack, stream="device:ams-1", state=device) == (Delivery("r"),)


def test_a_chat_hears_what_moved_on_a_ledger_and_not_all_that_it_has() -> None:
    device = network().states["device:ams-1"]
    slack, web = route(to=DestinationKind.SLACK), route()
    defined = InterfaceDefined(name="e1", role=InterfaceRole.DIA)
    registered = DeviceRegistered(pubkey=pubkey(11), code="ams-1", contributor_id="alpha")
    for silent in (defined, registered, RecordUpdated(), InterfaceRemoved(name="e1")):
        assert goes(silent, slack, stream="device:ams-1", state=device, via="ledger") == ()
        assert goes(silent, slack, stream="device:ams-1", state=device) != ()
        assert goes(silent, web, stream="device:ams-1", state=device, via="ledger") != ()
    said = Mirrored(status="activated", health="healthy", desired_status="activated")
    assert goes(said, slack, stream="device:ams-1", state=device) == ()
    judged = HealthChanged(health_from=Health.HEALTHY, health_to=Health.IMPAIRED)
    assert goes(judged, slack, stream="device:ams-1", state=device, via="ledger") != ()


def test_a_match_that_older_releases_cannot_read_waits_for_them() -> None:
    destination = Destination(kind=DestinationKind.WEBHOOK, url="https://example.org/")
    plain = RouteMatch(matchers=("severity=sev1",))
    newer = RouteMatch(kinds=("link.*",), matchers=("contributor=alpha", " health = impaired"))
    for match, release in ((plain, 1), (newer, 2)):
        made = RouteCreated(name="r", match=match, destination=destination)
        changes = changes_between(route(), {"match": match})
        assert known_since(made) == known_since(RecordUpdated(changes=changes)) == release


def test_only_card_edits_of_what_can_be_redrawn_coalesce() -> None:
    table = route(to=DestinationKind.AIRTABLE)

    assert goes(TagAdded(label="a"), table) == (Delivery("r", CARD),)
    assert goes(TicketUpdated(), table) == (Delivery("r", CARD),)
    assert goes(NOTE, table) == (Delivery("r"),)
    assert goes(TagAdded(label="a"), route()) == (Delivery("r"),)
    # A chat's thread says every change, so none of them stands for another.
    assert goes(TagAdded(label="a"), route(to=DestinationKind.SLACK)) == (Delivery("r"),)


def test_a_chat_is_not_told_what_it_said_or_what_another_fact_tells() -> None:
    slack, web = route(to=DestinationKind.SLACK), route()
    said = MessageRecorded(message_id="m", source="slack", author="Mia", text="Oh.", at=NOON)
    silent: list[Payload] = [
        said,
        moved(Status.OPEN, Status.RESOLVED),
        moved(Status.RESOLVED, Status.CLOSED),
        moved(Status.CLOSED, Status.INVESTIGATING),
    ]

    for payload in silent:
        assert goes(payload, slack) == ()
        assert goes(payload, web) == (Delivery("r"),)
    kept = ActionExecuted(action_id="a", action_kind="RUNBOOK_STEP_EXECUTED", label="kept")
    by_tocsin = replace(event(kept, via="slack"), actor=SYSTEM)
    assert deliveries_of(by_tocsin, TICKET, DIRECTORY, (slack,)) == ()
    assert goes(kept, slack, via="slack") == (Delivery("r"),)
    for told in (Status.ACKNOWLEDGED, Status.MONITORING, Status.CANCELLED):
        assert goes(moved(Status.OPEN, told), slack) == (Delivery("r"),)


def test_people_are_not_told_what_goes_by_itself_and_copies_are() -> None:
    erased = Redacted(event="e", fields=("author",), remaining_digest="00", reason="retention")
    by_tocsin = replace(event(erased), actor=SYSTEM)
    for kind in (DestinationKind.SLACK, DestinationKind.EMAIL):
        assert deliveries_of(by_tocsin, TICKET, DIRECTORY, (route(to=kind),)) == ()
        # What somebody erases by hand is told as ever.
        assert goes(erased, route(to=kind)) == (Delivery("r"),)
    for kind in (DestinationKind.WEBHOOK, DestinationKind.AIRTABLE):
        told = deliveries_of(by_tocsin, TICKET, DIRECTORY, (route(to=kind),))
        assert [one.route_id for one in told] == ["r"]


def test_every_name_of_the_grammar_has_a_fact() -> None:
    facts = RoutedFacts(event(SIGNAL), TICKET, DIRECTORY)

    assert set(facts) == {*NAMES, "labels.alertname"}
    assert dict(facts)["device"] == ("ams-1", "fra-1")
    assert len(facts) == len(NAMES) + 1


def test_a_match_is_read_once_and_one_of_a_lost_grammar_carries_nothing() -> None:
    match = RouteMatch(matchers=("severity=sev1",))

    assert prepared(match) is prepared(replace(match))
    assert prepared(RouteMatch(matchers=("colour=red",))) is None
    assert goes(NOTE, route("colour=red")) == ()
