"""Random histories: what several orgs do to their tickets, erasures included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from tests.handler.acting import House, house
from tocsin.core.commands import (
    AddAction,
    Assign,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Command,
    EditPublicUpdate,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    Redact,
    ServiceImpactDraft,
    Tick,
)
from tocsin.core.errors import Refusal
from tocsin.core.ticket import Ticket
from tocsin.projections.following import Followers

WORDS = ("quartz", "zephyr", "marimba", "obsidian", "kestrel")
LABELS = ("routing", "optics", "customer")
SERVICES = ("web", "transit")
DEVICES = ("ams-1", "fra-1")
SEVERITIES = ("sev1", "sev2", "sev3")
STATUSES = (
    "acknowledged",
    "investigating",
    "monitoring",
    "resolved",
    "in_progress",
    "completed",
    "closed",
    "cancelled",
)
PUBLIC_STATUSES = ("investigating", "monitoring", "resolved", "scheduled", "completed")
CAST = {"owner": "net", "teammate": "net", "admin": "net", "stranger": "elsewhere"}


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opens an incident, or plans a maintenance *hours* from now."""

    who: str
    title: str
    severity: str
    labels: tuple[str, ...]
    services: tuple[str, ...]
    devices: tuple[str, ...]
    hours: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """Something is asked of one of the org's tickets; which one is *nth*, modulo how many."""

    who: str
    nth: int
    command: Command


@dataclass(frozen=True, slots=True)
class Erased:
    """An org_admin erases what the *nth* text field of the log of the tickets holds."""

    nth: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """*minutes* pass, and what is due by then happens."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Followed:
    """The followers come to the end of the log."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """An org_admin gives the *nth* public update of the org's tickets another body."""

    nth: int
    body: str


Step = Opened | Done | Corrected | Erased | Ticked | Followed

phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)


def _some(words: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=2).map(tuple)


openings = st.builds(
    Opened,
    st.sampled_from(tuple(CAST)),
    phrases,
    st.sampled_from(SEVERITIES),
    _some(LABELS),
    _some(SERVICES),
    _some(DEVICES),
    st.none() | st.integers(-3, 30),
)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(ChangeStatus, status=st.none() | st.sampled_from(STATUSES), body=phrases),
    st.builds(ChangeStatus, status=st.sampled_from(STATUSES)),
    st.builds(ChangeSeverity, severity=st.sampled_from(SEVERITIES)),
    st.builds(ChangeLabels, add=_some(LABELS), remove=_some(LABELS)),
    st.builds(ChangeFields, title=phrases),
    st.builds(ChangeFields, impact=st.sampled_from(("degraded", "outage"))),
    st.builds(ChangeFields, devices=_some(DEVICES), services=_some(SERVICES)),
    st.builds(Assign, assignee=st.none() | st.sampled_from(("alpha", "beta"))),
    st.builds(AddAction, action_kind=st.just("NOTE"), label=phrases),
    st.builds(
        PostPublicUpdate,
        title=phrases,
        body=phrases,
        status=st.sampled_from(PUBLIC_STATUSES),
        services=_some(SERVICES).map(
            lambda codes: tuple(ServiceImpactDraft(code=code, impact="major") for code in codes)
        ),
    ),
)
doings = st.builds(Done, st.sampled_from(tuple(CAST)), st.integers(0, 20), commands)
steps: st.SearchStrategy[Step] = st.one_of(
    openings,
    doings,
    doings,
    doings,
    st.builds(Corrected, st.integers(0, 20), phrases),
    st.builds(Erased, st.integers(0, 200)),
    st.builds(Erased, st.integers(0, 20)),
    st.builds(Ticked, st.integers(0, 2_000)),
    st.just(Followed()),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """A few tickets, then anything."""
    begun: list[Step] = draw(st.lists(openings, min_size=2, max_size=6))
    return begun + draw(st.lists(steps, min_size=8, max_size=24))


@contextmanager
def lived(history: Sequence[Step]) -> Iterator[House]:
    """A house in which *history* happened; what was refused did not."""
    with TemporaryDirectory() as folder, house(Path(folder)) as home:
        for step in history:
            with suppress(Refusal):
                take(home, step)
        yield home


def take(home: House, step: Step) -> None:
    """Have one step happen.

    Raises:
        Refusal: it may not.
    """
    home.clock.pass_by(timedelta(seconds=1))
    match step:
        case Opened():
            home.ask(step.who, _opening(home, step), org=CAST[step.who])
        case Done():
            found = streams(home, CAST[step.who])
            if found:
                subject = found[step.nth % len(found)].partition(":")[2]
                home.ask(step.who, step.command, org=CAST[step.who], subject=subject)
        case Corrected():
            told = public_updates(home, "net")
            if told:
                subject, update = told[step.nth % len(told)]
                edit = EditPublicUpdate(public_update_id=update, body=step.body)
                home.ask("admin", edit, subject=subject)
        case Erased():
            erasable = texts(home, "net")
            if erasable:
                stream, event, field = erasable[step.nth % len(erasable)]
                subject = stream.partition(":")[2]
                home.ask("admin", Redact(event=event, fields=(field,)), subject=subject)
        case Ticked():
            home.clock.pass_by(timedelta(minutes=step.minutes))
            with home.store.reading() as turn:
                due = turn.due_deadlines(home.clock())
            for one in due:
                subject = one.stream.partition(":")[2]
                home.system("ticket", Tick(at=one.due_at), org_id=one.org_id, subject=subject)
        case Followed():
            follow(home)


def _opening(home: House, step: Opened) -> Command:
    number = next(home.numbers)
    prefix = "I" if step.hours is None else "M"
    given: dict[str, object] = {
        "ticket_id": home.fresh(),
        "refs": (f"{prefix}20261120-{number:04d}",),
        "title": step.title,
        "description": "No light since noon.",
        "severity": step.severity,
        "labels": step.labels,
        "services": step.services or ("web",),
        "devices": step.devices if CAST[step.who] == "net" else (),
    }
    if step.hours is None:
        return OpenIncident(**given)  # type: ignore[arg-type]
    start_at = home.clock() + timedelta(hours=step.hours)
    return PlanMaintenance(
        **given,  # type: ignore[arg-type]
        start_at=start_at,
        end_at=start_at + timedelta(hours=4),
    )


def streams(home: House, org: str) -> list[str]:
    """The streams of the org's tickets, oldest first."""
    with home.store.reading() as turn:
        heads = [
            head
            for sort in ("incident", "maintenance")
            for head in turn.heads_of_sort(home.orgs[org], sort)
        ]
    return [head.stream for head in sorted(heads, key=lambda head: head.number)]


def public_updates(home: House, org: str) -> list[tuple[str, str]]:
    """Every public update of the org's tickets: the ticket's id, the update's."""
    with home.store.reading() as turn:
        return [
            (head.state.id, update.id)
            for sort in ("incident", "maintenance")
            for head in turn.heads_of_sort(home.orgs[org], sort)
            if isinstance(head.state, Ticket)
            for update in head.state.public_updates
        ]


def texts(home: House, org: str) -> list[tuple[str, str, str]]:
    """Every text and every name in the log of the org's tickets: stream, event, field."""
    with home.store.reading() as turn:
        return [
            (event.stream, event.id, field)
            for event in turn.org_events(home.orgs[org], limit=100_000)
            if event.stream.startswith(("incident:", "maintenance:"))
            for field in (*sorted(type(event.payload).redactable), "actor.name")
        ]


def follow(home: House) -> None:
    """Let the followers come to the end of the log."""
    followers = Followers(store=home.store, clock=home.clock, timer=count().__next__)
    while followers() is not None:
        pass
