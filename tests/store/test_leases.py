"""Leases in the database, and whoever shares duties over them; asked of each store."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from tests.store.retelling import Teller
from tocsin.store.contract import Batch, Store
from tocsin.store.leasing import LEASE_SECONDS, RENEW_SECONDS, SLOTS, Alone, Shared, unshared
from tocsin.store.outgoing import Holding

LONG, OVER = 3_600.0, -1.0
"""Seconds of a lease that outlasts the test, and of one that is over when it is given."""


def take(store: Store, *names: str, owner: str, seconds: float = LONG) -> Mapping[str, int]:
    with store.tending() as turn:
        taken = dict(turn.take_leases(names, owner=owner, seconds=seconds))
        turn.commit()
    return taken


def holds(store: Store, owner: str, tokens: Mapping[str, int]) -> bool:
    with store.tending() as turn:
        return turn.holds(Holding(owner=owner, tokens=tokens))


def test_free_leases_are_taken(store: Store) -> None:
    assert take(store, "a", "b", owner="one") == {"a": 1, "b": 1}
    assert take(store, owner="one") == {}


def test_what_another_holds_is_not_taken(store: Store) -> None:
    take(store, "a", owner="one")
    assert take(store, "a", "b", owner="two") == {"b": 1}
    assert holds(store, "one", {"a": 1})
    assert not holds(store, "two", {"a": 1})


def test_renewing_keeps_the_token(store: Store) -> None:
    first = take(store, "a", owner="one")
    assert take(store, "a", owner="one") == first


def test_an_expired_one_is_taken_over_and_its_token_rises(store: Store) -> None:
    first = take(store, "a", owner="one", seconds=OVER)
    second = take(store, "a", owner="two", seconds=OVER)
    third = take(store, "a", owner="one")
    assert first["a"] < second["a"] < third["a"]
    assert not holds(store, "one", first), "an earlier grant of one's own is no good either"
    assert not holds(store, "two", second)
    assert holds(store, "one", third)


def test_owners_are_told_with_the_time_that_is_left(store: Store) -> None:
    take(store, "a", owner="one")
    take(store, "b", owner="two", seconds=60)
    take(store, "c", owner="two", seconds=OVER)
    with store.reading() as turn:
        owners = turn.lease_owners()
    assert {name: owner for name, (owner, _) in owners.items()} == {"a": "one", "b": "two"}
    assert LONG - 60 < owners["a"][1] <= LONG
    assert 0 < owners["b"][1] <= 60


def test_a_holding_holds_only_whole(store: Store) -> None:
    take(store, "a", "b", owner="one")
    assert holds(store, "one", {"a": 1, "b": 1})
    assert not holds(store, "one", {"a": 1, "b": 2})
    assert not holds(store, "one", {"a": 1, "c": 1})
    assert holds(store, "one", {}), "under no lease nothing can be lost"


def test_what_is_returned_is_free_at_once(store: Store) -> None:
    take(store, "a", "b", owner="one")
    with store.tending() as turn:
        turn.return_leases(["a", "unknown"], owner="one")
        turn.return_leases(["b"], owner="two")
        turn.commit()
    assert take(store, "a", "b", owner="two") == {"a": 2}


def test_all_are_forgotten(store: Store) -> None:
    take(store, "a", owner="one")
    take(store, "b", owner="two")
    with store.tending() as turn:
        turn.forget_leases()
        turn.commit()
    assert take(store, "a", "b", owner="three") == {"a": 2, "b": 2}
    assert not holds(store, "one", {"a": 1})


def test_what_is_not_committed_is_not_taken(store: Store) -> None:
    with store.tending() as turn:
        turn.take_leases(["a"], owner="one", seconds=LONG)
    assert take(store, "a", owner="two") == {"a": 1}


# -- duties --------------------------------------------------------------------------------------

DUTIES = ("delivery/0", "delivery/1", "delivery/2", "delivery/3")


class Timer:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


def sharer(store: Store, owner: str, timer: Timer) -> Shared:
    return Shared(store=store, owner=owner, duties=DUTIES, timer=timer)


def take_over(store: Store, name: str) -> None:
    """Let the database's clock pass the end of one lease of the others."""
    with store.tending() as turn:
        turn.return_leases([name], owner="others")
        turn.commit()


def expired(store: Store) -> None:
    """Let the database's clock pass the end of every lease."""
    with store.tending() as turn:
        turn.forget_leases()
        turn.commit()


def test_one_process_alone_takes_every_duty(store: Store, timer: Timer) -> None:
    one = sharer(store, "one", timer)
    assert one.mine() == frozenset()
    assert one.holding(DUTIES[:1]) is None
    assert one.tend() == RENEW_SECONDS
    assert one.mine() == frozenset(DUTIES)
    assert one.unwanted() == frozenset()
    holding = one.holding(DUTIES)
    assert holding is not None
    assert holds(store, holding.owner, holding.tokens)


def test_tending_asks_the_database_no_more_often_than_needed(store: Store, timer: Timer) -> None:
    one = sharer(store, "one", timer)
    one.tend()
    expired(store)
    take(store, *DUTIES, owner="two")
    timer.now += RENEW_SECONDS / 2
    assert one.tend() == RENEW_SECONDS / 2
    assert one.mine() == frozenset(DUTIES)
    timer.now += RENEW_SECONDS / 2
    one.tend()
    assert one.mine() == frozenset()


def test_a_second_process_gets_its_share(store: Store, timer: Timer) -> None:
    one, two = sharer(store, "one", timer), sharer(store, "two", timer)
    one.tend()
    two.tend()
    assert two.mine() == frozenset(), "everything is another's"

    timer.now += RENEW_SECONDS
    one.tend()
    unwanted = one.unwanted()
    assert len(unwanted) == 2
    one.give_back(unwanted)
    assert one.mine() == frozenset(DUTIES) - unwanted
    assert one.unwanted() == frozenset()

    two.tend()
    assert two.mine() == unwanted
    timer.now += RENEW_SECONDS
    one.tend()
    two.tend()
    assert (len(one.mine()), len(two.mine())) == (2, 2)
    assert one.mine() | two.mine() == frozenset(DUTIES)


def test_who_is_there_already_is_left_a_share(store: Store, timer: Timer) -> None:
    take(store, "process/0", owner="two")
    one = sharer(store, "one", timer)
    one.tend()
    assert len(one.mine()) == 2
    assert one.holding(DUTIES) is None, "not all of them are held"


def test_who_gives_back_what_is_beyond_its_share_is_still_there(store: Store, timer: Timer) -> None:
    one, two = sharer(store, "one", timer), sharer(store, "two", timer)
    one.tend()
    two.tend()
    timer.now += RENEW_SECONDS
    one.tend()
    one.give_back(one.unwanted())
    with store.reading() as turn:
        owners = turn.lease_owners()
    assert {name: owner for name, (owner, _) in owners.items() if name.startswith("process/")} == {
        "process/0": "one",
        "process/1": "two",
    }


def test_while_all_places_are_taken_a_process_stands_by(store: Store, timer: Timer) -> None:
    take(store, *(f"process/{number}" for number in range(SLOTS)), owner="others")
    one = sharer(store, "one", timer)
    assert one.tend() == RENEW_SECONDS
    assert one.mine() == frozenset()
    take_over(store, "process/3")
    timer.now += RENEW_SECONDS
    one.tend()
    assert len(one.mine()) == 1


def test_what_is_held_runs_from_before_the_database_was_asked(store: Store) -> None:
    times = iter((1_000.0,))
    one = Shared(store=store, owner="one", duties=DUTIES, timer=lambda: next(times, 1_009.0))
    one.tend()
    assert one.holding(DUTIES, seconds=1.0) is None
    assert one.holding(DUTIES, seconds=0.5) is not None


def test_a_holding_ends_before_the_lease_does(store: Store, timer: Timer) -> None:
    one = sharer(store, "one", timer)
    one.tend()
    assert one.holding(DUTIES[:1], seconds=LEASE_SECONDS) is None
    timer.now += LEASE_SECONDS - 1
    assert one.holding(DUTIES[:1], seconds=0.5) is not None
    assert one.holding(DUTIES[:1], seconds=1) is None
    timer.now += 1
    assert one.holding(DUTIES[:1]) is None
    assert one.mine() == frozenset()


def test_a_paused_process_holds_nothing_any_more(store: Store, timer: Timer) -> None:
    one, two = sharer(store, "one", timer), sharer(store, "two", timer)
    one.tend()
    before = one.holding(DUTIES[:1])
    assert before is not None
    expired(store)
    two.tend()
    assert two.mine() == frozenset(DUTIES)
    assert not holds(store, before.owner, before.tokens)


def test_the_one_that_ends_makes_room(store: Store, timer: Timer) -> None:
    one, two = sharer(store, "one", timer), sharer(store, "two", timer)
    one.tend()
    two.tend()
    one.give_back(DUTIES)
    with store.reading() as turn:
        assert {owner for owner, _ in turn.lease_owners().values()} == {"two"}
    timer.now += RENEW_SECONDS
    two.tend()
    assert two.mine() == frozenset(DUTIES)


def test_alone_everything_is_ones_own_and_nobody_is_asked(store: Store) -> None:
    alone = Alone(DUTIES)
    assert alone.tend() > 0
    assert alone.mine() == frozenset(DUTIES)
    assert alone.unwanted() == frozenset()
    alone.give_back(DUTIES)
    for holding in (alone.holding(DUTIES, seconds=LONG), unshared()):
        assert holding is not None
        assert holds(store, holding.owner, holding.tokens)


# -- listening -----------------------------------------------------------------------------------


def test_whoever_listens_to_a_shared_store_is_told_of_what_was_written(full: Store) -> None:
    news = threading.Event()
    full.listen(news.set)
    Teller(full).write(Batch(batch_id="news"))
    # The one process of a store that is not shared knows what it wrote.
    assert news.wait(timeout=5.0 if full.shared else 0.0) == full.shared
