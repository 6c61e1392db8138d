"""What the policy says is kept for so many days goes when they are over, and nothing else does."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.handler.acting import House
from tests.projections.test_rebuilding import ROWS
from tocsin.adapters.clock.clockwork import (
    BETWEEN_ERASURES,
    ERASED_EVERY,
    LONGEST_PAUSE,
    Clockwork,
)
from tocsin.adapters.clock.erasing import AT_ONCE, READ_AT_ONCE, Erasing
from tocsin.core.commands import (
    AttachSignal,
    ChangeFields,
    ChangeStatus,
    Command,
    PlanMaintenance,
    RecordMessage,
    Redact,
    SignalDraft,
)
from tocsin.core.errors import Invalid, Refusal
from tocsin.core.facts import Event
from tocsin.core.instants import DAY, HOUR
from tocsin.core.record_commands import ChangePolicy, CreateMember, CreateStatusPage
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import MessageRecorded, NoteAdded, Redacted
from tocsin.core.words import Status
from tocsin.handler.submission import Speaker, Submission
from tocsin.handler.writer import Result, Writer
from tocsin.projections.checking import problems_of_measures, problems_of_search
from tocsin.projections.following import Followers
from tocsin.projections.rebuilding import rebuild
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres.tending import check as check_postgres
from tocsin.store.sqlite.tending import check as check_file

REMOVED = "[removed]"


def keep(home: House, **days: int | None) -> None:
    """The net's policy says so."""
    home.ask("admin", ChangePolicy(**days), sort="policy")  # type: ignore[arg-type]


def clockwork_of(home: House) -> Clockwork:
    return Clockwork(store=home.store, writer=home.writer, clock=home.clock)


def beaten(home: House, clockwork: Clockwork, *, after: timedelta = ERASED_EVERY) -> int:
    """Let so much time pass, and the clock beat until it has nothing to do; how many events that
    made."""
    home.clock.pass_by(after)
    before = last_position(home)
    for _ in range(100):
        if clockwork.beat() == LONGEST_PAUSE:
            return last_position(home) - before
        home.clock.pass_by(BETWEEN_ERASURES)
    raise AssertionError("the clock goes round and round")


def running(home: House) -> Clockwork:
    """A clock that has beaten once, as it does when a process starts."""
    clockwork = clockwork_of(home)
    clockwork.beat()
    return clockwork


def last_position(home: House) -> int:
    with home.store.reading() as turn:
        return turn.last_position()


def events(home: House, stream: str, org: str = "net") -> list[Event]:
    with home.store.reading() as turn:
        return list(turn.stream_events(home.orgs[org], stream))


def ticket(home: House, stream: str, org: str = "net") -> Ticket:
    with home.store.reading() as turn:
        head = turn.head(home.orgs[org], stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    return head.state


def opened(home: House, who: str = "owner", *, org: str = "net", **given: object) -> str:
    """An incident; its stream."""
    return home.ask(who, home.incident(**given), org=org).stream  # type: ignore[arg-type]


def ask(home: House, who: str, stream: str, command: Command, *, org: str = "net") -> None:
    home.ask(who, command, subject=stream.partition(":")[2], org=org)


def close(home: House, stream: str) -> None:
    ask(home, "admin", stream, ChangeStatus(status="closed"))


def from_slack(home: House, stream: str, text: str, author: str = "Mia") -> None:
    """Somebody writes that in the ticket's thread."""
    said = RecordMessage(
        message_id=f"slack:T:C:{next(home.numbers)}",
        source="slack",
        author=author,
        text=text,
        at=home.clock(),
    )
    home.writer.do(
        Submission(
            org_id=home.orgs["net"],
            sort="ticket",
            subject=stream,
            command=said,
            via="slack",
        )
    )


def noted_in_slack(home: House, who: str, stream: str, body: str) -> None:
    """A member says it to Tocsin, in Slack."""
    with home.store.reading() as turn:
        members = turn.heads_of_sort(home.orgs["net"], "member")
    (member,) = [one for one in members if getattr(one.state, "name", "") == who]
    home.writer.do(
        Submission(
            org_id=home.orgs["net"],
            sort="ticket",
            subject=stream,
            command=ChangeStatus(body=body),
            speaker=Speaker(member_id=member.stream.partition(":")[2]),
            via="slack",
        )
    )


def messages(home: House, stream: str) -> list[tuple[str, str]]:
    """Who wrote what in the chat, as it now reads."""
    told = [one.payload for one in events(home, stream)]
    return [(one.author, one.text) for one in told if isinstance(one, MessageRecorded)]


def notes(home: House, stream: str) -> list[tuple[str, str]]:
    """Who noted what, as it now reads."""
    return [
        (one.actor.name, one.payload.body)
        for one in events(home, stream)
        if isinstance(one.payload, NoteAdded)
    ]


def names(home: House, stream: str, org: str = "net") -> list[str]:
    """The names of the members who did something to it."""
    return [one.actor.name for one in events(home, stream, org) if one.actor.type == "user"]


def follow(home: House) -> None:
    followers = Followers(store=home.store, clock=home.clock, timer=count().__next__)
    while followers() is not None:
        pass


def found(home: House, word: str) -> int:
    """How many tickets the search finds by *word*."""
    with home.store.reading() as turn:
        return len(turn.search(home.orgs["net"], [[word]]))


def check(home: House) -> list[str]:
    """What ``db check`` has to say."""
    problems = (
        check_postgres(home.store)
        if isinstance(home.store, PostgresStore)
        else check_file(home.path)
    )
    return [*problems, *problems_of_search(home.store), *problems_of_measures(home.store)]


def followed(home: House) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that follows from the log, but for how far who has come."""
    asked = ROWS | {"search": "SELECT rowid, text FROM search ORDER BY 1"}
    with home.store.reading() as turn:
        return {
            table: [tuple(row) for row in turn.select(sql, org_id=None)]
            for table, sql in asked.items()
            if table != "checkpoints"
        }


# -- what was written in Slack -------------------------------------------------------------------


def test_what_was_written_in_slack_goes_after_its_days_whatever_its_ticket_is(
    acting: House,
) -> None:
    stream = opened(acting, description="The marten again.")
    from_slack(acting, stream, "It bit through marzipanium.")
    noted_in_slack(acting, "owner", stream, "Shall we call marzipanium?")
    ask(acting, "owner", stream, ChangeStatus(body="They are on their way."))
    keep(acting, slack_retention_days=10)
    clockwork = running(acting)
    follow(acting)
    assert found(acting, "marzipanium") == 1

    assert beaten(acting, clockwork, after=10 * DAY - HOUR) == 0
    acting.clock.pass_by(HOUR)
    from_slack(acting, stream, "Still here.")
    assert beaten(acting, clockwork) == 2

    assert messages(acting, stream) == [(REMOVED, REMOVED), ("Mia", "Still here.")]
    assert notes(acting, stream) == [(REMOVED, REMOVED), ("owner", "They are on their way.")]
    assert ticket(acting, stream).description == "The marten again."
    assert ticket(acting, stream).created_by.name == "owner"
    assert ticket(acting, stream).status is Status.OPEN
    follow(acting)
    assert found(acting, "marzipanium") == 0
    assert found(acting, "marten") == 1
    assert check(acting) == []


def test_an_erasure_is_a_fact_of_the_system_that_says_why(acting: House) -> None:
    stream = opened(acting)
    from_slack(acting, stream, "Dark.")
    keep(acting, slack_retention_days=10)
    beaten(acting, running(acting), after=10 * DAY + ERASED_EVERY)

    newest = events(acting, stream)[-1]
    assert isinstance(newest.payload, Redacted)
    assert (newest.actor.type, newest.via) == ("system", "clock")
    assert newest.payload.fields == ("author", "text")
    assert newest.payload.reason == "retention: slack_retention_days 10"
    assert newest.payload.event == events(acting, stream)[1].id


def test_a_second_beat_finds_nothing_left_and_neither_does_another_process(acting: House) -> None:
    stream = opened(acting, reporter_name="Jan")
    from_slack(acting, stream, "Dark.")
    close(acting, stream)
    keep(acting, slack_retention_days=10, pii_retention_days=10)
    clockwork, another = running(acting), running(acting)

    assert beaten(acting, clockwork, after=11 * DAY) > 0
    assert beaten(acting, clockwork) == 0
    assert beaten(acting, another) == 0
    assert beaten(acting, clockwork_of(acting), after=30 * DAY) == 0


def test_who_does_not_hold_the_duty_erases_nothing(acting: House) -> None:
    stream = opened(acting)
    from_slack(acting, stream, "Dark.")
    keep(acting, slack_retention_days=10)
    idle = Clockwork(
        store=acting.store, writer=acting.writer, clock=acting.clock, holding=lambda: None
    )
    idle.beat()
    assert beaten(acting, idle, after=11 * DAY) == 0
    assert messages(acting, stream) == [("Mia", "Dark.")]


def test_after_a_rebuild_it_is_the_same_and_nothing_is_erased_twice(acting: House) -> None:
    stream = opened(acting, reporter_name="Jan", reporter_email="jan@example.org")
    from_slack(acting, stream, "Dark.")
    noted_in_slack(acting, "owner", stream, "Dark indeed.")
    ask(acting, "admin", stream, ChangeFields(reporter_name="Jan de Vries"))
    close(acting, stream)
    keep(acting, slack_retention_days=10, pii_retention_days=20)
    clockwork = running(acting)
    beaten(acting, clockwork, after=11 * DAY)
    beaten(acting, clockwork, after=10 * DAY)
    follow(acting)
    before, timeline = followed(acting), events(acting, stream)
    assert before["search"]

    rebuild(acting.store)

    assert followed(acting) == before
    # How far the clock has come follows from no log: it begins anew, and passes by what was done.
    assert beaten(acting, clockwork) == 0
    assert events(acting, stream) == timeline
    assert check(acting) == []


# -- who people are ------------------------------------------------------------------------------


def test_who_people_are_goes_so_long_after_the_end_of_a_ticket(acting: House) -> None:
    over = opened(acting, reporter_name="Jan", reporter_email="jan@example.org")
    ask(acting, "teammate", over, ChangeStatus(body="Mia knows more."))
    ask(acting, "admin", over, ChangeFields(reporter_name="Jan de Vries", reporter_email=None))
    from_slack(acting, over, "Dark.")
    still = opened(acting, title="Still dark", reporter_name="Piet")
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)
    acting.clock.pass_by(100 * DAY)
    close(acting, over)

    assert beaten(acting, clockwork, after=29 * DAY) == 0
    assert beaten(acting, clockwork, after=DAY + HOUR) > 0

    assert set(names(acting, over)) == {REMOVED}
    erased = ticket(acting, over)
    assert (erased.created_by.name, erased.reporter_name) == (REMOVED, REMOVED)
    assert erased.reporter_email is None
    assert "jan" not in repr(events(acting, over)).lower()
    # What was said is what happened; only who said it goes.
    assert notes(acting, over) == [(REMOVED, "Mia knows more.")]
    assert messages(acting, over) == [(REMOVED, "Dark.")]
    assert erased.description == "No light since noon."
    kept = ticket(acting, still)
    assert (kept.created_by.name, kept.reporter_name, kept.version) == ("owner", "Piet", 1)
    follow(acting)
    assert check(acting) == []


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_ticket_has_ended_when_nobody_is_needed_any_more(acting: House, status: str) -> None:
    stream = opened(acting)
    ask(acting, "admin", stream, ChangeStatus(status=status))
    keep(acting, pii_retention_days=1)
    assert beaten(acting, running(acting), after=2 * DAY) > 0
    assert set(names(acting, stream)) == {REMOVED}


def test_closing_what_was_resolved_before_counts_anew(acting: House) -> None:
    stream = opened(acting)
    ask(acting, "admin", stream, ChangeStatus(status="resolved"))
    keep(acting, pii_retention_days=10)
    clockwork = running(acting)
    acting.clock.pass_by(9 * DAY)
    close(acting, stream)
    assert beaten(acting, clockwork, after=9 * DAY) == 0
    assert beaten(acting, clockwork, after=DAY + HOUR) > 0
    assert set(names(acting, stream)) == {REMOVED}


def test_when_it_is_said_to_have_ended_does_not_count(acting: House) -> None:
    """Nobody can date an end back, and so have who did what forgotten."""
    stream = opened(acting, start_at=acting.clock() - 40 * DAY)
    moved = ChangeStatus(status="closed", at=acting.clock() - 39 * DAY)
    ask(acting, "admin", stream, moved)
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)
    assert beaten(acting, clockwork, after=29 * DAY) == 0
    assert beaten(acting, clockwork, after=DAY + HOUR) > 0


def test_a_maintenance_that_the_clock_closed_has_ended_too(acting: House) -> None:
    ticket_id = acting.fresh()
    start_at = acting.clock() + HOUR
    planning = PlanMaintenance(
        ticket_id=ticket_id,
        refs=("M20261120-0001", "M20261120-0002"),
        title="Fibre swap",
        description="Swapping the fibre of ams-1.",
        devices=("ams-1",),
        start_at=start_at,
        end_at=start_at + HOUR,
    )
    stream = acting.ask("owner", planning).stream
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)
    # It starts, overruns and is closed in one go, long after its time: recorded now.
    acting.clock.pass_by(60 * DAY)
    while not clockwork.beat():
        pass
    assert ticket(acting, stream).status is Status.CLOSED
    assert names(acting, stream) == ["owner"]
    assert beaten(acting, clockwork, after=31 * DAY) == 1
    assert names(acting, stream) == [REMOVED]


def test_a_reopened_ticket_keeps_what_it_has_until_it_ends_again(acting: House) -> None:
    stream = opened(acting)
    close(acting, stream)
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)
    acting.clock.pass_by(29 * DAY)
    ask(acting, "admin", stream, ChangeStatus(status="investigating", reason="Dark again."))
    assert beaten(acting, clockwork, after=200 * DAY) == 0
    close(acting, stream)
    assert beaten(acting, clockwork, after=29 * DAY) == 0
    assert set(names(acting, stream)) == {"owner", "admin"}

    assert beaten(acting, clockwork, after=2 * DAY) > 0
    assert set(names(acting, stream)) == {REMOVED}


def test_what_is_said_after_the_end_is_kept_as_long(acting: House) -> None:
    stream = opened(acting)
    close(acting, stream)
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)
    acting.clock.pass_by(20 * DAY)
    ask(acting, "teammate", stream, ChangeStatus(body="The report is written."))

    beaten(acting, clockwork, after=11 * DAY)
    assert notes(acting, stream) == [("teammate", "The report is written.")]
    beaten(acting, clockwork, after=20 * DAY)
    assert notes(acting, stream) == [(REMOVED, "The report is written.")]
    assert set(names(acting, stream)) == {REMOVED}


def test_who_attached_an_alert_goes_and_what_it_said_stays(acting: House) -> None:
    stream = opened(acting)
    draft = SignalDraft(source="snmp", summary="Port 3 is dark", fingerprint="port-3")
    ask(acting, "owner", stream, AttachSignal(signal=draft))
    close(acting, stream)
    keep(acting, pii_retention_days=30)
    beaten(acting, running(acting), after=31 * DAY)
    assert set(names(acting, stream)) == {REMOVED}
    with acting.store.reading() as turn:
        ((reason, words),) = turn.select("SELECT reason, draft FROM signals", org_id=None)
    assert reason == "attached by hand"
    assert "Port 3 is dark" in words


def test_a_service_has_a_name_that_is_nobodys(acting: House) -> None:
    member = acting.fresh()
    acting.system(
        "member",
        CreateMember(member_id=member, name="prometheus", role="member", service=True),
        org_id=acting.orgs["net"],
    )
    stream = acting.writer.do(
        Submission(
            org_id=acting.orgs["net"],
            sort="ticket",
            command=acting.incident(),
            speaker=Speaker(member_id=member),
        )
    ).stream
    close(acting, stream)
    keep(acting, pii_retention_days=30)
    beaten(acting, running(acting), after=31 * DAY)
    assert names(acting, stream)[0] == "prometheus"
    assert set(names(acting, stream)[1:]) == {REMOVED}


def test_where_a_subscription_went_that_is_over_goes_too(acting: House) -> None:
    page = CreateStatusPage(status_page_id=acting.fresh(), code="main", name="Acme")
    acting.ask("admin", page, sort="status_page")
    streams = []
    for address in ("ann@example.org", "ben@example.org"):
        making = CreateSubscription(
            subscription_id=acting.fresh(),
            page="main",
            kind="email",
            address=address,
            asked_at=acting.clock(),
        )
        made = acting.system("subscription", making, org_id=acting.orgs["net"])
        streams.append(made.stream)
    ended, lasting = streams
    ask_admin = ended.partition(":")[2]
    acting.ask("admin", RemoveSubscription(), subject=ask_admin, sort="subscription")
    keep(acting, pii_retention_days=30)
    clockwork = running(acting)

    assert beaten(acting, clockwork, after=29 * DAY) == 0
    assert beaten(acting, clockwork, after=2 * DAY) == 2
    assert "ann@" not in repr(events(acting, ended))
    assert "ben@" in repr(events(acting, lasting))
    assert beaten(acting, clockwork) == 0
    assert check(acting) == []


# -- how it is done ------------------------------------------------------------------------------


def test_a_shorter_span_counts_from_the_next_look_and_none_keeps_all(acting: House) -> None:
    stream = opened(acting)
    for text in ("first", "second", "third"):
        from_slack(acting, stream, text)
        acting.clock.pass_by(10 * DAY)
    keep(acting, slack_retention_days=25)
    clockwork = running(acting)
    beaten(acting, clockwork)
    assert [text for _, text in messages(acting, stream)] == [REMOVED, "second", "third"]

    keep(acting, slack_retention_days=15)
    beaten(acting, clockwork)
    assert [text for _, text in messages(acting, stream)] == [REMOVED, REMOVED, "third"]

    keep(acting, slack_retention_days=None)
    assert beaten(acting, clockwork, after=100 * DAY) == 0
    keep(acting, slack_retention_days=300)
    assert beaten(acting, clockwork) == 0
    keep(acting, slack_retention_days=100)
    beaten(acting, clockwork)
    assert [text for _, text in messages(acting, stream)] == [REMOVED, REMOVED, REMOVED]


@pytest.mark.parametrize("name", ["slack_retention_days", "pii_retention_days"])
@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_what_is_no_span_is_refused_and_changes_nothing(
    acting: House, name: str, days: int
) -> None:
    with pytest.raises(Invalid):
        keep(acting, **{name: days})
    with acting.store.reading() as turn:
        assert turn.head(acting.orgs["net"], "policy:policy") is None


def test_an_org_that_says_nothing_keeps_everything_and_costs_nothing(acting: House) -> None:
    keep(acting, slack_retention_days=1, pii_retention_days=1)
    theirs = opened(
        acting, "stranger", org="elsewhere", devices=(), services=("web",), reporter_name="Jan"
    )
    ask(acting, "stranger", theirs, ChangeStatus(status="closed"), org="elsewhere")
    assert beaten(acting, running(acting), after=100 * DAY) == 0
    assert ticket(acting, theirs, "elsewhere").reporter_name == "Jan"
    with acting.store.reading() as turn:
        names = turn.select("SELECT name FROM checkpoints ORDER BY name", org_id=None)
    assert [name for (name,) in names if name.endswith(f":{acting.orgs['elsewhere']}")] == []
    assert len([name for (name,) in names if "retention" in name]) == 2


def test_a_long_timeline_goes_by_handfuls(acting: House) -> None:
    stream = opened(acting)
    for number in range(AT_ONCE + 5):
        ask(acting, "owner", stream, ChangeStatus(body=f"note {number}"))
    close(acting, stream)
    people = len(names(acting, stream))
    keep(acting, pii_retention_days=1)
    erasing = Erasing(store=acting.store, writer=acting.writer)
    later = acting.clock() + 2 * DAY
    acting.clock.pass_by(2 * DAY)

    assert erasing.look(at=later) is True
    assert names(acting, stream).count(REMOVED) == AT_ONCE
    assert erasing.look(at=later) is False
    assert names(acting, stream).count(REMOVED) == people
    assert [body for _, body in notes(acting, stream)] == [
        f"note {number}" for number in range(AT_ONCE + 5)
    ]
    follow(acting)
    assert check(acting) == []


def test_a_long_log_is_followed_by_slices(filed: House) -> None:
    stream = opened(filed)
    for number in range(READ_AT_ONCE + 5):
        ask(filed, "owner", stream, ChangeStatus(body=f"note {number}"))
    from_slack(filed, stream, "Dark.")
    keep(filed, slack_retention_days=1)
    erasing = Erasing(store=filed.store, writer=filed.writer)
    filed.clock.pass_by(2 * DAY)
    assert erasing.look(at=filed.clock()) is True
    assert messages(filed, stream) == [("Mia", "Dark.")]
    assert erasing.look(at=filed.clock()) is False
    assert messages(filed, stream) == [(REMOVED, REMOVED)]


class Interrupted(Writer):
    """A writer before which somebody else is quicker, once."""

    def __init__(self, home: House, stream: str) -> None:
        super().__init__(
            store=home.store, clock=home.clock, entropy=lambda: next(home.numbers), seal=bytes
        )
        self._home, self._stream = home, stream
        self._reopened = False

    def do_all(self, submissions: list[Submission]) -> list[Result]:  # type: ignore[override]
        """Reopen the ticket, then do what is asked."""
        if not self._reopened:
            self._reopened = True
            ask(
                self._home,
                "admin",
                self._stream,
                ChangeStatus(status="investigating", reason="Dark again."),
            )
        return self._home.writer.do_all(submissions)


def test_a_ticket_that_is_reopened_in_that_moment_keeps_what_it_has(acting: House) -> None:
    stream = opened(acting, reporter_name="Jan")
    close(acting, stream)
    keep(acting, pii_retention_days=1)
    acting.clock.pass_by(2 * DAY)
    erasing = Erasing(store=acting.store, writer=Interrupted(acting, stream))

    assert erasing.look(at=acting.clock()) is True
    assert erasing.look(at=acting.clock()) is False

    assert ticket(acting, stream).reporter_name == "Jan"
    assert REMOVED not in names(acting, stream)


def test_two_processes_at_once_do_it_once(acting: House) -> None:
    """While a duty goes from one to the other, both may have looked before either has written."""
    stream = opened(acting)
    from_slack(acting, stream, "Dark.")
    keep(acting, slack_retention_days=1)
    acting.clock.pass_by(2 * DAY)
    other = Erasing(store=acting.store, writer=acting.writer)

    class Slower(Writer):
        def do_all(self, submissions: list[Submission]) -> list[Result]:  # type: ignore[override]
            assert other.look(at=acting.clock()) is False
            return acting.writer.do_all(submissions)

    slower = Slower(
        store=acting.store, clock=acting.clock, entropy=lambda: next(acting.numbers), seal=bytes
    )
    late = Erasing(store=acting.store, writer=slower)
    assert late.look(at=acting.clock()) is True
    assert late.look(at=acting.clock()) is False
    told = [one for one in events(acting, stream) if isinstance(one.payload, Redacted)]
    assert len(told) == 1


def test_what_cannot_be_erased_is_told_once_and_not_in_the_way(acting: House) -> None:
    stream = opened(acting)
    from_slack(acting, stream, "first")
    from_slack(acting, stream, "second")
    keep(acting, slack_retention_days=1)
    acting.clock.pass_by(2 * DAY)
    stubborn = events(acting, stream)[1].id

    class Reluctant(Writer):
        def do_all(self, submissions: list[Submission]) -> list[Result]:  # type: ignore[override]
            (one,) = submissions
            assert isinstance(one.command, Redact)
            if one.command.event == stubborn:
                return [Refusal("not this one")]
            return acting.writer.do_all(submissions)

    reluctant = Reluctant(
        store=acting.store, clock=acting.clock, entropy=lambda: next(acting.numbers), seal=bytes
    )
    erasing = Erasing(store=acting.store, writer=reluctant)
    with capture_logs() as logs:
        assert erasing.look(at=acting.clock()) is False
        assert erasing.look(at=acting.clock()) is False
    assert [one["action"] for one in logs] == ["retention_refused", "retention_erased"]
    assert logs[0]["event_id"] == stubborn
    assert "first" not in repr(logs)
    assert messages(acting, stream) == [("Mia", "first"), (REMOVED, REMOVED)]


def test_a_damaged_log_stops_no_clock_and_is_told_once(filed: House) -> None:
    stream = opened(filed)
    from_slack(filed, stream, "first")
    from_slack(filed, stream, "second")
    keep(filed, slack_retention_days=1)
    clockwork = running(filed)
    damaged = events(filed, stream)[1].position
    database = sqlite3.connect(filed.path, isolation_level=None)
    (whole,) = database.execute(
        "SELECT private FROM events WHERE position = ?", (damaged,)
    ).fetchone()
    database.execute("UPDATE events SET private = '{' WHERE position = ?", (damaged,))

    with capture_logs() as logs:
        assert beaten(filed, clockwork, after=2 * DAY) == 0
        assert beaten(filed, clockwork) == 0
    assert [one["action"] for one in logs] == ["retention_stopped"]

    database.execute("UPDATE events SET private = ? WHERE position = ?", (whole, damaged))
    database.close()
    assert beaten(filed, clockwork) == 2
    assert messages(filed, stream) == [(REMOVED, REMOVED), (REMOVED, REMOVED)]
