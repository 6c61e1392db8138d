"""A turn of the writer, on a real database."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.handler.acting import House
from tests.handler.hearing import another_writer
from tocsin.core.commands import ChangeFields, ChangeSeverity, ChangeStatus, Redact
from tocsin.core.errors import (
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    Refusal,
    Unauthenticated,
    VersionMismatch,
)
from tocsin.core.record_commands import (
    ChangePolicy,
    RevokeKey,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import Answer, ReceiptKey
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check


def ticket(outcome: Outcome) -> Ticket:
    assert isinstance(outcome.state, Ticket)
    return outcome.state


def test_an_acknowledged_incident_is_on_disk_with_everything_beside_it(filed: House) -> None:
    opened = ticket(filed.ask("owner", filed.incident(correlation_keys=("cut-7",))))

    database = sqlite3.connect(filed.path)
    kinds = database.execute(
        "SELECT kind FROM events WHERE stream = ? ORDER BY version", (opened.stream,)
    ).fetchall()
    assert kinds == [("incident.created",)]
    assert database.execute("SELECT stream FROM tickets").fetchall() == [(opened.stream,)]
    assert ("environment=production",) in database.execute(
        "SELECT term FROM ticket_terms"
    ).fetchall()
    held = database.execute("SELECT kind, key FROM claims WHERE stream = ?", (opened.stream,))
    assert set(held.fetchall()) == {("ref", opened.ref), ("correlation_key", "cut-7")}
    database.close()


def test_the_log_is_read_back_as_it_was_written(home: House) -> None:
    opened = home.ask("owner", home.incident())
    closed = home.ask(
        "owner", ChangeStatus(status="closed", resolution="spliced"), subject=opened.stream
    )

    with home.store.reading() as reader:
        events = reader.stream_events(home.orgs["net"], opened.stream)
        head = reader.head(home.orgs["net"], opened.stream)
    assert tuple(events) == opened.events + closed.events
    assert [event.kind for event in closed.events] == [
        "incident.status_changed",
        "incident.resolved",
        "incident.status_changed",
        "incident.closed",
    ]
    assert head is not None
    assert head.state == closed.state
    assert [event.recorded_at for event in events] == sorted({one.recorded_at for one in events})


def test_a_ticket_is_found_by_its_id_and_by_its_ref(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    home.ask("owner", ChangeStatus(body="on it"), subject=opened.ref)
    noted = ticket(home.ask("teammate", ChangeStatus(body="same here"), subject=opened.id))
    assert noted.updates_total == 2


def test_a_stranger_is_told_nothing(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    with pytest.raises(NotFound):
        home.ask("stranger", ChangeStatus(body="hello"), subject=opened.id, org="elsewhere")
    with pytest.raises(Unauthenticated):
        home.ask("stranger", ChangeStatus(body="hello"), subject=opened.id)


def test_a_teammate_may_comment_but_not_move_what_is_not_its_own(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    assert ticket(home.ask("teammate", ChangeStatus(body="seen"), subject=opened.id)).version == 2
    with pytest.raises(Forbidden):
        home.ask("teammate", ChangeStatus(status="closed"), subject=opened.id)
    with home.store.reading() as reader:
        assert len(reader.stream_events(home.orgs["net"], opened.stream)) == 2


def test_a_stale_version_is_refused_and_leaves_no_trace(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    home.ask("owner", ChangeStatus(body="first"), subject=opened.id, version=1)
    with pytest.raises(VersionMismatch):
        home.ask("owner", ChangeStatus(body="second"), subject=opened.id, version=1)
    with home.store.reading() as reader:
        assert len(reader.stream_events(home.orgs["net"], opened.stream)) == 2


def answer(outcome: Outcome) -> Answer:
    return Answer(status=201, body=ticket(outcome).id.encode())


def key_of(home: House, text: str, body: bytes) -> ReceiptKey:
    return ReceiptKey(org_id=home.orgs["net"], scope="owner POST /", key=text, body_digest=body)


def test_the_same_request_gets_the_same_answer_and_makes_one_ticket(home: House) -> None:
    first = home.ask("owner", home.incident(), receipt=key_of(home, "k", b"1"), render=answer)
    again = home.ask("owner", home.incident(), receipt=key_of(home, "k", b"1"), render=answer)
    assert first.replayed is None
    assert again.replayed == first.answer
    assert again.events == ()
    with pytest.raises(IdempotencyMismatch):
        home.ask("owner", home.incident(), receipt=key_of(home, "k", b"2"), render=answer)


def test_after_a_day_an_idempotency_key_is_free_again(home: House) -> None:
    first = home.ask("owner", home.incident(), receipt=key_of(home, "k", b"1"), render=answer)
    home.clock.pass_by(timedelta(hours=24, seconds=1))
    later = home.ask("owner", home.incident(), receipt=key_of(home, "k", b"2"), render=answer)
    assert later.replayed is None
    assert later.stream != first.stream


def test_the_answer_to_what_changed_nothing_is_kept_too(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    home.ask("owner", ChangeStatus(status="closed"), subject=opened.id)
    key = key_of(home, "k", b"1")
    again = home.ask(
        "owner", ChangeStatus(status="closed"), subject=opened.id, receipt=key, render=answer
    )
    assert again.events == ()
    home.ask("admin", ChangeStatus(status="investigating", reason="back"), subject=opened.id)
    replayed = home.ask(
        "owner", ChangeStatus(status="closed"), subject=opened.id, receipt=key, render=answer
    )
    assert replayed.replayed == again.answer
    assert ticket(replayed).status is not Status.CLOSED


def test_instants_never_go_back_whoever_writes_and_whatever_their_clocks_say(home: House) -> None:
    opened = home.ask("owner", home.incident())
    home.clock.pass_by(timedelta(hours=1))
    with another_writer(home) as ahead:
        ahead.do(
            Submission(
                org_id=home.orgs["net"],
                sort="ticket",
                command=ChangeStatus(body="from a clock that is ahead"),
                subject=opened.stream.partition(":")[2],
                credential=home.keys["owner"],
            )
        )
    home.clock.pass_by(-timedelta(hours=1))
    for body in ("from one that is not", "and again"):
        home.ask("owner", ChangeStatus(body=body), subject=opened.stream.partition(":")[2])
    with home.store.reading() as reader:
        instants = [one.recorded_at for one in reader.log(limit=10_000)]
    assert instants == sorted(set(instants))


def test_one_batch_sees_what_it_has_decided(home: House) -> None:
    """The same correlation key, five times at once: one incident, four refusals that name it."""
    submissions = [
        Submission(
            org_id=home.orgs["net"],
            sort="ticket",
            command=home.incident(correlation_keys=("bgp-down",)),
            credential=home.keys["owner"],
        )
        for _ in range(5)
    ]
    results = home.writer.do_all(submissions)
    assert sum(isinstance(one, Outcome) for one in results) == 1
    assert sum(isinstance(one, Conflict) for one in results) == 4


def test_a_refused_submission_takes_its_preceding_commands_back(home: House) -> None:
    with home.store.reading() as reader:
        before = reader.last_position()
    with pytest.raises(Refusal):
        home.invite("nobody", org="net", role="emperor")
    with home.store.reading() as reader:
        assert reader.last_position() == before


def test_what_another_writer_decided_is_seen_by_the_very_next_decision(
    filed: House, tmp_path: Path
) -> None:
    """Two stores on one file: a closed ticket, a new policy, a revoked key; no-ops included."""
    opened = ticket(filed.ask("owner", filed.incident()))
    store = SqliteStore(tmp_path / "tocsin.db")
    beside = Writer(
        store=store,
        clock=filed.clock,
        entropy=lambda: next(filed.numbers),
        seal=lambda secret: secret,
    )
    beside.start()

    def elsewhere(sort: str, command: object, subject: str) -> None:
        beside.do(
            Submission(
                org_id=filed.orgs["net"],
                sort=sort,
                command=command,  # type: ignore[arg-type]
                subject=subject,
            )
        )

    elsewhere("ticket", ChangeStatus(status="closed"), opened.id)
    same_again = filed.ask("owner", ChangeStatus(status="closed"), subject=opened.id)
    assert same_again.events == ()
    assert ticket(same_again).status is Status.CLOSED

    elsewhere("policy", ChangePolicy(severity_levels=3), "policy")
    with pytest.raises(Refusal):
        filed.ask("owner", filed.incident(severity="sev4"))

    elsewhere("key", RevokeKey(), filed.keys["owner"].key_id)
    with filed.store.writing() as turn:
        # Another thread of ours, which decides nothing: Slack's, say, that keeps a channel.
        turn.commit()
    with pytest.raises(Unauthenticated):
        filed.ask("owner", ChangeStatus(body="still me"), subject=opened.id)
    beside.stop()
    store.close()


def test_a_wrong_secret_and_an_unknown_key_are_refused_alike(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    for wrong in (b"x" * 32, b""):
        home.keys["forged"] = type(home.keys["owner"])(
            key_id=home.keys["owner"].key_id, digest=wrong, address="127.0.0.1"
        )
        with pytest.raises(Unauthenticated):
            home.ask("forged", ChangeStatus(body="hi"), subject=opened.id)


def test_a_redacted_text_is_gone_from_the_file(filed: House, tmp_path: Path) -> None:
    secret = "the-name-of-a-customer"
    opened = filed.ask("owner", filed.incident(title=secret, description="plain"))
    filed.ask("owner", ChangeFields(description="still plain"), subject=opened.stream)
    filed.ask(
        "admin",
        Redact(event=opened.events[0].id, fields=("title",), reason="privacy"),
        subject=opened.stream,
    )
    with filed.store.reading() as reader:
        head = reader.head(filed.orgs["net"], opened.stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    assert head.state.title == "[removed]"
    assert head.state.description == "still plain"
    database = sqlite3.connect(filed.path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


def test_severity_moves_are_recorded_with_old_and_new(home: House) -> None:
    opened = ticket(home.ask("owner", home.incident()))
    raised = home.ask("owner", ChangeSeverity(severity="sev1"), subject=opened.id)
    assert [event.kind for event in raised.events] == ["incident.severity_changed"]


def in_one_batch(home: House, submissions: list[Submission]) -> list[Outcome | BaseException]:
    """What becomes of *submissions* that all wait before the writer takes its first turn."""
    writer = Writer(
        store=home.store, clock=home.clock, entropy=lambda: next(home.numbers), seal=bytes
    )

    async def handed_in() -> list[Outcome | BaseException]:
        loop = asyncio.get_running_loop()
        futures = [writer.submit(one, loop) for one in submissions]
        writer.start()
        return await asyncio.gather(*futures, return_exceptions=True)

    try:
        return asyncio.run(handed_in())
    finally:
        writer.stop()


def test_a_refused_redaction_erases_nothing_whatever_else_is_in_the_batch(filed: House) -> None:
    opened = ticket(filed.ask("owner", filed.incident()))
    with filed.store.reading() as turn:
        (created,) = turn.stream_events(filed.orgs["net"], opened.stream)
    refused, done = in_one_batch(
        filed,
        [
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=opened.id,
                command=Redact(event=created.id, fields=("title",), reason="x" * 10_000),
                credential=filed.keys["admin"],
            ),
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=opened.id,
                command=ChangeStatus(body="looking"),
                credential=filed.keys["owner"],
            ),
        ],
    )
    assert isinstance(refused, Invalid)
    assert isinstance(done, Outcome)
    with filed.store.reading() as turn:
        first, *_ = turn.stream_events(filed.orgs["net"], opened.stream)
    assert first == created
    assert check(filed.path) == []


def test_a_redaction_keeps_what_its_own_batch_has_decided(filed: House) -> None:
    opened = ticket(filed.ask("owner", filed.incident()))
    with filed.store.reading() as turn:
        (created,) = turn.stream_events(filed.orgs["net"], opened.stream)
    receipt = ReceiptKey(org_id=filed.orgs["net"], scope="s", key="k", body_digest=b"b" * 32)
    saying = Submission(
        org_id=filed.orgs["net"],
        sort="ticket",
        subject=opened.id,
        command=ChangeStatus(body="looking"),
        credential=filed.keys["owner"],
        receipt=receipt,
        render=lambda outcome: Answer(status=200, body=ticket(outcome).title.encode()),
    )
    said, redacted, again = in_one_batch(
        filed,
        [
            saying,
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=opened.id,
                command=Redact(event=created.id, fields=("title",)),
                credential=filed.keys["admin"],
            ),
            saying,
        ],
    )
    assert isinstance(said, Outcome)
    assert isinstance(redacted, Outcome)
    assert isinstance(again, IdempotencyMismatch)
    assert "erased" in again.detail
    left = ticket(redacted)
    assert (left.title, left.updates_total) == ("[removed]", 1)
    with filed.store.reading() as turn:
        kept = turn.receipt(receipt)
    assert kept is not None
    assert (kept.is_emptied, kept.answer.body) == (True, b"")
    assert check(filed.path) == []


def test_a_redaction_that_is_only_tried_erases_nothing(filed: House) -> None:
    opened = ticket(filed.ask("owner", filed.incident()))
    with filed.store.reading() as turn:
        (created,) = turn.stream_events(filed.orgs["net"], opened.stream)
    tried, done = in_one_batch(
        filed,
        [
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=opened.id,
                command=Redact(event=created.id, fields=("title",)),
                credential=filed.keys["admin"],
                dry_run=True,
            ),
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=opened.id,
                command=ChangeStatus(body="looking"),
                credential=filed.keys["owner"],
            ),
        ],
    )
    assert isinstance(tried, Outcome)
    assert isinstance(done, Outcome)
    with filed.store.reading() as turn:
        first, *_ = turn.stream_events(filed.orgs["net"], opened.stream)
    assert first == created
    assert check(filed.path) == []


def test_what_is_only_tried_leaves_no_trace_in_what_is_decided_next(filed: House) -> None:
    """A record that is changed twice on the way is put back to how it was before the first."""
    org_id = filed.orgs["net"]
    tried, opened = in_one_batch(
        filed,
        [
            Submission(
                org_id=org_id,
                sort="policy",
                subject="policy",
                preceding=(("policy", ChangePolicy(severity_levels=3)),),
                command=ChangePolicy(auto_start=False),
                dry_run=True,
            ),
            Submission(org_id=org_id, sort="ticket", command=filed.incident(severity="sev4")),
        ],
    )
    assert isinstance(tried, Outcome)
    assert isinstance(opened, Outcome)
    with filed.store.reading() as turn:
        positions = [one.position for one in turn.log(limit=10_000)]
        assert turn.head(org_id, "policy:policy") is None
    assert positions == list(range(1, len(positions) + 1))
