"""Alerts that time changes: they expire, and what a window held back is judged anew."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.adapters.clock.test_clockwork import clockwork_of, settle
from tests.handler.acting import NOON, House, pubkey
from tocsin.adapters.clock.hearing_again import AT_ONCE
from tocsin.core.commands import ChangeStatus, PlanMaintenance, SignalDraft
from tocsin.core.ingestion import Reading
from tocsin.core.instants import HOUR, MINUTE
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateConnector,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.projections.due_alerts import expired_alerts, released_alerts
from tocsin.store.arrivals import KnownSignal, signals_in

SECOND = timedelta(seconds=1)


def connector(home: House, code: str = "am", **given: object) -> str:
    """A connector of the net; its id."""
    fields: dict[str, object] = {
        "connector_id": home.fresh(),
        "code": code,
        "name": code.title(),
        "kind": "alertmanager",
        "token_digest": (code.encode().hex() * 64)[:64],
    }
    command = CreateConnector(**(fields | given))  # type: ignore[arg-type]
    outcome = home.system("connector", command, org_id=home.orgs["net"])
    return outcome.stream.partition(":")[2]


def hear(
    home: House,
    connector_id: str,
    *fingerprints: str,
    state: str = "firing",
    expires: bool = True,
    **given: object,
) -> Accounted:
    """Have the connector say that these alerts are in that state; each lasts four minutes, or until
    its end is told."""
    fields: dict[str, object] = {"source": "prometheus", "severity": "sev2", "device": "ams-1"}
    said = tuple(
        SignalDraft(summary=f"{one} is down", fingerprint=one, state=state, **(fields | given))  # type: ignore[arg-type]
        for one in fingerprints
    )
    expires_at = home.clock() + 4 * MINUTE if expires else None
    return home.writer.account(
        Arrival(
            org_id=home.orgs["net"],
            reading=Reading(said),
            connector_id=connector_id,
            expires=lambda draft: expires_at,
        )
    )


def alert(home: House, fingerprint: str) -> KnownSignal:
    with home.store.reading() as turn:
        (row,) = signals_in(turn, home.orgs["net"], "fingerprint", [fingerprint])
    return row


def incidents(home: House) -> list[Ticket]:
    with home.store.reading() as turn:
        heads = turn.heads_of_sort(home.orgs["net"], "incident")
        return [head.state for head in heads if isinstance(head.state, Ticket)]


def payloads(home: House) -> int:
    with home.store.reading() as turn:
        found: int = turn.select("SELECT count(*) FROM inbox", org_id=None)[0][0]
    return found


def window(home: House, *, at: datetime = NOON) -> str:
    """A maintenance of ams-1 for two hours, from noon on unless said otherwise; its id."""
    outcome = home.ask(
        "owner",
        PlanMaintenance(
            ticket_id=home.fresh(),
            refs=("M20261120-0001",),
            title="Fibre swap",
            description="Swapping the fibre of ams-1.",
            devices=(pubkey(11),),
            start_at=at,
            end_at=at + 2 * HOUR,
        ),
    )
    return outcome.stream.partition(":")[2]


def test_what_is_not_heard_again_is_over_and_ends_its_incident(acting: House) -> None:
    am, clockwork = connector(acting), clockwork_of(acting)
    hear(acting, am, "lamp")
    acting.clock.pass_by(3 * MINUTE)
    hear(acting, am, "lamp")
    acting.clock.pass_by(4 * MINUTE - SECOND)
    settle(clockwork)
    assert [one.status for one in incidents(acting)] == [Status.OPEN]

    acting.clock.pass_by(SECOND)
    settle(clockwork)
    assert [one.status for one in incidents(acting)] == [Status.RESOLVED]
    row = alert(acting, "am/lamp")
    assert (row.state, row.expires_at) == ("resolved", None)
    # Nobody sent anything: the inbox has what came, and no more.
    assert payloads(acting) == 2


def test_what_is_on_no_ticket_is_over_all_the_same(acting: House) -> None:
    """Nothing happens that would be in the log: what is known of the alert is all that changes."""
    am, clockwork = connector(acting), clockwork_of(acting)
    hear(acting, am, "lamp", severity="sev4")
    assert incidents(acting) == []
    acting.clock.pass_by(4 * MINUTE)
    settle(clockwork)
    assert alert(acting, "am/lamp").state == "resolved"


def test_one_of_several_that_expires_leaves_the_incident_open(acting: House) -> None:
    am, clockwork = connector(acting), clockwork_of(acting)
    hear(acting, am, "lamp", "lens", correlation_key="lighthouse")
    acting.clock.pass_by(3 * MINUTE)
    hear(acting, am, "lens", correlation_key="lighthouse")
    acting.clock.pass_by(MINUTE)
    settle(clockwork)
    assert (alert(acting, "am/lamp").state, alert(acting, "am/lens").state) == (
        "resolved",
        "firing",
    )
    assert [one.status for one in incidents(acting)] == [Status.OPEN]


def test_many_expire_in_slices_and_each_once(acting: House) -> None:
    am, clockwork = connector(acting), clockwork_of(acting)
    names = [f"lamp-{number:03}" for number in range(AT_ONCE + 5)]
    hear(acting, am, *names, correlation_key="lighthouse")
    acting.clock.pass_by(4 * MINUTE)
    settle(clockwork)
    with acting.store.reading() as turn:
        assert expired_alerts(turn, at=acting.clock(), limit=10) == []
    assert [one.status for one in incidents(acting)] == [Status.RESOLVED]


ENDINGS = {
    "its end": [],
    "completed": ["in_progress", "completed"],
    "cancelled": ["cancelled"],
    "closed": ["closed"],
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_window_held_back_opens_an_incident_when_it_ends(acting: House, ending: str) -> None:
    # In an org where people start them: planned, it is in force all the same.
    acting.ask("admin", ChangePolicy(auto_start=False), sort="policy")
    am, maintenance, clockwork = connector(acting), window(acting), clockwork_of(acting)
    settle(clockwork)
    hear(acting, am, "lamp", "lens", expires=False)
    assert (alert(acting, "am/lamp").held, incidents(acting)) == (True, [])
    hear(acting, am, "lens", state="resolved")
    acting.clock.pass_by(2 * HOUR - SECOND)
    settle(clockwork)
    assert incidents(acting) == []

    for status in ENDINGS[ending]:
        acting.ask("owner", ChangeStatus(status=status, reason="enough"), subject=maintenance)
    if not ENDINGS[ending]:
        acting.clock.pass_by(SECOND)
    # Another process, started anew, finds it just as well.
    settle(clockwork_of(acting))
    (opened,) = incidents(acting)
    assert (opened.status, opened.title) == (Status.OPEN, "lamp is down")
    row = alert(acting, "am/lamp")
    assert (row.held, row.stream, row.times) == (False, f"incident:{opened.id}", 1)
    settle(clockwork)
    assert len(incidents(acting)) == 1


def test_what_a_window_lets_go_of_was_heard_when_it_was_and_expires_as_before(
    acting: House,
) -> None:
    acting.ask("admin", ChangePolicy(auto_start=False), sort="policy")
    am, clockwork = connector(acting), clockwork_of(acting)
    window(acting)
    acting.clock.pass_by(2 * HOUR - MINUTE)
    settle(clockwork)
    hear(acting, am, "lamp")
    held = alert(acting, "am/lamp")
    acting.clock.pass_by(MINUTE)
    settle(clockwork)
    let_go = alert(acting, "am/lamp")
    (opened,) = incidents(acting)
    assert (held.held, let_go.held, let_go.stream) == (True, False, f"incident:{opened.id}")
    for field in ("first_seen", "last_seen", "began_at", "times", "arrival", "expires_at"):
        assert getattr(let_go, field) == getattr(held, field), field
    acting.clock.pass_by(3 * MINUTE)
    settle(clockwork)
    assert [one.status for one in incidents(acting)] == [Status.RESOLVED]


def test_work_that_overruns_holds_back_until_it_is_completed(acting: House) -> None:
    maintenance = window(acting, at=NOON + MINUTE)
    am, clockwork = connector(acting), clockwork_of(acting)
    acting.clock.pass_by(MINUTE)
    settle(clockwork)
    hear(acting, am, "lamp", expires=False)
    acting.clock.pass_by(5 * HOUR)
    settle(clockwork)
    assert incidents(acting) == []
    acting.ask("owner", ChangeStatus(status="completed"), subject=maintenance)
    settle(clockwork)
    assert [one.title for one in incidents(acting)] == ["lamp is down"]


def test_what_another_window_holds_back_stays_held(acting: House) -> None:
    am, first, clockwork = connector(acting), window(acting), clockwork_of(acting)
    hear(acting, am, "lamp")
    acting.clock.pass_by(SECOND)
    second = acting.ask(
        "owner",
        PlanMaintenance(
            ticket_id=acting.fresh(),
            refs=("M20261120-0002",),
            title="And the mast",
            description="Painting the mast of ams-1.",
            devices=(pubkey(11),),
            start_at=NOON,
            end_at=NOON + 3 * HOUR,
        ),
    ).stream
    acting.ask("owner", ChangeStatus(status="cancelled", reason="rain"), subject=first)
    settle(clockwork)
    row = alert(acting, "am/lamp")
    assert (row.held, row.stream, incidents(acting)) == (True, second, [])


def test_an_alert_without_words_is_parked_told_once_and_not_in_the_way(filed: House) -> None:
    am, clockwork = connector(filed), clockwork_of(filed)
    hear(filed, am, "lamp")
    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE signals SET draft = '{}'")  # as a redaction leaves it
    database.close()
    hear(filed, am, "lens")
    filed.clock.pass_by(4 * MINUTE)
    with capture_logs() as logs:
        settle(clockwork)
        settle(clockwork)
    told = [line for line in logs if line["action"] == "alert_parked"]
    assert [line["signal"] for line in told] == [alert(filed, "am/lamp").signal_id]
    assert alert(filed, "am/lens").state == "resolved"


def test_a_window_in_force_releases_nothing_and_one_that_is_over_does(acting: House) -> None:
    am, maintenance = connector(acting), window(acting, at=NOON + MINUTE)
    acting.clock.pass_by(MINUTE)
    settle(clockwork_of(acting))
    hear(acting, am, "lamp")
    with acting.store.reading() as turn:
        # In progress it is in force for as long as it takes.
        assert list(released_alerts(turn, at=NOON + 9 * HOUR, limit=10)) == []
    acting.ask("owner", ChangeStatus(status="completed"), subject=maintenance)
    with acting.store.reading() as turn:
        found = list(released_alerts(turn, at=acting.clock(), limit=10))
    assert [row.fingerprint for row in found] == ["am/lamp"]
