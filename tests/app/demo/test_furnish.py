"""The example network: the same history every day, made by ordinary commands, without secrets."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from cryptography.fernet import Fernet

from tocsin.app.demo import DemoKeys, furnish
from tocsin.app.demo.commissioning import BURN_IN
from tocsin.app.demo.network import PEOPLE
from tocsin.app.demo.staging import founded_at, turns
from tocsin.core.commands import OpenIncident
from tocsin.core.errors import Forbidden
from tocsin.core.facts import Event, registered_kinds
from tocsin.core.ids import uuid7
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.by_record import NO_SOURCE, criteria_by_record
from tocsin.core.provisioning.criteria import State
from tocsin.core.provisioning.facts import HealthChanged
from tocsin.core.provisioning.words import AssetStatus, Health, InterfaceKind, InterfaceRole
from tocsin.core.record_commands import CreateOrg
from tocsin.core.records import Device, Key, Link, Member
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded, PublicUpdatePosted, Redacted
from tocsin.core.words import ACTIVE_INCIDENT, Role, Status
from tocsin.handler.submission import Credential, Submission
from tocsin.handler.writer import Writer
from tocsin.store.sealing import sealed
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check

MORNING = datetime(2026, 11, 21, 7, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
SECRET_KEY = Fernet.generate_key()

# Messages of a chat come with the adapter that hears them; there is no command for one. And the
# status of a maintenance moves by facts of its own (started, completed, …).
OF_OTHERS = frozenset(
    {"incident.message_recorded", "maintenance.message_recorded", "maintenance.status_changed"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """What was made: the file, its keys, what was sealed, and the progress that was told."""

    path: Path
    keys: DemoKeys
    sealed: tuple[bytes, ...]
    progress: tuple[tuple[int, int], ...]
    events: tuple[Event, ...]
    tickets: tuple[Ticket, ...]
    devices: tuple[Device, ...]
    links: tuple[Link, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys, as their bearers have them."""
        return tuple(str(value) for value in astuple(self.keys)[1:])


def furnished(folder: Path, *, until: datetime) -> Furnished:
    """A demo of its own in *folder*."""
    path = folder / "tocsin.db"
    store = SqliteStore(path)
    plain: list[bytes] = []
    progress: list[tuple[int, int]] = []

    def seal(secret: bytes) -> bytes:
        plain.append(secret)
        return sealed(SECRET_KEY, secret)

    try:
        keys = furnish(
            store,
            seal=seal,
            until=until,
            progress=lambda done, total: progress.append((done, total)),
        )
        with store.reading() as reader:
            events = tuple(reader.log(limit=100_000))
            heads = (
                *reader.heads_of_sort(1, "incident"),
                *reader.heads_of_sort(1, "maintenance"),
            )
            assets = [
                head.state for sort in ("device", "link") for head in reader.heads_of_sort(1, sort)
            ]
    finally:
        store.close()
    return Furnished(
        path=path,
        keys=keys,
        sealed=tuple(plain),
        progress=tuple(progress),
        events=events,
        tickets=tuple(head.state for head in heads if isinstance(head.state, Ticket)),
        devices=tuple(asset for asset in assets if isinstance(asset, Device)),
        links=tuple(asset for asset in assets if isinstance(asset, Link)),
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return furnished(tmp_path_factory.mktemp("demo"), until=MORNING)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """Another one, made on the evening of the same day."""
    return furnished(tmp_path_factory.mktemp("later"), until=EVENING)


def without_salt(events: Sequence[Event]) -> Iterator[Event]:
    """What is random by design is the salt of an event, on which an erasure's digest rests."""
    for event in events:
        if isinstance(event.payload, Redacted):
            yield replace(event, payload=replace(event.payload, remaining_digest=""))
        else:
            yield event


def incidents(demo: Furnished) -> tuple[Ticket, ...]:
    return tuple(ticket for ticket in demo.tickets if ticket.type == "incident")


def maintenances(demo: Furnished) -> tuple[Ticket, ...]:
    return tuple(ticket for ticket in demo.tickets if ticket.type == "maintenance")


def test_the_history_is_the_same_all_day(demo: Furnished, later: Furnished) -> None:
    assert len(demo.events) > 1_000
    assert list(without_salt(demo.events)) == list(without_salt(later.events))
    assert demo.tickets == later.tickets


def test_another_day_has_other_ids_and_the_same_sort_of_history(
    demo: Furnished, tmp_path: Path
) -> None:
    other = furnished(tmp_path, until=MORNING + timedelta(days=1))

    assert not {event.id for event in demo.events} & {event.id for event in other.events}
    assert Counter(ticket.status for ticket in demo.tickets) == Counter(
        ticket.status for ticket in other.tickets
    )


def test_it_holds_every_kind_of_fact_that_a_ticket_can_have(demo: Furnished) -> None:
    possible = {
        kind for kind, _ in registered_kinds() if kind.startswith(("incident.", "maintenance."))
    }

    assert possible - {event.kind for event in demo.events} == OF_OTHERS


def test_it_has_the_size_and_shape_of_a_month(demo: Furnished) -> None:
    active = [ticket for ticket in incidents(demo) if ticket.status in ACTIVE_INCIDENT]
    by_status = Counter(ticket.status for ticket in maintenances(demo))

    assert 60 <= len(incidents(demo)) <= 90
    assert 3 <= len(active) <= 5
    assert all(MIDNIGHT - ticket.created_at < timedelta(hours=8) for ticket in active)
    assert 20 <= len(maintenances(demo)) <= 30
    assert by_status[Status.IN_PROGRESS] == 1
    assert by_status[Status.CANCELLED] >= 2
    assert by_status[Status.PLANNED] >= 3
    assert len({ticket.ref for ticket in demo.tickets}) == len(demo.tickets)


def test_two_windows_to_come_are_in_each_others_way(demo: Furnished) -> None:
    conflicts = {
        ticket.id: {overlap.ticket_id for overlap in ticket.conflicts}
        for ticket in maintenances(demo)
        if ticket.conflicts and ticket.status is Status.PLANNED
    }

    assert len(conflicts) == 2
    one, other = conflicts
    assert conflicts == {one: {other}, other: {one}}


def test_what_is_in_service_has_all_that_the_record_is_asked_for(demo: Furnished) -> None:
    assets: tuple[Device | Link, ...] = (*demo.devices, *demo.links)
    silent = {"dia_up", "link_up", "reporting", "config_agent", "telemetry_agent", "qa"}
    states = {
        asset.code: {one.name: one.state for one in criteria}
        for asset in assets
        for _, criteria in [criteria_by_record(asset, DEFAULT_POLICY, NO_SOURCE, at=MORNING)]
    }

    assert len(states) == len(assets) == 32
    for asset in assets:
        assert asset.life.status is AssetStatus.ACTIVATED
        unknown = {name for name, state in states[asset.code].items() if state is State.UNKNOWN}
        unmet = {name for name, state in states[asset.code].items() if state is State.UNMET}
        assert unknown == (silent if isinstance(asset, Device) else {"side_a", "side_z"})
        assert unmet == set(), asset.code


def test_every_interface_is_believable(demo: Furnished) -> None:
    for device in demo.devices:
        users = [one for one in device.interfaces if one.role is InterfaceRole.CYOA]
        standing = {
            one.life.status for one in device.interfaces if one.kind is InterfaceKind.PHYSICAL
        }
        assert standing == {AssetStatus.ACTIVATED}, device.code
        assert not any(one.by_link for one in device.interfaces)
        assert [one.life.health for one in users] == [Health.HEALTHY] * len(users)
        # Each user needs an address, and a network has two that nobody gets.
        (prefix,) = map(IPv4Network, device.dz_prefixes)
        assert bool(users) == bool(device.max_users)
        assert (device.max_users or 0) <= prefix.num_addresses - 2

    prefixes = [IPv4Network(prefix) for device in demo.devices for prefix in device.dz_prefixes]
    addresses = [IPv4Address(str(device.public_ip)) for device in demo.devices]
    assert not any(one.overlaps(other) for one, other in combinations(prefixes, 2))
    assert not any(address in prefix for address in addresses for prefix in prefixes)


def test_an_end_of_a_link_has_its_bandwidth_and_a_network_with_the_other_end(
    demo: Furnished,
) -> None:
    ports = {(device.pubkey, one.name): one for device in demo.devices for one in device.interfaces}

    for link in demo.links:
        ends = [ports[side.device, side.interface] for side in (link.side_a, link.side_z)]
        assert {one.link for one in ends} == {link.link_type}
        assert {one.bandwidth for one in ends} == {link.bandwidth}
        networks = {IPv4Interface(str(one.ip_net)).network for one in ends}
        assert len({one.ip_net for one in ends}) == 2
        assert len(networks) == 1


def test_nothing_is_healthy_before_its_burn_in_was_over(demo: Furnished) -> None:
    defined = {
        event.stream: event.recorded_at
        for event in demo.events
        if event.kind in ("device.registered", "link.registered", "link.accepted")
    }
    judged = [event for event in demo.events if isinstance(event.payload, HealthChanged)]

    assert {event.stream for event in judged} == set(defined)
    for event in judged:
        assert event.recorded_at - defined[event.stream] >= BURN_IN
    assert {event.actor.name for event in demo.events if event.kind == "link.accepted"} <= {
        person.name for person in PEOPLE if person.contributor
    }


def test_a_link_is_impaired_by_errors_while_its_incident_is_open_and_well_afterwards(
    demo: Furnished,
) -> None:
    links = {f"link:{link.id}": link for link in demo.links}
    assert [link.code for link in demo.links if link.life.health is not Health.HEALTHY] == [
        "par-1:mad-1"
    ]
    assert {device.life.health for device in demo.devices} == {Health.HEALTHY}
    falls = [
        event
        for event in demo.events
        if isinstance(event.payload, HealthChanged) and event.payload.health_to is Health.IMPAIRED
    ]

    assert len(falls) == 2
    for event in falls:
        link = links[event.stream]
        assert isinstance(event.payload, HealthChanged)
        (why,) = event.payload.reasons
        assert re.fullmatch(
            r"side_[az]: Ethernet1/\d+ of \w+-1: [\d,]+ errors since .+, the last at .+", why
        )
        (incident,) = (
            one
            for one in incidents(demo)
            if link.pubkey in one.links
            and timedelta() < one.created_at - event.recorded_at < timedelta(minutes=5)
        )
        still_open = incident.status in ACTIVE_INCIDENT
        assert link.life.health is (Health.IMPAIRED if still_open else Health.HEALTHY)
        assert link.life.status is AssetStatus.ACTIVATED


def test_its_connector_was_heard_of_and_opened_nothing(demo: Furnished) -> None:
    with closing(sqlite3.connect(demo.path)) as database:
        heard = database.execute("SELECT connector_id, verdict, via FROM inbox").fetchall()

    (connector,) = (event.stream for event in demo.events if event.kind == "connector.created")
    assert heard == [(connector.removeprefix("connector:"), "unattached", "connector:alertmanager")]


def test_everything_happened_within_the_thirty_days(demo: Furnished) -> None:
    instants = [event.recorded_at for event in demo.events]
    tickets = [ticket.created_at for ticket in demo.tickets]

    assert instants[0] == founded_at(MIDNIGHT)
    assert min(tickets) > MIDNIGHT - timedelta(days=30)
    assert instants == sorted(instants)
    assert instants[-1] < MIDNIGHT + timedelta(seconds=1)


def test_the_clock_did_its_part_and_nothing_is_left_due_that_day(demo: Furnished) -> None:
    by_clock = {event.kind for event in demo.events if event.via == "clock"}
    store = SqliteStore(demo.path)
    try:
        with store.reading() as reader:
            due = reader.due_deadlines(MIDNIGHT + timedelta(days=1))
    finally:
        store.close()

    assert by_clock == {
        "maintenance.reminded",
        "maintenance.started",
        "maintenance.overran",
        "maintenance.closed",
    }
    assert due == []


def test_people_did_the_rest_with_their_own_keys(demo: Furnished) -> None:
    told = [event for event in demo.events if event.stream.startswith(("incident", "maintenance"))]
    by_people = {event.actor.name for event in told if event.actor.type == "user"}

    assert {event.via for event in told if event.actor.type == "system"} == {"clock"}
    assert by_people == {person.name for person in PEOPLE if person.role != "viewer"}


def texts(value: object) -> Iterator[str]:
    """Every text in a command, however deep."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from texts(one)
        case list() | tuple():
            for one in value:
                yield from texts(one)
        case _:
            pass


def test_no_sentence_has_a_gap_in_any_of_its_wordings(demo: Furnished) -> None:
    members = {person.handle: person.handle for person in PEOPLE}
    words = [
        event for event in demo.events if isinstance(event.payload, NoteAdded | PublicUpdatePosted)
    ]

    spoken = {
        text
        for turn in turns(until=MIDNIGHT, members=members, draw=Random(1))
        for wording in range(3)
        for text in texts(asdict(turn.deed(replace(turn.scene, turn=wording), turn.at, words)))
    }
    assert len(spoken) > 1_000
    assert {text for text in spoken if "{" in text or "}" in text or "  " in text} == set()


def test_the_log_is_whole(demo: Furnished) -> None:
    assert check(demo.path) == []


def test_secrets_are_fresh_and_nowhere_in_the_database(demo: Furnished, later: Furnished) -> None:
    assert not set(demo.secrets) & set(later.secrets)
    assert len(set(demo.secrets)) == 5
    assert demo.sealed
    assert not set(demo.sealed) & set(later.sealed)

    files = list(demo.path.parent.glob("tocsin.db*"))
    content = b"".join(file.read_bytes() for file in files)
    kept = hashlib.sha256(demo.secrets[0].partition("_")[2].partition("_")[2].encode()).digest()
    assert kept in content, "the digest is what is kept"
    for key in demo.secrets:
        assert key.partition("_")[2].partition("_")[2].encode() not in content
    for secret in demo.sealed:
        assert secret not in content


def test_the_keys_do_not_show_themselves(demo: Furnished) -> None:
    assert repr(demo.keys) == "DemoKeys(org='demo')"


@pytest.mark.parametrize(
    ("which", "role", "bound"),
    [
        ("org_admin", Role.ORG_ADMIN, False),
        ("oncall_engineer", Role.ONCALL_ENGINEER, False),
        ("contributor_lead", Role.SRE_LEAD, True),
        ("contributor_member", Role.MEMBER, True),
        ("viewer", Role.VIEWER, False),
    ],
)
def test_each_key_opens_what_its_name_says(
    later: Furnished, which: str, role: Role, bound: bool
) -> None:
    store = SqliteStore(later.path)
    writer = Writer(
        store=store, clock=lambda: EVENING, entropy=lambda: 1, seal=lambda secret: secret[::-1]
    )
    writer.start()
    _, key_id, secret = str(getattr(later.keys, which)).split("_", 2)
    asked = Submission(
        org_id=1,
        sort="ticket",
        command=OpenIncident(
            ticket_id=uuid7(EVENING, 7),
            refs=("I20261121-aaaa",),
            title="Fibre cut",
            description="No light.",
            severity="sev3",
            devices=("ams-1",),
        ),
        credential=Credential(
            key_id=key_id,
            digest=hashlib.sha256(secret.encode()).digest(),
            address="127.0.0.1",
        ),
        dry_run=True,
    )
    try:
        with store.reading() as reader:
            key = next(
                head.state for head in reader.heads_of_sort(1, "key") if key_id in head.stream
            )
            assert isinstance(key, Key)
            member = reader.head(1, f"member:{key.member_id}")
        assert member is not None
        assert isinstance(member.state, Member)
        assert key.role is role
        assert (member.state.contributor_id is not None) is bound
        if role is Role.VIEWER:
            with pytest.raises(Forbidden):
                writer.do(asked)
        else:
            assert isinstance(writer.do(asked).state, Ticket)
    finally:
        writer.stop()
        store.close()


def test_progress_is_told_to_the_end(demo: Furnished) -> None:
    done = [step for step, _ in demo.progress]
    totals = {total for _, total in demo.progress}

    assert totals == {done[-1]}
    assert done == list(range(done[-1] + 1))


def test_a_store_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tocsin.db")
    writer = Writer(
        store=store, clock=lambda: MORNING, entropy=lambda: 1, seal=lambda secret: secret[::-1]
    )
    writer.start()
    try:
        writer.do(
            Submission(
                org_id=0,
                sort="org",
                command=CreateOrg(org_id=uuid7(MORNING, 1), code="net", name="Net"),
            )
        )
        with pytest.raises(ValueError, match="not empty"):
            furnish(store, seal=lambda secret: secret[::-1], until=MORNING)
        with store.reading() as reader:
            assert [org.code for org in reader.orgs()] == ["net"]
    finally:
        writer.stop()
        store.close()


def test_an_instant_without_a_zone_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tocsin.db")
    try:
        with pytest.raises(ValueError, match="zone"):
            furnish(store, seal=lambda secret: secret[::-1], until=MORNING.replace(tzinfo=None))
    finally:
        store.close()
