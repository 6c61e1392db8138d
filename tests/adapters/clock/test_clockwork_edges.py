"""What the clock does between beats, and what it leaves to the next one when something fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.adapters.clock.test_clockwork import SECOND, clockwork_of, planned, set_deadline, settle
from tests.adapters.clock.test_hearing_again import (
    alert,
    connector,
    hear,
    incidents,
    payloads,
    window,
)
from tests.handler.acting import NOON, House
from tocsin.adapters.clock.clockwork import (
    BETWEEN_SLICES,
    INBOX_EVERY,
    LONGEST_PAUSE,
    RECEIPTS_EVERY,
    WATCHED_EVERY,
    Clockwork,
)
from tocsin.adapters.clock.hearing_again import HearingAgain
from tocsin.adapters.clock.receiver import AT_ONCE, Ticking
from tocsin.adapters.clock.retention import AT_ONCE as DROPPED_AT_ONCE
from tocsin.core.commands import AttachSignal, ChangeStatus, PlanMaintenance, SignalDraft
from tocsin.core.errors import Overloaded, Refusal
from tocsin.core.ingestion import Reading
from tocsin.core.instants import DAY, HOUR, MINUTE
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Result, Writer
from tocsin.projections.due_alerts import expired_alerts, released_alerts
from tocsin.store.arrivals import KnownSignal, signals_in
from tocsin.store.contract import StorageFailed

MICROSECOND = timedelta(microseconds=1)


class Failing(Writer):
    """A writer that fails the first request that is made of it."""

    def __init__(self, home: House, failure: Exception) -> None:
        super().__init__(
            store=home.store, clock=home.clock, entropy=lambda: next(home.numbers), seal=bytes
        )
        self._home, self._failure = home, failure
        self._has_failed = False

    def do_all(self, submissions: Sequence[Submission]) -> list[Result]:
        """Fail, or do what is asked."""
        if not self._has_failed:
            self._has_failed = True
            return [self._failure for _ in submissions]
        return self._home.writer.do_all(submissions)

    def account(self, arrival: Arrival) -> Accounted:
        """Fail, or hear what is said."""
        if not self._has_failed:
            self._has_failed = True
            raise self._failure
        return self._home.writer.account(arrival)


def forget_words(home: House) -> None:
    """Every alert is left without words, as a redaction leaves it."""
    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute("UPDATE signals SET draft = '{}'")
    database.close()


# -- ticks ---------------------------------------------------------------------------------------


def test_what_the_database_failed_to_take_is_not_parked(filed: House) -> None:
    stream = planned(filed)
    filed.clock.pass_by(2 * HOUR)
    ticking = Ticking(store=filed.store, writer=Failing(filed, StorageFailed("the disk is full")))
    with pytest.raises(StorageFailed):
        ticking.look(at=filed.clock(), ahead=LONGEST_PAUSE)
    assert ticking.parked == 0
    while ticking.look(at=filed.clock(), ahead=LONGEST_PAUSE).again:
        pass
    with filed.store.reading() as turn:
        head = turn.head(filed.orgs["net"], stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    assert head.state.status is Status.IN_PROGRESS


def test_any_number_of_parked_deadlines_hides_none_and_each_is_told_once(filed: House) -> None:
    for number in range(AT_ONCE):
        set_deadline(filed, f"maintenance:0193a000-0000-7000-8000-{number:012}", NOON)
    clockwork = clockwork_of(filed)
    with capture_logs() as logs:
        settle(clockwork)
        stream = planned(filed, start_at=NOON + MINUTE)
        set_deadline(filed, "maintenance:0193a000-0000-7000-9000-000000000000", NOON + MINUTE)
        filed.clock.pass_by(MINUTE)
        settle(clockwork)
        settle(clockwork)
    assert clockwork.parked == AT_ONCE + 1
    assert [line["action"] for line in logs] == ["tick_parked"] * (AT_ONCE + 1)
    with filed.store.reading() as turn:
        head = turn.head(filed.orgs["net"], stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    assert head.state.status is Status.IN_PROGRESS


# -- alerts that time has come for ---------------------------------------------------------------


def test_what_expires_together_is_over_each_for_its_own_connector_and_org(filed: House) -> None:
    for code in ("am", "pm"):
        hear(filed, connector(filed, code), "lamp")
    until = filed.clock() + 4 * MINUTE
    for org in ("net", "elsewhere"):
        draft = SignalDraft(source="script", summary="Dark", fingerprint="lamp", severity="sev4")
        filed.writer.account(
            Arrival(org_id=filed.orgs[org], reading=Reading((draft,)), expires=lambda draft: until)
        )

    def every() -> dict[tuple[int, str], KnownSignal]:
        with filed.store.reading() as turn:
            return {
                (org_id, row.fingerprint): row
                for org_id in filed.orgs.values()
                for row in signals_in(turn, org_id, "fingerprint", ["lamp", "am/lamp", "pm/lamp"])
            }

    before = every()
    assert len(before) == 4
    filed.clock.pass_by(4 * MINUTE)
    clockwork = clockwork_of(filed)
    settle(clockwork)
    after = every()
    assert {row.state for row in after.values()} == {"resolved"}
    assert {name: row.connector_id for name, row in after.items()} == {
        name: row.connector_id for name, row in before.items()
    }


def test_an_alert_waits_while_the_writer_is_full(filed: House) -> None:
    hear(filed, connector(filed), "lamp")
    filed.clock.pass_by(4 * MINUTE)
    hearing = HearingAgain(store=filed.store, writer=Failing(filed, Overloaded("Full.")))
    with pytest.raises(Overloaded):
        hearing.look(at=filed.clock())
    assert hearing.parked == 0
    assert hearing.look(at=filed.clock())
    assert alert(filed, "am/lamp").state == "resolved"


def test_a_refusal_of_one_connectors_alerts_is_told_and_stops_no_others(filed: House) -> None:
    for code in ("am", "pm"):
        hear(filed, connector(filed, code), "lamp")
    filed.clock.pass_by(4 * MINUTE)
    hearing = HearingAgain(store=filed.store, writer=Failing(filed, Refusal("Not this one.")))
    with capture_logs() as logs:
        assert hearing.look(at=filed.clock())
        assert not hearing.look(at=filed.clock())
    assert [line["action"] for line in logs] == ["hearing_refused", "alert_parked"]
    states = {alert(filed, f"{code}/lamp").state for code in ("am", "pm")}
    assert states == {"firing", "resolved"}
    assert hearing.parked == 1


def test_parked_alerts_are_told_once_each_and_tried_again_when_they_are_heard(filed: House) -> None:
    am, clockwork = connector(filed), clockwork_of(filed)
    with capture_logs() as logs:
        hear(filed, am, "lamp")
        forget_words(filed)
        filed.clock.pass_by(4 * MINUTE)
        settle(clockwork)
        hear(filed, am, "lens")
        forget_words(filed)
        filed.clock.pass_by(4 * MINUTE)
        settle(clockwork)
        settle(clockwork)
    told = [line["signal"] for line in logs if line["action"] == "alert_parked"]
    assert told == [alert(filed, f"am/{name}").signal_id for name in ("lamp", "lens")]

    # Another severity is news, which is remembered with its words.
    hear(filed, am, "lamp", severity="sev1")
    filed.clock.pass_by(4 * MINUTE)
    settle(clockwork)
    assert alert(filed, "am/lamp").state == "resolved"
    assert alert(filed, "am/lens").state == "firing"


def test_what_was_put_on_planned_work_by_hand_is_not_let_go_of_by_its_end(filed: House) -> None:
    """It was never held back, so there is nothing to judge anew, and nothing to tell."""
    am, work = connector(filed), window(filed)
    clockwork = clockwork_of(filed)
    filed.clock.pass_by(MINUTE)
    settle(clockwork)
    hear(filed, am, "lamp", expires=False)
    signal = SignalDraft(source="hand", summary="Sparks", fingerprint="sparks")
    filed.ask("admin", AttachSignal(signal=signal), subject=work)
    filed.ask("owner", ChangeStatus(status="completed"), subject=work)
    with filed.store.reading() as turn:
        found = list(released_alerts(turn, at=filed.clock(), limit=10))
    assert [row.fingerprint for row in found] == ["am/lamp"]
    with capture_logs() as logs:
        settle(clockwork)
    assert logs == []
    (opened,) = incidents(filed)
    assert alert(filed, "am/lamp").stream == opened.stream
    assert alert(filed, "sparks").stream == f"maintenance:{work}"


def test_no_more_is_found_than_is_asked_for_and_what_is_longest_due_comes_first(
    filed: House,
) -> None:
    am = connector(filed)
    planning = PlanMaintenance(
        ticket_id=filed.fresh(),
        refs=("M20261120-0001",),
        title="Fibre swap",
        description="Swapping the fibre of fra-1.",
        devices=("fra-1",),
        start_at=filed.clock() + SECOND,
        end_at=filed.clock() + HOUR,
    )
    works = [
        planned(filed, start_at=filed.clock() + SECOND),
        filed.ask("teammate", planning).stream,
    ]
    filed.clock.pass_by(MINUTE)
    settle(clockwork_of(filed))
    for name, device in (("c", "ams-1"), ("b", "ams-1"), ("a", "ams-1"), ("d", "fra-1")):
        hear(filed, am, name, device=device)
        filed.clock.pass_by(SECOND)
    for who, work in zip(("owner", "teammate"), works, strict=True):
        done = ChangeStatus(status="completed")
        filed.ask(who, done, subject=work.partition(":")[2])
    later = filed.clock() + HOUR
    with filed.store.reading() as turn:
        released = [
            [row.fingerprint for row in released_alerts(turn, at=later, limit=limit)]
            for limit in (1, 2, 3, 4)
        ]
        expired = [row.fingerprint for row in expired_alerts(turn, at=later, limit=2)]
    # Work by work, as it was made; of each what was heard first.
    order = ["am/d", "am/c", "am/b", "am/a"]
    assert released == [order[:limit] for limit in (1, 2, 3, 4)]
    assert expired == ["am/c", "am/b"]


# -- the parts of a beat -------------------------------------------------------------------------


def test_it_looks_around_every_few_seconds_and_not_at_each_beat(filed: House) -> None:
    looks: list[datetime] = []
    clockwork = Clockwork(
        store=filed.store, writer=filed.writer, clock=filed.clock, watch=looks.append
    )
    start = filed.clock()
    for _ in range(int(3 * WATCHED_EVERY / LONGEST_PAUSE) + 1):
        clockwork.beat()
        filed.clock.pass_by(LONGEST_PAUSE)
    assert looks == [start + number * WATCHED_EVERY for number in range(4)]


def test_the_inbox_is_swept_after_the_start_in_slices_and_then_now_and_then(filed: House) -> None:
    am = connector(filed)
    for _ in range(2):
        hear(filed, am, "lamp", expires=False)
    database = sqlite3.connect(filed.path, isolation_level=None)
    names = [row[1] for row in database.execute("PRAGMA table_info(inbox)")]
    copied = ", ".join("i - 10000" if name == "number" else name for name in names)
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        f" INSERT INTO inbox ({', '.join(names)}) SELECT {copied}"
        " FROM n CROSS JOIN (SELECT * FROM inbox LIMIT 1)",
        (DROPPED_AT_ONCE,),
    )
    database.close()
    all_of_them = DROPPED_AT_ONCE + 2
    clockwork = Clockwork(store=filed.store, writer=filed.writer, clock=filed.clock, inbox_kept=DAY)
    filed.clock.pass_by(DAY + MINUTE)
    settle(clockwork)
    assert payloads(filed) == all_of_them  # others are in a hurry while it starts
    filed.clock.pass_by(RECEIPTS_EVERY)
    assert settle(clockwork) == BETWEEN_SLICES
    assert payloads(filed) == 2
    filed.clock.pass_by(BETWEEN_SLICES)
    assert settle(clockwork) == LONGEST_PAUSE
    assert payloads(filed) == 0

    hear(filed, am, "lens", expires=False)
    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE inbox SET number = number - ?", (2 * DAY // MICROSECOND,))
    database.close()
    filed.clock.pass_by(INBOX_EVERY - MICROSECOND)
    settle(clockwork)
    assert payloads(filed) == 1
    filed.clock.pass_by(MICROSECOND)
    settle(clockwork)
    assert payloads(filed) == 0
