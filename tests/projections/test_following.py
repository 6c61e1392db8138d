"""The follower that keeps the search: what it takes in, when it rests, and what it forgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.handler.acting import House
from tests.projections.histories import follow
from tocsin.core.commands import (
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    PostPublicUpdate,
    Redact,
)
from tocsin.handler.submission import Outcome, Submission
from tocsin.projections.checking import problems_of_search
from tocsin.projections.following import REST_SECONDS, SEARCH, SHORT, SLICE, Followers
from tocsin.projections.measuring import MEASURES
from tocsin.projections.public_notices import PUBLIC
from tocsin.projections.rebuilding import rebuild
from tocsin.store.sqlite.connecting import connect

SECRET = b"marzipanium"
"""A word that is nowhere else."""


@dataclass(slots=True)
class Timer:
    """Seconds that pass when they are told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def found(home: House, *words: str, org: str = "net") -> list[int]:
    """Numbers of the tickets that have all *words*."""
    with home.store.reading() as turn:
        return list(turn.search(home.orgs[org], [(word,) for word in words]))


def opened(home: House, title: str = "Fibre cut") -> str:
    """Open an incident; its id."""
    return home.ask("owner", home.incident(title)).stream.partition(":")[2]


def position(home: House) -> int:
    """How far the log goes."""
    with home.store.reading() as turn:
        return turn.last_position()


# -- what is found -------------------------------------------------------------------------------


def test_a_ticket_is_found_by_its_words_once_followed(home: House) -> None:
    opened(home, "Quartz oscillator drifting")
    assert found(home, "quartz") == []

    follow(home)

    assert len(found(home, "quartz")) == 1
    assert found(home, "QUARTZ", "drift") == found(home, "quartz")
    assert found(home, "quartz", "kestrel") == []
    assert found(home, "quartz", org="elsewhere") == []


def test_changed_words_replace_the_old_ones(home: House) -> None:
    subject = opened(home, "Quartz oscillator drifting")
    follow(home)

    home.ask("owner", ChangeFields(title="Kestrel on the mast"), subject=subject)
    home.ask("owner", ChangeLabels(add=("zephyr",)), subject=subject)
    home.ask("owner", ChangeStatus(body="marimba heard"), subject=subject)
    home.ask("owner", ChangeStatus(status="closed", resolution="obsidian fitted"), subject=subject)
    follow(home)

    assert found(home, "quartz") == []
    for word in ("kestrel", "zephyr", "marimba", "obsidian"):
        assert len(found(home, word)) == 1, word
    assert list(problems_of_search(home.store)) == []


def test_a_checkpoint_is_the_end_of_what_was_followed(home: House) -> None:
    opened(home)
    follow(home)
    with home.store.reading() as turn:
        assert turn.checkpoint(SEARCH) == turn.last_position()


def test_what_does_not_change_words_moves_only_the_checkpoint(filed: House) -> None:
    subject = opened(filed)
    follow(filed)
    with filed.file.tending() as turn:
        # Were the ticket indexed again, its document would be back.
        turn.connection.execute("DELETE FROM search")
        turn.commit()

    filed.ask("owner", ChangeSeverity(severity="sev1"), subject=subject)
    follow(filed)

    assert found(filed, "fibre") == []
    with filed.store.reading() as turn:
        assert turn.checkpoint(SEARCH) == turn.last_position()


# -- slices and rests ----------------------------------------------------------------------------


def test_between_two_runs_to_the_end_it_rests(home: House) -> None:
    timer = Timer()
    followers = Followers(store=home.store, clock=home.clock, timer=timer)
    opened(home, "quartz")
    assert followers() == REST_SECONDS
    assert len(found(home, "quartz")) == 1

    opened(home, "kestrel")
    timer.now += REST_SECONDS / 4
    assert followers() == pytest.approx(REST_SECONDS * 3 / 4)
    assert found(home, "kestrel") == []

    timer.now += REST_SECONDS * 3 / 4 + 0.001
    assert followers() == REST_SECONDS
    assert len(found(home, "kestrel")) == 1

    timer.now += REST_SECONDS + 0.001
    assert followers() is None


def test_a_long_log_is_followed_slice_by_slice_without_a_rest(home: House) -> None:
    opened_at_once(home, 2 * SLICE)
    followers = Followers(store=home.store, clock=home.clock, timer=Timer())
    last = position(home)

    assert followed_to(home) == 0
    assert followers() == 0.0
    assert followed_to(home) == SHORT
    # Nobody writes, so nobody waits for a long one.
    assert followers() == 0.0
    assert followed_to(home) == SHORT + SLICE
    assert followers() == REST_SECONDS
    assert followed_to(home) == last
    with home.store.reading() as turn:
        numbers = turn.search(home.orgs["net"], [("quartz",)], limit=1_000)
    assert len(numbers) == 2 * SLICE


@pytest.mark.parametrize(
    ("came", "length"), [(1, SHORT), (SHORT, 2 * SHORT), (SLICE - 1, SLICE), (2 * SLICE, SLICE)]
)
def test_a_slice_takes_twice_what_came_since_the_last_one(
    home: House, came: int, length: int
) -> None:
    opened_at_once(home, 2 * SLICE)
    followers = Followers(store=home.store, clock=home.clock, timer=Timer())
    assert followers() == 0.0

    opened_at_once(home, came)
    assert followers() == 0.0
    assert followed_to(home) == SHORT + length


def test_after_a_rest_the_first_slice_is_short(home: House) -> None:
    timer = Timer()
    followers = Followers(store=home.store, clock=home.clock, timer=timer)
    follow(home)
    assert followers() is None
    begins = position(home)

    opened_at_once(home, 2 * SLICE)
    timer.now += REST_SECONDS + 0.001
    assert followers() == 0.0
    assert followed_to(home) == begins + SHORT


def opened_at_once(home: House, count: int) -> None:
    """Open so many incidents in as few turns as there need be, an event each."""
    results = home.writer.do_all(
        [
            Submission(
                org_id=home.orgs["net"],
                sort="ticket",
                command=home.incident(f"quartz {number}"),
                credential=home.keys["owner"],
            )
            for number in range(count)
        ]
    )
    assert all(isinstance(one, Outcome) and len(one.events) == 1 for one in results)


def followed_to(home: House) -> int:
    """How far the search has come."""
    with home.store.reading() as turn:
        return turn.checkpoint(SEARCH)


def test_lag_is_told_in_events_and_seconds(home: House) -> None:
    followers = Followers(store=home.store, clock=home.clock, timer=Timer())
    follow(home)
    assert followers.lag() == [(SEARCH, 0, 0.0), (MEASURES, 0, 0.0), (PUBLIC, 0, 0.0)]

    opened(home)
    home.clock.pass_by(timedelta(seconds=90))

    behind = followers.lag()
    assert [(name, events) for name, events, _ in behind] == [
        (SEARCH, 1),
        (MEASURES, 1),
        (PUBLIC, 1),
    ]
    assert [seconds for _, _, seconds in behind] == pytest.approx([90, 90, 90], abs=0.01)


# -- erasure -------------------------------------------------------------------------------------


def bytes_on_disk(home: House) -> bytes:
    """The database file and its log, once everything is folded into the file."""
    other = connect(home.path, read_only=False)
    try:
        busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert busy == 0
    finally:
        other.close()
    log = home.path.with_name(home.path.name + "-wal")
    return home.path.read_bytes() + (log.read_bytes() if log.exists() else b"")


def secret_ticket(home: House) -> tuple[str, str]:
    """A ticket with the secret word in its title, in the index too; its id, its first event."""
    outcome = home.ask("owner", home.incident(f"Customer {SECRET.decode()} is down"))
    follow(home)
    assert len(found(home, SECRET.decode())) == 1
    return outcome.stream.partition(":")[2], outcome.events[0].id


def test_what_is_erased_is_nowhere_in_the_file(filed: House) -> None:
    subject, event = secret_ticket(filed)
    for number in range(30):
        opened(filed, f"Another {number}")
    follow(filed)
    assert bytes_on_disk(filed).count(SECRET) > 0

    filed.ask("admin", Redact(event=event, fields=("title",)), subject=subject)
    follow(filed)

    assert found(filed, SECRET.decode()) == []
    assert found(filed, "customer") == []
    assert bytes_on_disk(filed).count(SECRET) == 0


def test_what_was_replaced_and_then_erased_is_nowhere_in_the_file(filed: House) -> None:
    """The old title is in two events: as it was opened, and as the change names it."""
    subject, event = secret_ticket(filed)
    changed = filed.ask("owner", ChangeFields(title="Customer is down"), subject=subject)
    follow(filed)

    filed.ask("admin", Redact(event=event, fields=("title",)), subject=subject)
    filed.ask("admin", Redact(event=changed.events[0].id, fields=("title",)), subject=subject)
    follow(filed)

    assert bytes_on_disk(filed).count(SECRET) == 0


def test_what_was_said_and_then_erased_is_nowhere_in_the_file(filed: House) -> None:
    subject = opened(filed)
    said = filed.ask("owner", ChangeStatus(body=f"call {SECRET.decode()}"), subject=subject)
    follow(filed)
    assert len(found(filed, SECRET.decode())) == 1

    filed.ask("admin", Redact(event=said.events[0].id, fields=("body",)), subject=subject)
    follow(filed)

    assert found(filed, SECRET.decode()) == []
    assert bytes_on_disk(filed).count(SECRET) == 0


def test_what_was_said_goes_from_the_file_also_with_the_name_of_who_said_it(filed: House) -> None:
    """The name was never searched by, the words were: retention erases both at once."""
    subject = opened(filed)
    said = filed.ask("owner", ChangeStatus(body=f"call {SECRET.decode()}"), subject=subject)
    follow(filed)

    erasing = Redact(event=said.events[0].id, fields=("actor.name", "body"))
    filed.ask("admin", erasing, subject=subject)
    follow(filed)

    assert bytes_on_disk(filed).count(SECRET) == 0


def test_what_the_public_was_told_and_was_then_erased_is_nowhere_in_the_file(filed: House) -> None:
    subject = opened(filed)
    told = filed.ask(
        "admin",
        PostPublicUpdate(
            title=f"About {SECRET.decode()}", body=f"call {SECRET.decode()}", status="investigating"
        ),
        subject=subject,
    )
    follow(filed)
    with filed.store.reading() as turn:
        ((text,),) = turn.select("SELECT notice FROM public_notices", org_id=None)
    assert text.count(SECRET.decode()) == 2

    filed.ask("admin", Redact(event=told.events[0].id, fields=("title", "body")), subject=subject)
    follow(filed)

    assert bytes_on_disk(filed).count(SECRET) == 0


def test_an_erasure_that_a_rebuild_overtakes_is_one_all_the_same(filed: House) -> None:
    """The rebuild comes between the erasure and its follower, which then has nothing to do."""
    subject, event = secret_ticket(filed)
    filed.ask("admin", Redact(event=event, fields=("title",)), subject=subject)

    rebuild(filed.store)
    follow(filed)

    assert found(filed, SECRET.decode()) == []
    assert bytes_on_disk(filed).count(SECRET) == 0
