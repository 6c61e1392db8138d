"""The outgoing half of the contract, asked of each store: outbox, destinations, lanes, trouble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.handler.acting import NOON
from tests.store.retelling import History
from tocsin.core.facts import stream_sort
from tocsin.core.routing import Delivery
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active
from tocsin.store.contract import Batch, SealedSecret, Store
from tocsin.store.outgoing import (
    DestinationRow,
    LaneRow,
    Noted,
    Outgoing,
    Settlement,
    Trouble,
)

NET, ELSEWHERE = 1, 2
PAGER, BOARD = "route-pager", "route-board"
HERE, THERE = "incident:here", "incident:there"


def written(store: Store, **parts: Any) -> None:
    """Write a batch of nothing but *parts*."""
    with store.writing() as turn:
        turn.write(Batch(batch_id=f"outgoing-{sorted(parts)}", **parts))
        turn.commit()


def settled(store: Store, *settlements: Settlement) -> None:
    """Mark these in one turn."""
    with store.tending() as turn:
        for one in settlements:
            turn.settle(one)
        turn.commit()


def redriven(store: Store, org_id: int = NET, *, at: datetime = NOON, **which: Any) -> int:
    """Have parked ones tried again; how many."""
    with store.writing() as turn:
        count = turn.redrive(org_id, at=at, **which)
        turn.commit()
    return count


def outgoing(
    position: int, *deliveries: Delivery, org_id: int = NET, stream: str = HERE
) -> Outgoing:
    return Outgoing(org_id=org_id, stream=stream, position=position, deliveries=tuple(deliveries))


def noted(position: int, state: Trouble = Trouble.WAITING, **given: Any) -> Noted:
    fields: dict[str, Any] = {
        "org_id": NET,
        "route_id": PAGER,
        "position": position,
        "stream": HERE,
        "state": state,
        "due_at": NOON,
    }
    return Noted(**(fields | given))


def destination(
    position: int = 9, *, org_id: int = NET, route_id: str = PAGER, **given: Any
) -> DestinationRow:
    return DestinationRow(org_id=org_id, route_id=route_id, position=position, **given)


def trouble(store: Store, org_id: int = NET, **asked: Any) -> Sequence[Noted]:
    with store.reading() as turn:
        return list(turn.noted(org_id, **asked))


def places(found: Sequence[Noted]) -> list[tuple[int, str]]:
    return [(one.position, one.route_id) for one in found]


# -- the outbox ----------------------------------------------------------------------------------

SENT = (
    outgoing(101, Delivery(PAGER), Delivery(BOARD, "card")),
    outgoing(102, Delivery(BOARD), stream=THERE),
    outgoing(103, Delivery(PAGER), org_id=ELSEWHERE),
    outgoing(104, Delivery(PAGER, "card")),
)


@pytest.fixture
def boxed(full: Store) -> Store:
    """A store with a few things to send."""
    written(full, outbox=list(SENT))
    return full


def test_an_empty_store_has_nothing_to_send(store: Store) -> None:
    with store.reading() as turn:
        assert list(turn.outgoing(after=0, limit=10)) == []
        assert turn.outgoing_count(NET, PAGER, after=0, upto=1_000) == 0
        assert dict(turn.destinations(NET)) == {}
        assert dict(turn.lanes(NET, PAGER, [HERE])) == {}
        assert dict(turn.lanes(NET, PAGER, [])) == {}
        assert turn.noted_lanes(NET, PAGER, [HERE]) == frozenset()
        assert turn.noted_lanes(NET, PAGER, []) == frozenset()
        assert list(turn.noted(NET)) == []
        assert dict(turn.noted_count(NET)) == {}
        assert list(turn.due_deliveries(NOON, routes=[PAGER])) == []
        assert dict(turn.events_at(NET, [1, 2])) == {}
        assert turn.recorded_at(1) is None
        assert turn.sealed_secret(NET, "secret") is None
        assert list(turn.active_tickets(NET)) == []


def test_the_outbox_is_read_in_the_order_of_positions(boxed: Store) -> None:
    with boxed.reading() as turn:
        assert list(turn.outgoing(after=0, limit=100)) == list(SENT)


def test_the_outbox_is_read_in_pieces(boxed: Store) -> None:
    with boxed.reading() as turn:
        assert list(turn.outgoing(after=101, limit=2)) == list(SENT[1:3])
        assert list(turn.outgoing(after=101, upto=102, limit=10)) == [SENT[1]]
        assert list(turn.outgoing(after=104, limit=10)) == []


def test_the_outbox_of_one_org_has_nothing_of_another(boxed: Store) -> None:
    with boxed.reading() as turn:
        mine = turn.outgoing(after=0, limit=100, org_id=NET)
        assert list(mine) == [SENT[0], SENT[1], SENT[3]]
        assert list(turn.outgoing(after=101, upto=104, limit=1, org_id=NET)) == [SENT[1]]
        assert list(turn.outgoing(after=0, limit=100, org_id=ELSEWHERE)) == [SENT[2]]


def test_the_deliveries_of_a_route_are_counted(boxed: Store) -> None:
    with boxed.reading() as turn:
        assert turn.outgoing_count(NET, PAGER, after=0, upto=104) == 2
        assert turn.outgoing_count(NET, PAGER, after=101, upto=104) == 1
        assert turn.outgoing_count(NET, PAGER, after=0, upto=103) == 1
        assert turn.outgoing_count(NET, BOARD, after=0, upto=104) == 2
        assert turn.outgoing_count(ELSEWHERE, PAGER, after=0, upto=104) == 1
        assert turn.outgoing_count(NET, "route", after=0, upto=104) == 0, "a beginning is no name"


def test_what_was_sent_is_dropped_for_one_org(boxed: Store) -> None:
    with boxed.tending() as turn:
        assert turn.drop_sent(NET, upto=103) == 2
        assert turn.drop_sent(NET, upto=103) == 0
        turn.commit()

    with boxed.reading() as reader:
        assert list(reader.outgoing(after=0, limit=100)) == list(SENT[2:])


def test_what_is_not_committed_never_was(boxed: Store) -> None:
    with boxed.tending() as turn:
        turn.drop_sent(NET, upto=104)
        turn.settle(Settlement(destination=destination(), noted=(noted(101),)))

    with boxed.reading() as reader:
        assert len(list(reader.outgoing(after=0, limit=100))) == 4
        assert dict(reader.destinations(NET)) == {}
        assert list(reader.noted(NET)) == []


# -- destinations and lanes ----------------------------------------------------------------------


def test_a_destination_is_read_back_as_it_was_settled(full: Store) -> None:
    row = destination(
        41,
        ahead=(43, 47),
        delivered=12,
        delivered_at=NOON,
        down_since=NOON + timedelta(microseconds=1),
        down_reason="no connection",
        alarmed_at=NOON + timedelta(minutes=15),
    )
    settled(full, Settlement(destination=row))

    with full.reading() as turn:
        assert dict(turn.destinations(NET)) == {PAGER: row}
        assert dict(turn.destinations(ELSEWHERE)) == {}


def test_a_later_mark_replaces_all_of_the_row(full: Store) -> None:
    before = destination(
        41, ahead=(43,), delivered=1, down_since=NOON, down_reason="x", alarmed_at=NOON
    )
    after = destination(43, delivered=3, delivered_at=NOON)
    settled(full, Settlement(destination=before), Settlement(destination=destination(1, org_id=2)))
    settled(full, Settlement(destination=after))

    with full.reading() as turn:
        assert dict(turn.destinations(NET)) == {PAGER: after}
        assert dict(turn.destinations(ELSEWHERE)) == {PAGER: destination(1, org_id=2)}


def test_lanes_are_of_one_org_and_one_route(full: Store) -> None:
    lanes = (LaneRow(stream=HERE, remote_id="ts-1"), LaneRow(stream=THERE, remote_id=None))
    settled(full, Settlement(destination=destination(), lanes=lanes))

    with full.reading() as turn:
        found = turn.lanes(NET, PAGER, [HERE, THERE, "incident:unknown"])
        assert dict(found) == {HERE: lanes[0], THERE: lanes[1]}
        assert dict(turn.lanes(NET, PAGER, [THERE])) == {THERE: lanes[1]}
        assert dict(turn.lanes(NET, BOARD, [HERE])) == {}
        assert dict(turn.lanes(ELSEWHERE, PAGER, [HERE])) == {}
        assert turn.lane_of(NET, "ts-1") == HERE
        assert turn.lane_of(NET, "ts-2") is None
        assert turn.lane_of(ELSEWHERE, "ts-1") is None


def test_a_lane_is_replaced(full: Store) -> None:
    parked = LaneRow(stream=HERE, remote_id=None, parked=True)
    opened = LaneRow(stream=HERE, remote_id="ts-2")
    settled(full, Settlement(destination=destination(), lanes=(parked,)))
    with full.reading() as turn:
        assert turn.lanes(NET, PAGER, [HERE])[HERE] == parked

    settled(full, Settlement(destination=destination(), lanes=(opened,)))
    with full.reading() as turn:
        assert turn.lanes(NET, PAGER, [HERE])[HERE] == opened


# -- what is in trouble --------------------------------------------------------------------------

TROUBLES = (
    noted(
        111,
        coalesce_key="card",
        attempts=3,
        tried_at=NOON,
        due_at=NOON + timedelta(minutes=3),
        reason="500",
    ),
    noted(111, Trouble.HELD, route_id=BOARD),
    noted(112, Trouble.HELD),
    noted(113, Trouble.PARKED, stream=THERE, attempts=20, tried_at=NOON, reason="400"),
    noted(114, org_id=ELSEWHERE, due_at=NOON - timedelta(minutes=1)),
    noted(115, route_id=BOARD, stream=THERE),
)


@pytest.fixture
def troubled(full: Store) -> Store:
    """A store with something in trouble in two orgs, at two routes."""
    written(full, noted=list(reversed(TROUBLES)))
    return full


def test_trouble_is_read_back_in_the_order_of_position_and_route(troubled: Store) -> None:
    # "route-board" stands before "route-pager".
    expected = [TROUBLES[1], TROUBLES[0], TROUBLES[2], TROUBLES[3], TROUBLES[5]]
    assert trouble(troubled) == expected
    assert trouble(troubled, ELSEWHERE) == [TROUBLES[4]]
    assert trouble(troubled, 3) == []


def test_trouble_is_filtered(troubled: Store) -> None:
    assert places(trouble(troubled, route_id=PAGER)) == [(111, PAGER), (112, PAGER), (113, PAGER)]
    assert places(trouble(troubled, stream=THERE)) == [(113, PAGER), (115, BOARD)]
    assert places(trouble(troubled, stream=THERE, route_id=BOARD)) == [(115, BOARD)]
    held = [(111, BOARD), (112, PAGER)]
    assert places(trouble(troubled, states=[Trouble.HELD])) == held
    assert places(trouble(troubled, states=[Trouble.HELD, Trouble.PARKED])) == [
        *held,
        (113, PAGER),
    ]
    assert trouble(troubled, states=[]) == []


def test_trouble_is_read_in_pages(troubled: Store) -> None:
    pages: list[list[tuple[int, str]]] = []
    after = (0, "")
    while page := trouble(troubled, after=after, limit=2):
        pages.append(places(page))
        after = page[-1].position, page[-1].route_id
    assert pages == [
        [(111, BOARD), (111, PAGER)],
        [(112, PAGER), (113, PAGER)],
        [(115, BOARD)],
    ]
    assert places(trouble(troubled, after=(111, BOARD), limit=1)) == [(111, PAGER)]


def test_trouble_is_counted(troubled: Store) -> None:
    with troubled.reading() as turn:
        assert dict(turn.noted_count(NET)) == {
            (PAGER, Trouble.WAITING): 1,
            (PAGER, Trouble.HELD): 1,
            (PAGER, Trouble.PARKED): 1,
            (BOARD, Trouble.WAITING): 1,
            (BOARD, Trouble.HELD): 1,
        }
        assert dict(turn.noted_count(ELSEWHERE)) == {(PAGER, Trouble.WAITING): 1}


def test_lanes_with_anything_that_waits_are_told_the_parked_do_not_count(troubled: Store) -> None:
    with troubled.reading() as turn:
        both = [HERE, THERE, "incident:unknown"]
        assert turn.noted_lanes(NET, PAGER, both) == {HERE}
        assert turn.noted_lanes(NET, BOARD, both) == {HERE, THERE}
        assert turn.noted_lanes(NET, BOARD, [THERE]) == {THERE}
        assert turn.noted_lanes(ELSEWHERE, BOARD, both) == frozenset()


def test_due_is_what_waits_at_those_routes_the_longest_due_first(troubled: Store) -> None:
    later = NOON + timedelta(minutes=3)
    with troubled.reading() as turn:
        assert list(turn.due_deliveries(later, routes=[PAGER, BOARD])) == [
            TROUBLES[4],
            TROUBLES[5],
            TROUBLES[0],
        ]
        before = later - timedelta(microseconds=1)
        assert list(turn.due_deliveries(before, routes=[PAGER])) == [TROUBLES[4]]
        assert list(turn.due_deliveries(later, routes=[BOARD])) == [TROUBLES[5]]
        assert list(turn.due_deliveries(later, routes=[PAGER, BOARD], limit=1)) == [TROUBLES[4]]
        assert list(turn.due_deliveries(later, routes=[])) == []


def test_a_note_replaces_what_was_noted_of_the_delivery(troubled: Store) -> None:
    again = replace(
        TROUBLES[0],
        state=Trouble.PARKED,
        attempts=20,
        tried_at=NOON + timedelta(hours=1),
        due_at=NOON + timedelta(hours=2),
        reason="404",
    )
    settled(troubled, Settlement(destination=destination(), noted=(again,)))

    assert trouble(troubled, route_id=PAGER)[0] == again
    assert len(trouble(troubled)) == 5


def test_a_mark_drops_notes_of_its_own_route_only(troubled: Store) -> None:
    settled(troubled, Settlement(destination=destination(), dropped=(111, 115)))

    assert places(trouble(troubled)) == [
        (111, BOARD),
        (112, PAGER),
        (113, PAGER),
        (115, BOARD),
    ]
    assert len(trouble(troubled, ELSEWHERE)) == 1


def test_cancelling_drops_every_note_of_the_route_before_the_new_ones(troubled: Store) -> None:
    new = noted(120)
    settled(troubled, Settlement(destination=destination(), noted=(new,), cancelled=True))

    assert trouble(troubled, route_id=PAGER) == [new]
    assert len(trouble(troubled, route_id=BOARD)) == 2
    assert len(trouble(troubled, ELSEWHERE)) == 1


def test_cancelling_frees_parked_lanes_and_keeps_open_ones(troubled: Store) -> None:
    """Nothing is left that could be asked for again, so nothing may wait for it."""
    lanes = (
        LaneRow(stream=HERE, remote_id="ts-1"),
        LaneRow(stream=THERE, remote_id=None, parked=True),
    )
    for route_id in (PAGER, BOARD):
        settled(troubled, Settlement(destination=destination(route_id=route_id), lanes=lanes))
    settled(troubled, Settlement(destination=destination(), cancelled=True))

    with troubled.reading() as turn:
        assert dict(turn.lanes(NET, PAGER, [HERE, THERE])) == {HERE: lanes[0]}
        assert len(turn.lanes(NET, BOARD, [HERE, THERE])) == 2


def test_a_destination_that_moved_loses_its_open_lanes_before_the_new_ones(full: Store) -> None:
    lanes = (
        LaneRow(stream=HERE, remote_id="ts-1"),
        LaneRow(stream=THERE, remote_id=None, parked=True),
    )
    for route_id in (PAGER, BOARD):
        settled(full, Settlement(destination=destination(route_id=route_id), lanes=lanes))
    new = LaneRow(stream="incident:new", remote_id="ts-2")
    settled(full, Settlement(destination=destination(), lanes=(new,), moved=True))

    with full.reading() as turn:
        asked = [HERE, THERE, "incident:new"]
        assert dict(turn.lanes(NET, PAGER, asked)) == {THERE: lanes[1], "incident:new": new}
        assert len(turn.lanes(NET, BOARD, asked)) == 2


# -- asking again --------------------------------------------------------------------------------

PARKED = (
    noted(121, Trouble.PARKED, attempts=5, tried_at=NOON, reason="400"),
    noted(122, Trouble.HELD),
    noted(123, Trouble.PARKED, stream=THERE, attempts=20, tried_at=NOON),
    noted(123, Trouble.PARKED, route_id=BOARD, stream=THERE, attempts=20, tried_at=NOON),
    noted(124, Trouble.PARKED, org_id=ELSEWHERE, attempts=20),
)


@pytest.fixture
def parked(full: Store) -> Store:
    """A store with parked deliveries: of a lane that is parked with it, and of open ones."""
    written(full, noted=list(PARKED))
    lanes = (
        LaneRow(stream=HERE, remote_id=None, parked=True),
        LaneRow(stream=THERE, remote_id="ts-9"),
    )
    settled(
        full,
        Settlement(destination=destination(), lanes=lanes),
        Settlement(destination=destination(route_id=BOARD), lanes=lanes),
        Settlement(destination=destination(org_id=ELSEWHERE), lanes=lanes),
    )
    return full


def still_parked(store: Store) -> set[tuple[int, int, str]]:
    return {
        (org_id, one.position, one.route_id)
        for org_id in (NET, ELSEWHERE)
        for one in trouble(store, org_id, states=[Trouble.PARKED])
    }


def test_one_is_asked_for_again(parked: Store) -> None:
    later = NOON + timedelta(hours=1)
    assert redriven(parked, at=later, route_id=PAGER, position=121) == 1

    again = replace(PARKED[0], state=Trouble.WAITING, attempts=0, tried_at=None, due_at=later)
    assert trouble(parked, route_id=PAGER) == [again, PARKED[1], PARKED[2]]
    assert still_parked(parked) == {
        (NET, 123, PAGER),
        (NET, 123, BOARD),
        (ELSEWHERE, 124, PAGER),
    }
    with parked.reading() as turn:
        assert list(turn.due_deliveries(later, routes=[PAGER, BOARD])) == [again]


def test_a_route_is_asked_for_again(parked: Store) -> None:
    assert redriven(parked, route_id=PAGER) == 2
    assert still_parked(parked) == {(NET, 123, BOARD), (ELSEWHERE, 124, PAGER)}


def test_an_org_is_asked_for_again_and_no_other(parked: Store) -> None:
    assert redriven(parked) == 3
    assert still_parked(parked) == {(ELSEWHERE, 124, PAGER)}
    assert redriven(parked) == 0


def test_what_is_not_parked_or_not_there_is_not_asked_for(parked: Store) -> None:
    assert redriven(parked, route_id=PAGER, position=122) == 0
    assert redriven(parked, route_id=PAGER, position=999) == 0
    assert redriven(parked, route_id="route-unknown") == 0
    assert redriven(parked, ELSEWHERE, route_id=BOARD) == 0
    assert len(still_parked(parked)) == 4


def test_a_lane_that_was_parked_is_as_if_never_opened(parked: Store) -> None:
    """What is asked for again is its opening, so there is no remote object yet."""
    redriven(parked, route_id=PAGER)

    with parked.reading() as turn:
        assert dict(turn.lanes(NET, PAGER, [HERE, THERE])) == {
            THERE: LaneRow(stream=THERE, remote_id="ts-9")
        }
        assert turn.lanes(NET, BOARD, [HERE])[HERE].parked
        assert turn.lanes(ELSEWHERE, PAGER, [HERE])[HERE].parked


# -- what a delivery is made of ------------------------------------------------------------------


def test_events_are_found_by_position_within_their_org(full: Store, history: History) -> None:
    with full.reading() as turn:
        mine = [one for one in history.events if one.org_id == history.net]
        theirs = [one for one in history.events if one.org_id == history.elsewhere]
        asked = [mine[3].position, mine[-1].position, theirs[0].position, 99_999]
        assert dict(turn.events_at(history.net, asked)) == {
            mine[3].position: mine[3],
            mine[-1].position: mine[-1],
        }
        assert dict(turn.events_at(history.net, [])) == {}


def test_when_something_was_recorded_is_told(full: Store, history: History) -> None:
    with full.reading() as turn:
        for event in history.events[::7]:
            assert turn.recorded_at(event.position) == event.recorded_at
        assert turn.recorded_at(99_999) is None


def test_it_is_told_whether_a_sort_of_stream_has_moved(full: Store, history: History) -> None:
    with full.reading() as turn:
        for sort in ("device", "incident", "org", "route"):
            positions = [one.position for one in history.events if stream_sort(one.stream) == sort]
            last = max(positions, default=0)
            assert turn.sort_moved(sort, after=last) is False
            assert turn.sort_moved(sort, after=last - 1) is (last > 0)
            assert turn.sort_moved(sort, after=0) is (last > 0)


def test_a_secret_is_given_to_its_org_only(full: Store) -> None:
    written(full, secrets=[SealedSecret(id="secret-1", org_id=NET, sealed=b"\x00sealed")])

    with full.reading() as turn:
        assert turn.sealed_secret(NET, "secret-1") == b"\x00sealed"
        assert turn.sealed_secret(ELSEWHERE, "secret-1") is None
        assert turn.sealed_secret(NET, "secret-2") is None


def test_active_tickets_are_listed_the_oldest_first(full: Store, history: History) -> None:
    active = sorted(
        (head.number, head.stream)
        for head in history.heads.values()
        if head.org_id == history.net
        and isinstance(head.state, Ticket)
        and is_active(head.state.status)
    )
    with full.reading() as turn:
        assert list(turn.active_tickets(history.net)) == [stream for _, stream in active]
        assert len(active) == 3
        assert len(turn.active_tickets(history.elsewhere)) == 1
        assert list(turn.active_tickets(3)) == []
