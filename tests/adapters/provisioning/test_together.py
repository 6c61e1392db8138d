"""Duties beside each other, beside people, and beside a database that comes and goes: every change
is written once, and what one asset is refused stops nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier, Thread
from typing import cast

import pytest

from tests.adapters.provisioning.town import (
    AMS,
    FRA,
    SIDE_A,
    SIDE_Z,
    Town,
    activator,
    lay,
    link,
    monitor,
    position,
    sources,
    stands,
    until,
    want,
)
from tests.handler.acting import NOON, House, pubkey
from tests.handler.hearing import another_writer
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.rounds import Rounds
from tocsin.adapters.provisioning.watching import Watch
from tocsin.core.errors import Refusal
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.facts import HealthChanged, StatusChanged
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.registry_commands import RegisterLink, RemoveLink, SideDraft
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Result, Writer
from tocsin.store.contract import ReadTurn, StorageFailed, Store

CODES = tuple(f"line-{number}" for number in range(8))
WITHIN = 60.0


def lines(home: House, town: Town) -> None:
    """Eight links that are wanted, and more than an hour of clean traffic on each of them, which is
    all that the policy asks for."""
    home.ask("admin", ChangePolicy(burn_in_hours=1), sort="policy")
    for number, code in enumerate(CODES):
        home.ask(
            "owner",
            RegisterLink(
                link_id=home.fresh(),
                pubkey=pubkey(100 + number),
                code=code,
                link_type="WAN",
                side_a=SideDraft(device="ams-1", interface=f"Ethernet{number}"),
                side_z=SideDraft(device="fra-1", interface=f"Ethernet{number}"),
                desired_status="activated",
            ),
            sort="link",
        )
    town.carry(*ports(), start=NOON - 90 * MINUTE, minutes=90)


def ports() -> list[tuple[str, str]]:
    return [(key, f"Ethernet{number}") for key in (AMS, FRA) for number in range(len(CODES))]


def at_once(*work: Callable[[], object], times: int = 1) -> None:
    """Do all of it at once, so many times; what one of them raises is raised."""
    together = Barrier(len(work))
    raised: list[BaseException] = []

    def doing(one: Callable[[], object]) -> None:
        for _ in range(times):
            together.wait(WITHIN)
            try:
                one()
            except (Refusal, StorageFailed, AssertionError) as wrong:
                raised.append(wrong)

    threads = [Thread(target=doing, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN)
    assert raised == []


@contextmanager
def processes(home: House, town: Town) -> Iterator[list[tuple[Monitor, Activator]]]:
    """The duties of two processes, each of which writes by itself."""
    with another_writer(home) as beside:
        yield [
            (
                Monitor(
                    store=home.store, writer=writer, watch=Watch(sources(town)), clock=home.clock
                ),
                Activator(store=home.store, writer=writer, clock=home.clock),
            )
            for writer in (home.writer, beside)
        ]


def changes(home: House, code: str) -> list[str]:
    """What health and status of a link became, one after the other; each begins where the one
    before it ended."""
    found, health, status = [], "unknown", "hard_drained"
    with home.store.reading() as turn:
        events = turn.stream_events(home.orgs["net"], f"link:{link(home, code).id}")
    for event in events:
        match event.payload:
            case HealthChanged() as moved:
                assert moved.health_from.value == health
                health = moved.health_to.value
                found.append(health)
            case StatusChanged() as moved:
                assert moved.status_from.value == status
                status = moved.status_to.value
                found.append(status)
            case _:
                pass
    return found


def test_of_two_monitors_and_two_activators_at_once_each_change_is_written_once(
    home: House, town: Town
) -> None:
    lines(home, town)
    until(home, NOON)
    with processes(home, town) as both:
        duties = [duty for pair in both for duty in (pair[0].round, pair[1].everything)]
        at_once(*duties, times=3)
        for code in CODES:
            assert changes(home, code) == ["healthy", "activated"]

        town.carry(*ports(), start=NOON, minutes=5, errors_at=3)
        until(home, NOON + 5 * MINUTE)
        for code in CODES[::2]:
            want(home, "soft_drained", code=code)
        at_once(*duties, times=3)
        for number, code in enumerate(CODES):
            drained = [] if number % 2 else ["soft_drained"]
            later = changes(home, code)[2:]
            assert sorted(later) == sorted(["impaired", *drained])

        before = position(home)
        at_once(*duties)
        assert position(home) == before


def test_people_who_change_their_minds_meanwhile_find_what_they_want_last(
    home: House, town: Town
) -> None:
    lines(home, town)
    until(home, NOON)
    with processes(home, town) as both:

        def minds() -> None:
            for desired in ("hard_drained", "activated", "soft_drained", "activated"):
                for code in CODES[:4]:
                    want(home, desired, code=code)

        duties = [duty for pair in both for duty in (pair[0].round, pair[1].everything)]
        at_once(*duties, minds, times=2)
        for monitor_, activator_ in both:
            monitor_.round()
            activator_.everything()
        for code in CODES:
            # Whatever came between, nothing was skipped, and nothing was written twice.
            told = changes(home, code)
            assert told.count("healthy") == 1
            assert "pending" not in told[told.index("healthy") :]
            assert stands(home, code) == ("healthy", "activated")


# Refused


@dataclass
class Meddled:
    """A writer before whose next writing somebody does something else."""

    writer: Writer
    meddle: list[Callable[[], object]] = field(default_factory=list)

    def do_all(self, submissions: Sequence[Submission]) -> list[Result]:
        while self.meddle:
            self.meddle.pop()()
        return self.writer.do_all(submissions)


def test_a_judgement_that_is_refused_stops_nobody(home: House, town: Town) -> None:
    lines(home, town)
    until(home, NOON)
    gone = CODES[3]

    def remove() -> None:
        home.ask("owner", RemoveLink(), sort="link", subject=gone)

    duty = Monitor(
        store=home.store,
        writer=cast("Writer", Meddled(home.writer, [remove])),
        watch=Watch(sources(town)),
        clock=home.clock,
    )
    told = duty.round()
    assert told.refused == 1
    for code in CODES:
        health = link(home, code).life.health.value
        assert health == ("unknown" if code == gone else "healthy")
    again = duty.round()
    assert (again.changes, again.refused) == ((), 0)


def test_a_judgement_that_was_overtaken_is_not_written(home: House, town: Town) -> None:
    lines(home, town)
    until(home, NOON)
    late = CODES[3]
    want(home, "hard_drained", code=late)

    def overtake() -> None:
        want(home, "activated", code=late)
        monitor(home, town).round()

    slow = Monitor(
        store=home.store,
        writer=cast("Writer", Meddled(home.writer, [overtake])),
        watch=Watch(sources(town)),
        clock=home.clock,
    )
    # It found the link unwanted, and so not ready; by now it is wanted, and healthy.
    assert "pending" in [one.health_to.value for one in slow.round().changes]
    assert changes(home, late) == ["healthy"]


def test_a_step_that_is_refused_stops_nobody(home: House, town: Town) -> None:
    lines(home, town)
    until(home, NOON)
    monitor(home, town).round()
    gone = CODES[3]

    def remove() -> None:
        home.ask("owner", RemoveLink(), sort="link", subject=gone)

    duty = Activator(
        store=home.store,
        writer=cast("Writer", Meddled(home.writer, [remove])),
        clock=home.clock,
    )
    told = duty.everything()
    assert told.refused == 1
    assert sorted(told.moved) == [code for code in CODES if code != gone]
    assert duty.everything().refused == 0


def test_a_step_whose_reason_is_gone_when_it_is_written_is_not_made(
    home: House, town: Town
) -> None:
    lines(home, town)
    until(home, NOON)
    monitor(home, town).round()

    def cut() -> None:
        home.ask("owner", home.incident(links=(CODES[2],), severity="sev1"))

    duty = Activator(
        store=home.store,
        writer=cast("Writer", Meddled(home.writer, [cut])),
        clock=home.clock,
    )
    assert CODES[2] not in duty.everything().moved
    assert stands(home, CODES[2]) == ("healthy", "hard_drained")
    assert stands(home, CODES[1]) == ("healthy", "activated")


# Away


@dataclass
class Shaky:
    """A store that answers so many questions more, and then is away."""

    store: Store
    left: int

    @contextmanager
    def reading(self) -> Iterator[ReadTurn]:
        self.left -= 1
        if self.left < 0:
            raise StorageFailed("the database is away")
        with self.store.reading() as turn:
            yield turn


@pytest.mark.parametrize("left", range(8))
def test_while_the_database_is_away_all_stays_and_the_duties_come_again(
    filed: House, town: Town, left: int
) -> None:
    lay(filed)
    filed.ask("admin", ChangePolicy(burn_in_hours=1), sort="policy")
    town.carry(SIDE_A, SIDE_Z, start=NOON - 90 * MINUTE, minutes=90)
    until(filed, NOON)
    shaky = Shaky(filed.store, left)
    judging = Monitor(
        store=cast("Store", shaky),
        writer=filed.writer,
        watch=Watch(sources(town)),
        clock=filed.clock,
    )
    steps = Activator(store=cast("Store", shaky), writer=filed.writer, clock=filed.clock)
    retry = timedelta(seconds=7)
    duties = [
        Rounds("monitor", judging.go, retry=retry),
        Rounds("activator", steps.go, retry=retry),
    ]
    pauses = [duty.once() for duty in duties]
    assert retry in pauses
    # What was written until then is right, and the rest is as it was.
    assert stands(filed) in (("unknown", "hard_drained"), ("healthy", "hard_drained"))

    shaky.left = 1_000
    for duty in duties:
        assert duty.once() != retry
    assert stands(filed) == ("healthy", "activated")
    before = position(filed)
    activator(filed).everything()
    assert position(filed) == before
