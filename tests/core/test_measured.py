"""When an incident ended and was reopened, folded from its moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.core.telling import ADA, BO, BOT, MINUTE, NOON, OUTAGE, Speaker, after, given
from tocsin.core.commands import AttachSignal, ChangeFields, ChangeStatus, SignalDraft
from tocsin.core.measured import MICROSECOND, MOST_TURNS, Measured, Turns, measured_of, turns_after
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import StatusChanged, TagAdded
from tocsin.core.words import Status


def minutes(count: int) -> datetime:
    """So many minutes after noon."""
    return NOON + count * MINUTE


def moved(*moves: tuple[int, Status]) -> Turns:
    """The turns after moves at these minutes."""
    turns: Turns = ()
    for at, status in moves:
        move = StatusChanged(
            update_id="u", at=minutes(at), status_from=Status.OPEN, status_to=status
        )
        turns = turns_after(turns, move)
    return turns


def stretches(ticket: Ticket) -> list[int | None]:
    """How long each stretch took, in minutes: detecting, acknowledging, mitigating, resolving,
    closing."""
    found: Measured = measured_of(ticket, ())
    each = (
        found.detecting,
        found.acknowledging,
        found.mitigating,
        found.resolving,
        found.closing,
    )
    return [None if one is None else one * MICROSECOND // MINUTE for one in each]


def test_each_stretch_is_from_its_own_beginning_to_its_own_end() -> None:
    """It began 60 minutes before noon, was seen by a monitor 20 before, and told at noon."""

    def moving(ticket: Ticket, at: int, status: str, by: Speaker = BO) -> Ticket:
        return after(ticket, ChangeStatus(status=status), given(by, at=minutes(at)))

    ticket = after(None, replace(OUTAGE, start_at=minutes(-60)), given(ADA, at=NOON))
    seen = AttachSignal(signal=SignalDraft(source="am", summary="down", ts=minutes(-20)))
    ticket = after(ticket, seen, given(BOT, at=minutes(1)))
    assert stretches(ticket) == [60, None, None, None, None]
    ticket = moving(ticket, 4, "acknowledged")
    assert stretches(ticket) == [60, 24, None, None, None]
    ticket = moving(ticket, 9, "monitoring")
    ticket = moving(ticket, 17, "resolved")
    ticket = moving(ticket, 30, "closed")
    assert stretches(ticket) == [60, 24, 69, 77, 90]
    back = ChangeStatus(status="investigating", reason="again")
    ticket = after(ticket, back, given(BOT, at=minutes(40)))
    assert stretches(ticket) == [60, 24, 69, None, None]
    assert stretches(moving(ticket, 50, "resolved")) == [60, 24, 69, 110, None]


def test_only_a_start_that_was_given_tells_how_long_detecting_took() -> None:
    ticket = after(None, OUTAGE)
    assert stretches(ticket)[0] is None
    corrected = after(ticket, ChangeFields(start_at=minutes(-7)))
    assert stretches(corrected)[0] == 7


def test_moves_among_the_active_are_no_turns() -> None:
    assert moved((1, Status.ACKNOWLEDGED), (2, Status.MONITORING), (3, Status.MITIGATING)) == ()


def test_resolving_and_then_closing_is_one_ending() -> None:
    assert moved((1, Status.RESOLVED), (2, Status.CLOSED)) == (minutes(1),)


def test_reopening_is_a_turn_and_so_is_the_next_ending() -> None:
    assert moved(
        (1, Status.RESOLVED),
        (2, Status.INVESTIGATING),
        (3, Status.MONITORING),
        (4, Status.CANCELLED),
    ) == (minutes(1), minutes(2), minutes(4))


def test_other_facts_are_no_turns() -> None:
    assert turns_after((minutes(1),), TagAdded(label="routing")) == (minutes(1),)


def test_of_what_goes_on_for_ever_the_oldest_pair_is_forgotten() -> None:
    statuses = (Status.RESOLVED, Status.INVESTIGATING)
    turns = moved(*((at, statuses[at % 2]) for at in range(MOST_TURNS + 3)))
    assert len(turns) == MOST_TURNS - 1
    assert turns[0] == minutes(4)
    assert turns[-1] == minutes(MOST_TURNS + 2)
