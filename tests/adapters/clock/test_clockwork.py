"""The clock's beats, with a clock that is moved by hand."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timedelta

from structlog.testing import capture_logs

from tests.handler.acting import NOON, House
from tocsin.adapters.clock.clockwork import (
    BETWEEN_SLICES,
    LONGEST_PAUSE,
    RECEIPTS_AT_ONCE,
    RECEIPTS_EVERY,
    Clockwork,
)
from tocsin.adapters.clock.receiver import AT_ONCE
from tocsin.core.commands import ChangeStatus, PlanMaintenance
from tocsin.core.instants import DAY, HOUR, MINUTE, to_text
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status
from tocsin.handler.writer import Writer
from tocsin.store.contract import Answer, ReceiptKey

NOW = timedelta(0)
SECOND = timedelta(seconds=1)


def clockwork_of(acting: House) -> Clockwork:
    return Clockwork(store=acting.store, writer=acting.writer, clock=acting.clock)


def planned(acting: House, *, start_at: datetime = NOON + 2 * HOUR) -> str:
    """A maintenance of the owner, two hours long; the name of its stream."""
    ticket_id = acting.fresh()
    outcome = acting.ask(
        "owner",
        PlanMaintenance(
            ticket_id=ticket_id,
            refs=(f"M20261120-{ticket_id[-4:]}", f"M20261120-{ticket_id[-8:]}"),
            title="Fibre swap",
            description="Swapping the fibre of ams-1.",
            devices=("ams-1",),
            start_at=start_at,
            end_at=start_at + 2 * HOUR,
        ),
    )
    return outcome.stream


def ticket(acting: House, stream: str) -> Ticket:
    with acting.store.reading() as turn:
        head = turn.head(acting.orgs["net"], stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    return head.state


def settle(clockwork: Clockwork, *, at_most: int = 20) -> timedelta:
    """Beat until the clock pauses; the pause. A clock that spins never gets there."""
    for _ in range(at_most):
        pause = clockwork.beat()
        if pause != NOW:
            return pause
    raise AssertionError("the clock goes round and round")


def test_a_maintenance_starts_and_overruns_by_the_clock_alone(acting: House) -> None:
    stream = planned(acting)
    clockwork = clockwork_of(acting)
    settle(clockwork)
    assert ticket(acting, stream).status is Status.PLANNED

    acting.clock.pass_by(2 * HOUR + 7 * SECOND)
    settle(clockwork)
    started = ticket(acting, stream)
    assert started.status is Status.IN_PROGRESS
    # The state takes the instant it was due, the record the one it happened.
    assert started.last_status_at == NOON + 2 * HOUR
    with acting.store.reading() as turn:
        newest = turn.stream_events(acting.orgs["net"], stream)[-1]
    assert newest.recorded_at >= acting.clock.now
    assert newest.via == "clock"

    acting.clock.pass_by(2 * HOUR)
    settle(clockwork)
    assert ticket(acting, stream).overran
    assert clockwork.parked == 0


def test_after_a_long_silence_everything_happens_in_its_order(acting: House) -> None:
    stream = planned(acting)
    acting.clock.pass_by(400 * DAY)
    clockwork = clockwork_of(acting)
    settle(clockwork)
    assert ticket(acting, stream).status is Status.CLOSED
    assert clockwork.parked == 0


def test_the_clock_pauses_exactly_until_a_deadline_that_is_near(acting: House) -> None:
    planned(acting, start_at=NOON + 500 * HOUR)
    clockwork = clockwork_of(acting)
    settle(clockwork)
    assert settle(clockwork) == LONGEST_PAUSE
    acting.clock.now = NOON + 500 * HOUR - timedelta(milliseconds=250)
    settle(clockwork)
    assert settle(clockwork) == timedelta(milliseconds=250)


def test_more_than_one_handful_becomes_due_at_once(acting: House) -> None:
    streams = [planned(acting) for _ in range(AT_ONCE + 3)]
    acting.clock.pass_by(2 * HOUR)
    settle(clockwork_of(acting))
    assert {ticket(acting, stream).status for stream in streams} == {Status.IN_PROGRESS}


def set_deadline(acting: House, stream: str, due_at: datetime) -> None:
    """A deadline that the state knows nothing of: no tick can settle it."""
    database = sqlite3.connect(acting.path, isolation_level=None)
    database.execute(
        "INSERT OR REPLACE INTO deadlines (org_id, stream, kind, due_at) VALUES (?, ?, ?, ?)",
        (acting.orgs["net"], stream, "overrun", to_text(due_at)),
    )
    database.close()


def test_a_deadline_that_stays_due_is_parked_told_once_and_not_in_the_way(filed: House) -> None:
    stuck = planned(filed)
    clockwork = clockwork_of(filed)
    settle(clockwork)
    set_deadline(filed, stuck, NOON)
    with capture_logs() as logs:
        settle(clockwork)
        settle(clockwork)
    assert clockwork.parked == 1
    told = [line for line in logs if line["action"] == "tick_parked"]
    assert [line["stream"] for line in told] == [stuck]

    other = planned(filed)
    filed.clock.pass_by(2 * HOUR)
    settle(clockwork)
    assert ticket(filed, other).status is Status.IN_PROGRESS


def test_a_parked_deadline_is_tried_again_when_its_ticket_moves_or_after_a_restart(
    filed: House,
) -> None:
    stuck = planned(filed)
    clockwork = clockwork_of(filed)
    settle(clockwork)
    set_deadline(filed, stuck, NOON)
    settle(clockwork)
    assert clockwork.parked == 1

    with capture_logs() as logs:
        settle(clockwork_of(filed))
    assert [line["action"] for line in logs] == ["tick_parked"]

    # A word leaves the deadlines as they are: it is tried, and parked anew.
    filed.ask("owner", ChangeStatus(body="on our way"), subject=stuck.partition(":")[2])
    with capture_logs() as logs:
        settle(clockwork)
        settle(clockwork)
    assert [line["action"] for line in logs] == ["tick_parked"]

    # Moving it out of the way lets it go.
    set_deadline(filed, stuck, NOON + 9 * DAY)
    settle(clockwork)
    assert clockwork.parked == 0


def test_a_deadline_of_a_ticket_that_is_not_there_is_parked(filed: House) -> None:
    set_deadline(filed, "maintenance:0193a000-0000-7000-8000-000000000000", NOON)
    clockwork = clockwork_of(filed)
    with capture_logs() as logs:
        settle(clockwork)
    assert clockwork.parked == 1
    assert "NotFound" in logs[0]["reason"]


def test_a_stopping_writer_is_no_reason_to_park(acting: House) -> None:
    stream = planned(acting)
    acting.clock.pass_by(2 * HOUR)
    acting.writer.stop()
    clockwork = clockwork_of(acting)
    with capture_logs() as logs:
        assert clockwork.beat() == LONGEST_PAUSE
        assert clockwork.beat() == LONGEST_PAUSE
    assert clockwork.parked == 0
    assert [line["action"] for line in logs] == ["clock_failed"]
    assert ticket(acting, stream).status is Status.PLANNED


def test_expired_receipts_are_swept_in_slices(filed: House) -> None:
    settle(clockwork := clockwork_of(filed))
    for number in range(3):
        filed.ask(
            "owner",
            filed.incident(),
            receipt=ReceiptKey(
                org_id=filed.orgs["net"], scope="s", key=str(number), body_digest=b""
            ),
            render=lambda outcome: Answer(status=201, body=b"{}"),
        )
    old, fresh = "2026-11-20T12:00:30.000000Z", "2026-11-21T12:00:00.000000Z"
    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE receipts SET expires_at = ? WHERE key = '0'", (fresh,))
    database.execute("UPDATE receipts SET expires_at = ? WHERE key <> '0'", (old,))
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO receipts SELECT org_id, 'many', i, body_digest, stream, position, status,"
        " headers, body, ? FROM receipts, n WHERE key = '1'",
        (RECEIPTS_AT_ONCE, old),
    )

    def kept() -> int:
        found: int = database.execute("SELECT count(*) FROM receipts").fetchone()[0]
        return found

    settle(clockwork)
    assert kept() == RECEIPTS_AT_ONCE + 3
    filed.clock.pass_by(RECEIPTS_EVERY)
    assert settle(clockwork) == BETWEEN_SLICES
    assert kept() == 3
    filed.clock.pass_by(BETWEEN_SLICES)
    assert settle(clockwork) == LONGEST_PAUSE
    assert kept() == 1
    filed.clock.pass_by(DAY + MINUTE)
    settle(clockwork)
    assert kept() == 0
    database.close()


def test_the_thread_beats_until_it_is_stopped(acting: House) -> None:
    stream = planned(acting)
    acting.clock.pass_by(2 * HOUR)
    asked = threading.Semaphore(0)

    def clock() -> datetime:
        asked.release()
        return acting.clock()

    clockwork = Clockwork(store=acting.store, writer=acting.writer, clock=clock)
    clockwork.start()
    # A beat asks twice; the third question means that one is over.
    for _ in range(3):
        assert asked.acquire(timeout=10)
    clockwork.stop()
    assert ticket(acting, stream).status is Status.IN_PROGRESS


def test_an_error_in_one_part_of_the_clock_is_told_once_and_stops_no_other(acting: House) -> None:
    broken = True

    def watch(at: datetime) -> None:
        if broken:
            raise ValueError("a connector that nobody thought of")

    clockwork = Clockwork(store=acting.store, writer=acting.writer, clock=acting.clock, watch=watch)
    with capture_logs() as logged:
        settle(clockwork)
        stream = planned(acting)
        acting.clock.pass_by(2 * HOUR)
        assert settle(clockwork) == LONGEST_PAUSE
        broken = False
        settle(clockwork)

    assert ticket(acting, stream).status is Status.IN_PROGRESS
    told = [line for line in logged if line["action"].startswith("clock_")]
    assert [(line["action"], line["part"]) for line in told] == [
        ("clock_broken", "look_around"),
        ("clock_works", "look_around"),
    ]
    assert "nobody thought of" in str(told[0]["exc_info"])


def test_the_thread_survives_an_error_in_the_code(acting: House) -> None:
    asked = threading.Semaphore(0)

    def watch(at: datetime) -> None:
        asked.release()
        raise ValueError(at)

    clockwork = Clockwork(store=acting.store, writer=acting.writer, clock=acting.clock, watch=watch)
    ran = [clockwork.running]
    clockwork.start()
    for _ in range(2):
        assert asked.acquire(timeout=10)
    ran.append(clockwork.running)
    clockwork.stop()
    assert [*ran, clockwork.running] == [False, True, False]


def test_each_beat_has_the_writer_look_at_its_duties(acting: House) -> None:
    done = threading.Semaphore(0)

    def duty() -> None:
        done.release()

    writer = Writer(
        store=acting.store,
        clock=acting.clock,
        entropy=lambda: next(acting.numbers),
        seal=lambda secret: secret,
        duties=(duty,),
    )
    writer.start()
    clockwork = Clockwork(store=acting.store, writer=writer, clock=acting.clock)
    assert done.acquire(timeout=10)
    clockwork.beat()
    assert done.acquire(timeout=10)
    writer.stop()
