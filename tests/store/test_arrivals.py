"""What has arrived, in every store: written with a batch, read again, kept for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.handler.acting import NOON
from tests.store.retelling import History
from tocsin.store.arrivals import (
    FORGOTTEN,
    Arrived,
    HeardAgain,
    KnownSignal,
    arrived,
    instant_of,
    newest_number,
    number_at,
    results_in,
    signals_in,
)
from tocsin.store.contract import Batch, OrgRow, Store
from tocsin.store.rows import position_in

FIRST = number_at(NOON)


def payload(number: int, *, org_id: int = 1, **given: object) -> Arrived:
    """A payload as it arrived."""
    fields: dict[str, object] = {
        "org_id": org_id,
        "number": number,
        "connector_id": "c",
        "via": "connector:am",
        "verdict": "created",
        "reason": "opened",
        "content_type": "application/json",
        "headers": '{"user-agent":"x"}',
        "payload": b'{"\xc3\xa9": 1}\x00',
        "results": '[["am/a","created","rule","t"]]',
        "created": 1,
    }
    return Arrived(**(fields | given))  # type: ignore[arg-type]


def signal(name: str, *, org_id: int = 1, **given: object) -> KnownSignal:
    """An alert as it stands."""
    fields: dict[str, object] = {
        "org_id": org_id,
        "fingerprint": name,
        "signal_id": f"id-{name}",
        "connector_id": "c",
        "stream": "incident:1",
        "state": "firing",
        "severity": "sev2",
        "verdict": "created",
        "because": "rule",
        "reason": 'opened by "all"',
        "correlation_key": "am/k",
        "trace_id": None,
        "service": "dns",
        "began_at": NOON,
        "first_seen": NOON,
        "last_seen": NOON,
        "arrival": FIRST,
        "draft": '{"source":"x","summary":"y"}',
    }
    return KnownSignal(**(fields | given))  # type: ignore[arg-type]


def write(store: Store, **parts: object) -> None:
    """One batch of that, and the orgs it needs."""
    with store.writing() as turn:
        known = {org.org_id for org in turn.orgs()}
        orgs = [OrgRow(org_id=one, code=f"o{one}") for one in (1, 2) if one not in known]
        turn.write(Batch(batch_id="b", orgs=orgs, **parts))  # type: ignore[arg-type]
        turn.commit()


def test_a_payload_reads_as_it_was_written_and_has_its_number_in_its_id(store: Store) -> None:
    row = payload(FIRST, observed=True, unattached=2, replay_of=7)
    write(store, inbox=[row])

    with store.reading() as turn:
        assert arrived(turn, 1, FIRST) == row
        assert arrived(turn, 2, FIRST) is None
        assert arrived(turn, 1, FIRST + 1) is None
        assert newest_number(turn, 1) == FIRST
        assert newest_number(turn, 2) == 0
    assert position_in(row.id) == FIRST
    assert row.received_at == NOON == instant_of(FIRST)
    assert row.signals == 3
    assert results_in(row.results) == [("am/a", "created", "rule", "t")]


def test_an_alert_is_replaced_but_for_its_id_and_when_it_was_first_heard(store: Store) -> None:
    write(store, signals=[signal("a"), signal("b", trace_id="t", expires_at=NOON, new_at=FIRST)])
    later = NOON + timedelta(minutes=1)
    changed = signal(
        "a", signal_id="other", state="resolved", first_seen=later, last_seen=later, times=5
    )
    write(store, signals=[changed])

    with store.reading() as turn:
        found = {row.fingerprint: row for row in signals_in(turn, 1, "fingerprint", ["a", "b"])}
        assert found["a"] == replace(changed, signal_id="id-a", first_seen=NOON)
        assert found["b"] == signal("b", trace_id="t", expires_at=NOON, new_at=FIRST)
        assert [row.fingerprint for row in signals_in(turn, 1, "trace_id", ["t"])] == ["b"]
        assert len(signals_in(turn, 1, "correlation_key", ["am/k", "none"])) == 2
        assert signals_in(turn, 2, "correlation_key", ["am/k"]) == []
        assert signals_in(turn, 1, "fingerprint", []) == []


def test_very_many_are_found_at_once(store: Store) -> None:
    names = [f"n{number:04d}" for number in range(299)]
    write(store, signals=[signal(name) for name in names])

    with store.reading() as turn:
        found = signals_in(turn, 1, "fingerprint", [*names, "missing"])
    assert sorted(row.fingerprint for row in found) == names


def test_repeats_count_up_and_never_go_back(store: Store) -> None:
    write(store, signals=[signal("a", last_seen=NOON + timedelta(minutes=5), arrival=FIRST + 9)])
    again = HeardAgain(
        org_id=1, fingerprint="a", times=3, arrival=FIRST + 5, last_seen=NOON, expires_at=NOON
    )
    write(store, repeats=[again])

    with store.reading() as turn:
        (row,) = signals_in(turn, 1, "fingerprint", ["a"])
    assert (row.times, row.arrival) == (4, FIRST + 9)
    assert row.last_seen == NOON + timedelta(minutes=5)
    assert row.expires_at == NOON


def test_old_payloads_and_alerts_go_in_slices_and_those_that_fire_on_a_ticket_stay(
    store: Store,
) -> None:
    write(
        store,
        inbox=[payload(FIRST + number) for number in range(5)] + [payload(FIRST, org_id=2)],
        signals=[
            signal("fires"),
            signal("over", state="resolved"),
            signal("waits", stream=None),
            signal("new", state="resolved", last_seen=NOON + timedelta(days=1)),
        ],
    )

    with store.tending() as turn:
        assert turn.drop_arrived(1, before=FIRST + 4, limit=3) == 3
        assert turn.drop_arrived(1, before=FIRST + 4, limit=3) == 1
        until = NOON + timedelta(hours=1)
        assert turn.drop_signals(1, unseen_since=until, limit=1) == 1
        assert turn.drop_signals(1, unseen_since=until, limit=9) == 1
        turn.commit()

    with store.reading() as turn:
        assert arrived(turn, 1, FIRST + 4) is not None
        assert arrived(turn, 1, FIRST + 3) is None
        assert arrived(turn, 2, FIRST) is not None
        left = signals_in(turn, 1, "fingerprint", ["fires", "over", "waits", "new"])
    assert sorted(row.fingerprint for row in left) == ["fires", "new"]


def test_words_are_forgotten_in_the_alert_and_in_every_payload_that_told_of_it(
    store: Store,
) -> None:
    other = '[["am/b","created","rule","t"]]'
    both = '[["am/b","created","rule","t"],["am/a","attached","rule","t"]]'
    write(
        store,
        inbox=[
            payload(FIRST),
            payload(FIRST + 1, results=other),
            payload(FIRST + 2, results=both),
            payload(FIRST, org_id=2),
        ],
        signals=[signal("am/a", memo="m"), signal("am/b")],
    )

    with store.writing() as turn:
        assert turn.forget_signal_text(1, {"am/a"}) == 2
        turn.commit()

    with store.reading() as turn:
        kept = [arrived(turn, 1, FIRST + number) for number in range(3)]
        assert [row is not None and row.payload != b"" for row in kept] == [False, True, False]
        elsewhere = arrived(turn, 2, FIRST)
        assert elsewhere is not None
        assert elsewhere.payload != b""
        a, b = signals_in(turn, 1, "fingerprint", ["am/a", "am/b"])
    assert (a.draft, a.memo) == (FORGOTTEN, "")
    assert b.draft != FORGOTTEN


def test_a_batch_that_only_took_something_in_can_be_confirmed(store: Store) -> None:
    write(store, inbox=[payload(FIRST)])
    with store.writing() as turn:
        assert turn.confirm("b")
        assert not turn.confirm("c")


def test_a_number_is_given_once(store: Store, history: History) -> None:
    assert history.net
    write(store, inbox=[payload(FIRST)])
    with pytest.raises(Exception, match=r"UNIQUE|unique"), store.writing() as turn:
        turn.write(Batch(batch_id="c", inbox=[payload(FIRST)]))
