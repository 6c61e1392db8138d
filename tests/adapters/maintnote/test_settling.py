"""What becomes of notices here: stories told with the real decisions, and the law of SEQUENCE."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.maintnote.town import NamesOf
from tests.core.telling import AMS, AMS_FRA, FRA, HOUR, LON, NOON, ROOT, after
from tests.core.telling import given as evidence
from tocsin.adapters.maintnote.notices import Notice, NoticeStatus, SequenceKnown
from tocsin.adapters.maintnote.settling import (
    Cancel,
    Complete,
    Ignored,
    Move,
    NewTicket,
    Plan,
    Settled,
    Start,
    settled,
)
from tocsin.core.commands import ChangeFields, ChangeStatus, TicketCommand
from tocsin.core.evidence import Given
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import NEEDS_AFFECTED
from tocsin.core.words import Disposition, Impact, Status

DAY = timedelta(days=1)
SPLICE = Notice(
    uid="w-88412",
    sequence=1,
    start=NOON + DAY,
    end=NOON + DAY + 5 * HOUR,
    stamp=NOON - HOUR,
    provider="nordlicht.example",
    maintenance_ids=("W-88412", "W-88413"),
    object_ids=("AMS-1:FRA-1", "lon-1", "NL/771"),
    impact=Impact.OUTAGE,
    status=NoticeStatus.CONFIRMED,
    summary="Splicing",
    description="A splice is renewed.",
    organizer="work@nordlicht.example",
)


@dataclass
class Carrier:
    """A carrier's work as its notices arrive: every one is settled, and what follows is done."""

    at: datetime = NOON
    known: SequenceKnown | None = None
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def ticket(self) -> Ticket:
        return self.tickets[-1]

    def tells(self, notice: Notice) -> Settled:
        number = len(self.tickets)
        said = settled(
            self.known,
            notice,
            ticket=self.tickets[-1] if self.tickets else None,
            assets=NamesOf(),
            new=NewTicket(
                ticket_id=f"ticket-{number}",
                refs=(f"M20261120-{number:04}",),
                correlation_key=f"carrier:{notice.key}",
            ),
            at=self.at,
        )
        self.known = said.known
        match said:
            case Plan(command=command, ends=ends):
                if ends is not None:
                    self.asks(ends)
                self.tickets.append(after(None, command, self._given()))
            case Move(change=change):
                self.asks(change)
            case Start(command=command, change=change):
                if change is not None:
                    self.asks(change)
                self.asks(command)
            case Complete(command=command) | Cancel(command=command):
                self.asks(command)
            case Ignored():
                pass
            case _:
                assert_never(said)
        return said

    def asks(self, command: TicketCommand) -> None:
        """Somebody, or the carrier, asks it of the latest ticket."""
        self.tickets[-1] = after(self.ticket, command, self._given())

    def _given(self) -> Given:
        return evidence(ROOT, at=self.at)


def statuses(carrier: Carrier) -> list[Status]:
    """Where the carrier's tickets stand, in the order in which they were made."""
    return [ticket.status for ticket in carrier.tickets]


def affected(carrier: Carrier) -> tuple[str, ...]:
    """Pubkeys of the links, then of the devices, of the latest ticket."""
    return (*carrier.ticket.links, *carrier.ticket.devices)


def later(notice: Notice, **changes: Any) -> Notice:
    """The next version of a notice."""
    return replace(notice, sequence=notice.sequence + 1, **changes)


def known_work(notice: Notice = SPLICE) -> Carrier:
    """A carrier that gave one notice."""
    carrier = Carrier()
    assert isinstance(carrier.tells(notice), Plan)
    return carrier


def test_a_notice_becomes_a_planned_maintenance_with_what_it_says() -> None:
    ticket = known_work().ticket

    assert ticket.status is Status.PLANNED
    assert (ticket.start_at, ticket.end_at) == (SPLICE.start, SPLICE.end)
    assert ticket.title == "Splicing"
    assert ticket.description == "A splice is renewed.\n\nNot registered here: NL/771"
    assert ticket.impact is Impact.OUTAGE
    assert ticket.links == (AMS_FRA.pubkey,)
    assert ticket.devices == (LON.pubkey,)
    assert ticket.internal_reference == "W-88412, W-88413"
    assert ticket.correlation_keys == ("carrier:nordlicht.example/w-88412",)
    assert (ticket.reporter_name, ticket.reporter_email) == (SPLICE.provider, SPLICE.organizer)
    assert ticket.detected_by == "maintnote"


def test_a_notice_that_says_little_is_planned_all_the_same() -> None:
    little = Notice(uid="7", sequence=0, start=SPLICE.start, end=SPLICE.end, organizer="us")
    ticket = known_work(little).ticket

    assert ticket.title == ticket.description == "Maintenance by a provider"
    assert ticket.impact is Impact.DEGRADED
    assert ticket.labels == (NEEDS_AFFECTED,)
    assert ticket.reporter_email is None


def test_a_repeat_and_an_older_version_change_nothing() -> None:
    carrier = known_work(later(SPLICE))
    before = carrier.ticket

    repeat = carrier.tells(later(SPLICE))
    older = carrier.tells(replace(SPLICE, status=NoticeStatus.CANCELLED))

    assert isinstance(repeat, Ignored)
    assert isinstance(older, Ignored)
    assert repeat.reason == "version 2 is known: a repeat"
    assert older.reason == "version 1 is old: version 2 is known"
    assert carrier.ticket == before


def test_of_one_version_the_later_writing_wins_and_a_tie_is_for_a_person() -> None:
    carrier = known_work()

    older = carrier.tells(replace(SPLICE, summary="Older", stamp=NOON - 2 * HOUR))
    tie = carrier.tells(replace(SPLICE, summary="Other"))
    blind = carrier.tells(replace(SPLICE, summary="Other", stamp=None))
    newer = carrier.tells(replace(SPLICE, summary="Newer", stamp=NOON))

    assert isinstance(older, Ignored)
    assert not older.for_person
    assert isinstance(tie, Ignored)
    assert isinstance(blind, Ignored)
    assert tie.for_person
    assert blind.for_person
    assert isinstance(newer, Move)
    assert carrier.ticket.title == "Newer"


def test_a_repeat_written_later_leaves_older_writings_behind() -> None:
    carrier = known_work()
    carrier.tells(replace(SPLICE, stamp=NOON + HOUR))

    assert isinstance(carrier.tells(replace(SPLICE, summary="Between", stamp=NOON)), Ignored)


def test_a_newer_version_moves_the_window_and_says_why() -> None:
    carrier = known_work()
    moved = later(SPLICE, start=SPLICE.start + DAY, end=SPLICE.end + DAY, impact=Impact.DEGRADED)

    said = carrier.tells(moved)

    assert isinstance(said, Move)
    assert said.change.reason == "changed, says nordlicht.example, version 2"
    assert (carrier.ticket.start_at, carrier.ticket.end_at) == (moved.start, moved.end)
    assert carrier.ticket.impact is Impact.DEGRADED
    assert carrier.ticket.links == (AMS_FRA.pubkey,)


def test_a_newer_version_that_says_the_same_changes_nothing() -> None:
    carrier = known_work()
    said = carrier.tells(later(SPLICE, impact=None))

    assert isinstance(said, Ignored)
    assert said.known.sequence == 2


def test_assets_follow_the_notice_and_those_that_people_added_stay() -> None:
    carrier = known_work()
    carrier.asks(ChangeFields(devices=(LON.pubkey, FRA.pubkey)))

    carrier.tells(later(SPLICE, object_ids=("ams-1",)))

    assert carrier.ticket.devices == tuple(sorted((AMS.pubkey, FRA.pubkey)))
    assert carrier.ticket.links == ()


@pytest.mark.parametrize("objects", [(), ("NL/772",)])
def test_a_notice_that_names_nothing_known_takes_nothing_off(objects: tuple[str, ...]) -> None:
    carrier = known_work()
    carrier.tells(later(SPLICE, object_ids=objects))

    assert affected(carrier) == (AMS_FRA.pubkey, LON.pubkey)

    carrier.tells(later(later(SPLICE), object_ids=("ams-1",)))

    assert affected(carrier) == (AMS.pubkey,)


def test_work_starts_and_is_completed_by_the_carriers_word() -> None:
    carrier = known_work()
    carrier.at = SPLICE.start + HOUR
    started = later(SPLICE, status=NoticeStatus.IN_PROCESS, end=SPLICE.end + HOUR)
    assert isinstance(carrier.tells(started), Start)
    assert statuses(carrier) == [Status.IN_PROGRESS]
    assert carrier.ticket.actual_start_at == carrier.at
    assert carrier.ticket.end_at == SPLICE.end + HOUR

    longer = later(started, end=SPLICE.end + 2 * HOUR)
    assert isinstance(carrier.tells(longer), Move)
    assert carrier.ticket.end_at == SPLICE.end + 2 * HOUR

    assert isinstance(carrier.tells(later(longer, status=NoticeStatus.COMPLETED)), Complete)
    assert statuses(carrier) == [Status.COMPLETED]


def test_the_planned_start_of_work_that_has_begun_stays() -> None:
    carrier = known_work(replace(SPLICE, status=NoticeStatus.IN_PROCESS, start=NOON - HOUR))

    said = carrier.tells(later(SPLICE, start=NOON - 2 * HOUR, end=SPLICE.end + HOUR))

    assert isinstance(said, Move)
    assert (carrier.ticket.start_at, carrier.ticket.end_at) == (NOON - HOUR, SPLICE.end + HOUR)


def test_completed_work_goes_on_when_the_carrier_says_so() -> None:
    carrier = known_work()
    carrier.at = SPLICE.start + HOUR
    carrier.tells(later(SPLICE, status=NoticeStatus.IN_PROCESS))
    carrier.asks(ChangeStatus(status="completed"))
    again = replace(SPLICE, sequence=3, status=NoticeStatus.IN_PROCESS, end=SPLICE.end + HOUR)

    assert isinstance(carrier.tells(again), Start)
    assert statuses(carrier) == [Status.IN_PROGRESS]
    assert carrier.ticket.end_at == SPLICE.end + HOUR
    assert len(carrier.tickets) == 1


def test_work_completed_before_anybody_saw_it_begin_is_closed_as_done() -> None:
    carrier = known_work()
    carrier.at = SPLICE.end
    assert isinstance(carrier.tells(later(SPLICE, status=NoticeStatus.COMPLETED)), Complete)

    assert statuses(carrier) == [Status.CLOSED]
    assert carrier.ticket.disposition is Disposition.DONE
    assert carrier.ticket.actual_start_at is None


def test_work_under_way_that_nobody_announced_is_planned_as_under_way() -> None:
    carrier = known_work(replace(SPLICE, status=NoticeStatus.IN_PROCESS, start=NOON - HOUR))

    assert statuses(carrier) == [Status.IN_PROGRESS]


def test_a_cancellation_cancels_and_a_later_word_plans_anew() -> None:
    carrier = known_work()
    assert isinstance(carrier.tells(later(SPLICE, status=NoticeStatus.CANCELLED)), Cancel)
    assert statuses(carrier) == [Status.CANCELLED]

    assert isinstance(carrier.tells(replace(SPLICE, sequence=3)), Plan)
    assert statuses(carrier) == [Status.CANCELLED, Status.PLANNED]


def test_what_people_ended_here_stays_ended_until_another_window_is_told() -> None:
    carrier = known_work()
    carrier.asks(ChangeStatus(status="cancelled"))

    assert isinstance(carrier.tells(later(SPLICE, summary="Still")), Ignored)
    moved = replace(SPLICE, sequence=3, start=SPLICE.start + DAY, end=SPLICE.end + DAY)
    assert isinstance(carrier.tells(moved), Plan)
    assert carrier.ticket.start_at == moved.start


def test_work_that_the_clock_began_and_the_carrier_put_off_becomes_another() -> None:
    carrier = known_work()
    carrier.at = SPLICE.start + HOUR
    carrier.asks(ChangeStatus(status="in_progress"))
    moved = later(
        SPLICE,
        status=NoticeStatus.RE_SCHEDULED,
        start=SPLICE.start + 7 * DAY,
        end=SPLICE.end + 7 * DAY,
    )

    assert isinstance(carrier.tells(moved), Plan)
    assert statuses(carrier) == [Status.CANCELLED, Status.PLANNED]
    assert carrier.ticket.start_at == moved.start


@pytest.mark.parametrize("status", [NoticeStatus.CANCELLED, NoticeStatus.COMPLETED])
def test_an_end_that_comes_first_is_remembered_against_what_comes_after(
    status: NoticeStatus,
) -> None:
    carrier = Carrier()

    assert isinstance(carrier.tells(later(SPLICE, status=status)), Ignored)
    assert isinstance(carrier.tells(SPLICE), Ignored)
    assert carrier.tickets == []


@pytest.mark.parametrize("status", [None, NoticeStatus.TENTATIVE, NoticeStatus.IN_PROCESS])
def test_a_window_that_is_over_is_not_planned(status: NoticeStatus | None) -> None:
    said = Carrier(at=SPLICE.end).tells(replace(SPLICE, status=status))

    assert isinstance(said, Ignored)
    assert "over" in said.reason


@pytest.mark.parametrize("status", [NoticeStatus.CANCELLED, NoticeStatus.COMPLETED])
@pytest.mark.parametrize("ended", ["cancelled", "closed"])
def test_what_is_over_here_is_not_ended_again(status: NoticeStatus, ended: str) -> None:
    carrier = known_work()
    carrier.asks(ChangeStatus(status=ended))
    said = carrier.tells(later(SPLICE, status=status))

    assert isinstance(said, Ignored)
    assert said.reason == f"M20261120-0000 is {ended} already"


@given(st.permutations(range(5)), st.lists(st.integers(0, 4)))
def test_the_highest_version_wins_in_whatever_order_they_arrive(
    order: list[int], repeats: list[int]
) -> None:
    versions = [
        replace(
            SPLICE,
            sequence=n,
            start=SPLICE.start + n * HOUR,
            end=SPLICE.end + n * HOUR,
            summary=f"Version {n}",
        )
        for n in range(5)
    ]
    carrier = Carrier()
    for n in [*order, *repeats]:
        carrier.tells(versions[n])

    assert len(carrier.tickets) == 1
    assert carrier.ticket.title == "Version 4"
    assert (carrier.ticket.start_at, carrier.ticket.end_at) == (versions[4].start, versions[4].end)


@given(
    st.lists(
        st.builds(
            replace,
            st.just(SPLICE),
            sequence=st.integers(0, 6),
            start=st.integers(-30, 30).map(lambda hours: NOON + hours * HOUR),
            end=st.integers(31, 90).map(lambda hours: NOON + hours * HOUR),
            stamp=st.none() | st.integers(0, 9).map(lambda hours: NOON + hours * HOUR),
            status=st.none() | st.sampled_from(NoticeStatus),
            impact=st.none() | st.sampled_from(Impact),
            summary=st.none() | st.sampled_from(("Splicing", "Software")),
            description=st.none() | st.just("x" * 10_000),
            object_ids=st.lists(st.sampled_from(("ams-1", "LON-1", "ams-1:fra-1", "?" * 100))).map(
                tuple
            ),
        ),
        max_size=8,
    ),
    st.lists(st.integers(1, 20), min_size=8, max_size=8),
)
def test_whatever_arrives_the_decisions_take_what_follows(
    notices: list[Notice], hours: list[int]
) -> None:
    carrier = Carrier()
    highest = -1
    for notice, passed in zip(notices, hours, strict=False):
        carrier.at += passed * HOUR
        said = carrier.tells(notice)
        highest = max(highest, notice.sequence)
        assert said.known.sequence == highest
        assert isinstance(carrier.tells(notice), Ignored)
