"""When an incident ended and was reopened, folded from its moves."""

from __future__ import annotations

from datetime import datetime

from tests.core.telling import MINUTE, NOON
from tocsin.core.measured import MOST_TURNS, Turns, turns_after
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
