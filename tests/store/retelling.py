"""A history that was decided once, told to any store; and small writes by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.handler.acting import House
from tocsin.core.aggregates import AGGREGATES, standing_of
from tocsin.core.commands import (
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    PlanMaintenance,
    RecordSloViolation,
    SignalDraft,
)
from tocsin.core.facts import Event, stream_sort
from tocsin.core.record_facts import OrgCreated
from tocsin.store.contract import (
    Batch,
    CredentialRow,
    Document,
    Head,
    HeadChange,
    OrgRow,
    Receipt,
    Store,
    WriteTurn,
)
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore


def at(url: str) -> Store:
    """The store of the database at *url*."""
    if url.startswith("postgresql://"):
        return PostgresStore(url)
    return SqliteStore(Path(url.removeprefix("sqlite:///")))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was decided: the log, where it leads, and which streams are which."""

    events: list[Event]
    heads: Mapping[tuple[int, str], Head]
    credentials: Sequence[CredentialRow]
    incident: str
    other: str
    maintenance: str
    net: int = 1
    elsewhere: int = 2


def history_in(home: House) -> History:
    """Let something happen in *home*, and take it down."""
    opened = home.incident(
        labels=("routing", "taken-off"), correlation_keys=("ams-1:loss", "ams-1:given-up")
    )
    incident = home.ask("owner", opened).stream
    one = incident.partition(":")[2]
    home.clock.pass_by(timedelta(minutes=1))
    other = home.ask("teammate", home.incident("Power lost", devices=("fra-1",))).stream
    home.clock.pass_by(timedelta(minutes=1))
    planned = PlanMaintenance(
        ticket_id=home.fresh(),
        refs=("M20261120-0001",),
        title="Swap optic",
        description="On Ethernet1.",
        devices=("ams-1",),
        start_at=home.clock() + timedelta(hours=30),
        end_at=home.clock() + timedelta(hours=34),
    )
    maintenance = home.ask("owner", planned).stream
    home.ask("stranger", home.incident("Theirs", devices=(), services=("web",)), org="elsewhere")
    for command in (
        ChangeStatus(body="On it."),
        ChangeStatus(status="investigating", body="Splicing."),
        ChangeSeverity(severity="sev1"),
        ChangeFields(correlation_keys=("ams-1:loss",)),
        ChangeLabels(remove=("taken-off",)),
        AttachSignal(signal=SignalDraft(source="prometheus", summary="loss 3 %")),
        AttachSignal(signal=SignalDraft(source="prometheus", summary="loss 9 %", data={"x": 1})),
        RecordSloViolation(
            slo_id="transit",
            window_start=home.clock() - timedelta(days=20),
            window_end=home.clock(),
            error_budget_consumed=1.25,
        ),
    ):
        home.ask("owner", command, subject=one)
    seen = AttachSignal(signal=SignalDraft(source="icinga", summary="optic warm"))
    home.ask("owner", seen, subject=maintenance.partition(":")[2])
    with home.store.reading() as turn:
        events = list(turn.log(limit=100_000))
        credentials = [turn.credential(key.key_id) for key in home.keys.values()]
    return History(
        events=events,
        heads=folded(events),
        credentials=[row for row in credentials if row is not None],
        incident=incident,
        other=other,
        maintenance=maintenance,
    )


def folded(events: Sequence[Event]) -> dict[tuple[int, str], Head]:
    """Where *events* lead."""
    heads: dict[tuple[int, str], Head] = {}
    for event in events:
        heads[event.org_id, event.stream] = after(heads.get((event.org_id, event.stream)), event)
    return heads


def after(head: Head | None, event: Event) -> Head:
    """The head once *event* has happened."""
    evolve = AGGREGATES[stream_sort(event.stream)].evolve
    return Head(
        org_id=event.org_id,
        stream=event.stream,
        number=event.position if head is None else head.number,
        version=event.version,
        state=evolve(None if head is None else head.state, event),
    )


@dataclass(slots=True)
class Teller:
    """Writes to a store by hand, and knows how its streams stand."""

    store: Store
    heads: dict[tuple[int, str], Head] = field(default_factory=dict)
    batches: int = 0

    def batch(self, events: Sequence[Event], *, receipts: Sequence[Receipt] = ()) -> Batch:
        """What a turn writes that decided *events*."""
        self.batches += 1
        batch = Batch(batch_id=f"batch-{self.batches}", events=list(events))
        batch.receipts.extend(receipts)
        for event in events:
            key = event.org_id, event.stream
            before = self.heads.get(key)
            self.heads[key] = after(before, event)
            was = batch.heads[key].before if key in batch.heads else None
            if key not in batch.heads and before is not None:
                was = standing_of(before.state)
            batch.heads[key] = HeadChange(
                head=self.heads[key], before=was, after=standing_of(self.heads[key].state)
            )
            if isinstance(event.payload, OrgCreated):
                batch.orgs.append(OrgRow(org_id=event.org_id, code=event.payload.code))
        return batch

    def write(self, batch: Batch) -> None:
        """Write it in a turn of its own."""
        with self.store.writing() as turn:
            turn.write(batch)
            turn.commit()

    def documents(self, documents: Mapping[int, str], *, org_id: int) -> None:
        """Index documents, by their numbers."""
        with self.store.tending() as turn:
            indexed(turn, documents, org_id=org_id)
            turn.commit()


def indexed(turn: WriteTurn, documents: Mapping[int, str], *, org_id: int) -> None:
    """Put documents, by their numbers, within a turn."""
    turn.put_documents(
        [Document(org_id=org_id, number=number, text=text) for number, text in documents.items()]
    )


def told(store: Store, history: History) -> Teller:
    """Tell *history* to *store*, five events to a turn."""
    teller = Teller(store)
    for start in range(0, len(history.events), 5):
        teller.write(teller.batch(history.events[start : start + 5]))
    keys = Batch(batch_id="keys", credentials=list(history.credentials))
    teller.write(keys)
    return teller
