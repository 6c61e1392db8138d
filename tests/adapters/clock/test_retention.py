"""What is older than it is kept goes from the inbox, in slices."""

from __future__ import annotations

from datetime import timedelta

from tests.adapters.clock.test_clockwork import settle
from tests.adapters.clock.test_hearing_again import alert, connector, hear, payloads
from tests.handler.acting import House
from tocsin.adapters.clock.clockwork import RECEIPTS_EVERY, Clockwork
from tocsin.adapters.clock.retention import AT_ONCE, drop_old
from tocsin.core.instants import DAY, HOUR
from tocsin.store.arrivals import KnownSignal


def known(home: House) -> list[str]:
    with home.store.reading() as turn:
        rows = turn.select("SELECT fingerprint FROM signals ORDER BY fingerprint", org_id=None)
    return [name for (name,) in rows]


def test_old_payloads_and_alerts_go_and_what_fires_on_a_ticket_stays(acting: House) -> None:
    am = connector(acting)
    clockwork = Clockwork(
        store=acting.store, writer=acting.writer, clock=acting.clock, inbox_kept=10 * DAY
    )
    settle(clockwork)
    hear(acting, am, "lamp", expires=False)
    hear(acting, am, "over", severity="sev4", expires=False)
    acting.clock.pass_by(9 * DAY)
    hear(acting, am, "fresh", severity="sev4", expires=False)
    settle(clockwork)
    assert (payloads(acting), known(acting)) == (3, ["am/fresh", "am/lamp", "am/over"])

    acting.clock.pass_by(DAY + RECEIPTS_EVERY)
    settle(clockwork)
    assert (payloads(acting), known(acting)) == (1, ["am/fresh", "am/lamp"])
    row: KnownSignal = alert(acting, "am/lamp")
    assert (row.state, row.stream is not None) == ("firing", True)


def test_they_go_in_slices(acting: House) -> None:
    am = connector(acting)
    for number in range(AT_ONCE // 100 + 1):
        names = [f"lamp-{number}-{one}" for one in range(100)]
        hear(acting, am, *names, severity="sev4")
    acting.clock.pass_by(HOUR)
    hear(acting, am, "fresh", severity="sev4")
    before = acting.clock() - timedelta(minutes=1)
    assert drop_old(acting.store, before=before) is True
    assert len(known(acting)) == 101
    assert drop_old(acting.store, before=before) is False
    assert (payloads(acting), known(acting)) == (1, ["am/fresh"])
