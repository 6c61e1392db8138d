"""The contract that every store keeps, continued: what a turn is, and what it leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.handler.acting import NOON
from tests.store.retelling import History, Teller, after, at, indexed, told
from tocsin.core.instants import to_text
from tocsin.core.public_notices import PublicNotice, PublicWords
from tocsin.core.rows import OPEN_END
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, TicketType
from tocsin.store.contract import (
    Answer,
    Batch,
    Receipt,
    ReceiptKey,
    SealedSecret,
    StorageFailed,
    Store,
)
from tocsin.store.digests import digest_of_remaining
from tocsin.store.public_notices import PublicNoticeRow, public_notice_of

LATER = NOON + timedelta(hours=24)


def noticed(history: History) -> PublicNoticeRow:
    """What the public was told of a ticket."""
    words = PublicWords(
        id="u", status="resolved", title="Over", body="Over.", posted_at=NOON, event="e"
    )
    notice = PublicNotice(
        stream=history.incident,
        ref="I20261120-0001",
        kind=TicketType.INCIDENT,
        severity=Severity.SEV2,
        updates=(words,),
    )
    return PublicNoticeRow(org_id=history.net, number=1, notice=notice)


def receipt(
    history: History,
    key: str,
    *,
    stream: str | None = None,
    scope: str = "k /v1/orgs/net/tickets",
    expires_at: datetime = LATER,
    body: bytes = b'{"id":1}',
    org_id: int | None = None,
) -> Receipt:
    """An answer that is kept."""
    return Receipt(
        key=ReceiptKey(
            org_id=history.net if org_id is None else org_id,
            scope=scope,
            key=key,
            body_digest=hashlib.sha256(body).digest(),
        ),
        stream=history.incident if stream is None else stream,
        position=3,
        answer=Answer(status=201, body=body, headers=(("etag", '"1"'), ("x-position", "3"))),
        expires_at=expires_at,
    )


class Broken(Exception):
    """Something went wrong within a turn."""


# -- one transaction -----------------------------------------------------------------------------


def test_nothing_is_seen_before_the_commit_and_all_of_it_after(
    store: Store, history: History
) -> None:
    teller = Teller(store)
    with store.writing() as turn:
        turn.write(teller.batch(history.events[:3]))
        assert turn.last_position() == 3, "its own writes it sees"
        with store.reading() as reader:
            assert reader.last_position() == 0
            assert list(reader.orgs()) == []
        turn.commit()

    with store.reading() as reader:
        assert list(reader.log()) == history.events[:3]


def test_a_turn_without_a_commit_leaves_nothing(store: Store, history: History) -> None:
    with store.writing() as turn:
        turn.write(Teller(store).batch(history.events[:3]))
        turn.put_checkpoint("search", 3)
    with store.writing() as turn:
        turn.write(Teller(store).batch(history.events[:3]))
        turn.rollback()
    with suppress(Broken), store.writing() as turn:
        turn.write(Teller(store).batch(history.events[:3]))
        raise Broken

    with store.reading() as reader:
        assert reader.last_position() == 0
        assert reader.checkpoint("search") == 0
    # And nothing of it stands in the way of the next.
    told(store, history)


def test_a_tending_turn_is_one_too(store: Store, history: History) -> None:
    with store.tending() as turn:
        turn.put_checkpoint("search", 3)
    with suppress(Broken), store.tending() as turn:
        turn.put_checkpoint("search", 4)
        raise Broken
    with store.reading() as reader:
        assert reader.checkpoint("search") == 0
    with store.tending() as turn:
        turn.put_checkpoint("search", 5)
        turn.put_checkpoint("other", 1)
        turn.put_checkpoint("search", 6)
        turn.commit()
    with store.reading() as reader:
        assert (reader.checkpoint("search"), reader.checkpoint("other")) == (6, 1)


def test_a_snapshot_stays_as_it_is_while_others_write(store: Store, history: History) -> None:
    teller = Teller(store)
    teller.write(teller.batch(history.events[:3]))
    with store.reading() as reader:
        assert reader.last_position() == 3
        teller.write(teller.batch(history.events[3:9]))
        assert reader.last_position() == 3
        assert list(reader.log()) == history.events[:3]
    with store.reading() as reader:
        assert reader.last_position() == 9


def test_what_is_written_is_there_after_opening_anew(
    opened: Callable[[], Store], history: History
) -> None:
    first = opened()
    told(first, history)
    first.close()

    second = opened()
    with second.writing() as turn:
        assert list(turn.log(limit=100_000)) == history.events
        assert list(turn.moved_since(0)) != []


def test_a_position_is_taken_once(full: Store, history: History) -> None:
    last = history.events[-1]
    for other in (last, replace(last, position=last.position + 1)):
        with full.writing() as turn, pytest.raises(Exception, match=r"(?i)unique"):
            turn.write(Batch(batch_id="twice", events=[other]))
    with full.reading() as reader:
        assert reader.last_position() == last.position


def test_an_empty_batch_is_no_event(full: Store, history: History) -> None:
    with full.writing() as turn:
        turn.write(Batch(batch_id="nothing"))
        turn.commit()
    with full.reading() as reader:
        named = "SELECT batch_id FROM batches WHERE batch_id = ?"
        assert list(reader.select(named, ("nothing",), org_id=None)) == []
        assert reader.last_position() == history.events[-1].position


def test_the_latest_batch_is_known_by_its_name(store: Store, history: History) -> None:
    """Whoever sent a commit and heard nothing asks whether it arrived."""
    teller = Teller(store)
    for start in (0, 3):
        teller.write(teller.batch(history.events[start : start + 3]))
    with store.reading() as turn:
        found = turn.select(
            "SELECT position FROM batches WHERE batch_id = ?", ("batch-2",), org_id=None
        )
        assert [tuple(row) for row in found] == [(6,)]


def test_a_lost_commit_is_asked_about_by_name(
    opened: Callable[[], Store], history: History
) -> None:
    ours = opened()
    teller = Teller(ours)
    teller.write(teller.batch(history.events[:3]))

    with ours.writing() as turn:
        assert turn.confirm("batch-1") is True
        assert turn.confirm("batch-2") is False
        turn.commit()
    with ours.writing() as turn:
        assert turn.confirm("batch-1") is True, "asking changes nothing"
        turn.commit()


def test_what_no_store_can_read_is_a_failure_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "told.db").write_bytes(b"this is no database, and was never one" * 200)
    with pytest.raises(StorageFailed) as failed:
        at(f"sqlite:///{tmp_path / 'told.db'}")
    assert failed.value.reason
    assert failed.value.uncertain is False


# -- another process -----------------------------------------------------------------------------


def test_one_hears_which_streams_others_moved(
    opened: Callable[[], Store], history: History
) -> None:
    ours, theirs = opened(), opened()
    told_by_us = Teller(ours)
    told_by_us.write(told_by_us.batch(history.events[:9]))
    with ours.writing() as turn:
        assert list(turn.moved_since(9)) == [], "one's own writes are no news"

    told_by_us.store = theirs
    told_by_us.write(told_by_us.batch(history.events[9:14]))

    with ours.writing() as turn:
        expected = {(one.org_id, one.stream) for one in history.events[9:14]}
        assert set(turn.moved_since(9)) == expected
        assert set(turn.moved_since(14)) == set()
    with ours.writing() as turn:
        assert list(turn.moved_since(14)) == []


def test_a_turn_that_failed_hears_it_again(opened: Callable[[], Store], history: History) -> None:
    ours, theirs = opened(), opened()
    teller = Teller(ours)
    teller.write(teller.batch(history.events[:9]))
    teller.store = theirs
    teller.write(teller.batch(history.events[9:14]))

    with suppress(Broken), ours.writing():
        raise Broken
    with ours.tending() as tending:
        tending.put_checkpoint("search", 9)
        tending.commit()

    with ours.writing() as turn:
        assert list(turn.moved_since(9)) != []


# -- attempts within a turn ----------------------------------------------------------------------


def test_an_attempt_is_kept_only_when_it_ends_well(store: Store) -> None:
    with store.writing() as turn:
        turn.put_checkpoint("before", 1)
        with turn.attempting(keep=True):
            turn.put_checkpoint("kept", 1)
        with turn.attempting(keep=False):
            turn.put_checkpoint("tried", 1)
            assert turn.checkpoint("tried") == 1
        with suppress(Broken), turn.attempting(keep=True):
            turn.put_checkpoint("broken", 1)
            raise Broken
        turn.commit()

    with store.reading() as reader:
        found = {name: reader.checkpoint(name) for name in ("before", "kept", "tried", "broken")}
    assert found == {"before": 1, "kept": 1, "tried": 0, "broken": 0}


# -- receipts ------------------------------------------------------------------------------------


def test_an_answer_is_kept_word_for_word(full: Store, history: History) -> None:
    kept = receipt(history, "once", body=b'{"id": 1}\n')
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", receipts=[kept, receipt(history, "other")]))
        turn.commit()

    with full.writing() as turn:
        assert turn.receipt(kept.key) == kept
        # It is found whatever the body of the repeat: that the bodies differ is for others to say.
        other_body = replace(kept.key, body_digest=b"x" * 32)
        assert turn.receipt(other_body) == kept
        assert dict(turn.receipts([other_body, replace(kept.key, key="never")])) == {
            (history.net, kept.key.scope, "once"): kept
        }
        for stranger in (
            replace(kept.key, org_id=history.elsewhere),
            replace(kept.key, scope="other"),
            replace(kept.key, key="Once"),
        ):
            assert turn.receipt(stranger) is None
            assert dict(turn.receipts([stranger])) == {}


def test_a_receipt_may_take_the_place_of_an_expired_one(full: Store, history: History) -> None:
    old = receipt(history, "once")
    new = receipt(
        history,
        "once",
        stream=history.other,
        body=b'{"id":2}',
        expires_at=LATER + timedelta(hours=24),
    )
    for one in (old, new):
        with full.writing() as turn:
            turn.write(Batch(batch_id="b", receipts=[one]))
            turn.commit()

    with full.reading() as reader:
        assert reader.receipt(old.key) == new


def test_expired_receipts_are_dropped_some_at_a_time(full: Store, history: History) -> None:
    kept = [
        receipt(history, f"key-{number}", expires_at=NOON + timedelta(minutes=number))
        for number in range(10)
    ]
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", receipts=kept))
        turn.commit()
    at = NOON + timedelta(minutes=6)

    dropped = []
    with full.tending() as turn:
        for _ in range(4):
            dropped.append(turn.drop_expired_receipts(at, 3))
        turn.commit()

    assert dropped == [3, 3, 1, 0]
    with full.reading() as reader:
        left = [one for one in kept if reader.receipt(one.key) is not None]
    assert left == kept[7:]


def test_keys_that_are_used_day_after_day_keep_no_expired_receipt(
    full: Store, history: History
) -> None:
    """Their receipts are replaced again and again: never expired, and never in the way."""
    daily = [f"daily-{number}" for number in range(10)]
    kept = [
        [receipt(history, key, expires_at=NOON) for key in daily],
        [receipt(history, "once", expires_at=NOON)],
        [receipt(history, key, expires_at=LATER) for key in daily],
    ]
    for some in kept:
        with full.writing() as turn:
            turn.write(Batch(batch_id="b", receipts=some))
            turn.commit()

    with full.tending() as turn:
        assert turn.drop_expired_receipts(NOON, 2) == 1
        turn.commit()
    with full.reading() as reader:
        assert reader.receipt(kept[1][0].key) is None
        assert [reader.receipt(one.key) for one in kept[2]] == kept[2]


# -- secrets and deliveries ----------------------------------------------------------------------


def test_sealed_secrets_are_kept(full: Store, history: History) -> None:
    secret = SealedSecret(id="s-1", org_id=history.net, sealed=b"\x00\xffsealed")
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", secrets=[secret]))
        turn.commit()

    with full.reading() as reader:
        rows = reader.select("SELECT id, org_id, sealed FROM secrets", org_id=None)
    assert [(one, org, bytes(sealed)) for one, org, sealed in rows] == [
        ("s-1", history.net, b"\x00\xffsealed")
    ]


def test_forgotten_secrets_are_gone_and_others_stay(full: Store, history: History) -> None:
    ours, more, theirs = (
        SealedSecret(id="s-1", org_id=history.net, sealed=b"1"),
        SealedSecret(id="s-2", org_id=history.net, sealed=b"2"),
        SealedSecret(id="s-3", org_id=history.elsewhere, sealed=b"3"),
    )
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", secrets=[ours, more, theirs]))
        turn.commit()

    names = [(history.net, "s-1"), (history.net, "s-3"), (history.net, "never")]
    with full.writing() as turn:
        turn.write(Batch(batch_id="c", forgotten=names))
        turn.commit()

    with full.reading() as reader:
        rows = reader.select("SELECT id FROM secrets ORDER BY id", org_id=None)
    assert rows == [("s-2",), ("s-3",)]


# -- erasure -------------------------------------------------------------------------------------


def test_erasing_empties_the_fields_and_the_answers(full: Store, history: History) -> None:
    event = next(one for one in history.events if one.stream == history.incident)
    about_it, about_another = receipt(history, "a"), receipt(history, "b", stream=history.other)
    elsewhere = receipt(history, "a", org_id=history.elsewhere)
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", receipts=[about_it, about_another, elsewhere]))
        turn.commit()

    with full.writing() as turn:
        erased, digest = turn.redact(history.net, event.id, ("title", "actor.name"))
        turn.commit()

    assert getattr(erased.payload, "title", None) == "[removed]"
    assert erased.actor.name == "[removed]"
    assert replace(erased, payload=event.payload, actor=event.actor) == event
    with full.reading() as reader:
        (stored,) = reader.log(after=event.position - 1, limit=1)
        assert stored == erased
        assert after(None, stored).state != after(None, event).state
        assert reader.receipt(about_it.key) == about_it.emptied()
        assert reader.receipt(about_another.key) == about_another
        assert reader.receipt(elsewhere.key) == elsewhere
        (row,) = reader.select(
            "SELECT private, salt FROM events WHERE position = ?", (event.position,), org_id=None
        )
    private, salt = row
    assert digest_of_remaining(private.encode()) == digest
    assert bytes(salt) == b""
    assert "Fibre cut" not in private


def test_what_cannot_be_erased_is_refused_and_stays(full: Store, history: History) -> None:
    event = next(one for one in history.events if one.stream == history.incident)
    with full.writing() as turn:
        for org_id, name, fields in (
            (history.elsewhere, event.id, ("title",)),
            (history.net, event.id[:-1] + "0", ("title",)),
            (history.net, f"f{event.id[1:]}", ("title",)),
            (history.net, "", ("title",)),
            (history.net, "no id at all", ("title",)),
            (history.net, event.id, ("severity",)),
            (history.net, event.id, ("nothing",)),
        ):
            with pytest.raises(LookupError):
                turn.redact(org_id, name, fields)
        turn.commit()

    with full.reading() as reader:
        assert list(reader.log(limit=100_000)) == history.events


# -- what follows from the log -------------------------------------------------------------------


def test_clearing_takes_what_follows_and_leaves_the_log(full: Store, history: History) -> None:
    kept = receipt(history, "once")
    with full.writing() as turn:
        turn.write(Batch(batch_id="b", receipts=[kept]))
        indexed(turn, {11: "fibre"}, org_id=history.net)
        turn.put_checkpoint("search", 11)
        turn.put_public_notices([noticed(history)])
        turn.commit()

    with full.tending() as turn:
        turn.clear_projections()
        turn.commit()

    with full.writing() as turn:
        assert list(turn.log(limit=100_000)) == history.events
        assert len(turn.orgs()) == 2
        assert turn.credential(history.credentials[0].key_id) is not None
        assert turn.receipt(kept.key) == kept
        assert turn.head(history.net, history.incident) is None
        incident = history.heads[history.net, history.incident].state
        assert isinstance(incident, Ticket)
        assert turn.claimed_by(history.net, "ref", incident.ref) is None
        assert list(turn.due_deadlines(NOON + timedelta(days=365))) == []
        assert list(turn.with_term(history.net, {"label=routing"})) == []
        assert list(turn.search(history.net, [("fibre",)])) == []
        assert turn.checkpoint("search") == 0
        assert turn.columns(
            ["number"],
            "SELECT number FROM measured WHERE org_id = ?",
            (history.net,),
            org_id=history.net,
        ) == ("[]",)
        assert list(turn.select("SELECT number FROM public_notices", org_id=None)) == []
        assert [tuple(row) for row in turn.select("SELECT count(*) FROM tickets", org_id=None)] == [
            (0,)
        ]


def test_a_public_notice_replaces_the_one_before_and_ends_when_it_says(
    full: Store, history: History
) -> None:
    over = noticed(history)
    still = replace(over.notice.updates[0], status="investigating")
    again = replace(over, notice=replace(over.notice, updates=(still,)))
    found = []
    for row in (over, again):
        with full.writing() as turn:
            turn.put_public_notices([row])
            turn.commit()
        with full.reading() as reader:
            rows = reader.select(
                "SELECT org_id, number, is_over, ended_at, notice FROM public_notices", org_id=None
            )
        ((org_id, number, is_over, ended_at, text),) = rows
        assert (org_id, number, public_notice_of(text)) == (history.net, 1, row.notice)
        found.append((is_over, ended_at))
    assert found == [(1, to_text(NOON)), (0, OPEN_END)]
