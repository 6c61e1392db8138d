"""What one round does, and when it says that the next may have something to do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.dispatcher.posting import TABLE, Later, Post, post_office
from tocsin.dispatcher.contract import Pace
from tocsin.dispatcher.dispatcher import LOOK_SECONDS, MARK_SECONDS
from tocsin.dispatcher.naming import DUTIES
from tocsin.dispatcher.sending import FEW_OUT
from tocsin.store.leasing import Alone
from tocsin.store.outgoing import Holding


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A house with nothing to send yet; which store it has is nothing to a round."""
    with post_office(tmp_path) as made:
        yield made


def test_what_may_go_goes_at_the_very_next_round(post: Post) -> None:
    route = post.route("hook")
    stream = post.incident()
    for _ in range(3):
        post.say(stream)
    promised = post.promised(route)[stream]

    for _ in promised:
        post.dispatcher.round()

    assert [one.event.position for one in post.hook.arrived] == promised


def test_a_round_says_when_the_pace_lets_the_next_go(post: Post) -> None:
    post.table.pace = Pace(concurrent=1, per_second=4.0, burst=1)
    post.restart()
    post.route("table", TABLE)
    post.incident()
    post.incident()
    post.dispatcher.round()
    post.wait(MARK_SECONDS)

    assert post.dispatcher.round() == pytest.approx(1 / 4.0 - MARK_SECONDS)
    assert len(post.table.arrived) == 1


def test_a_round_with_nothing_to_do_waits_until_it_is_time_to_look(post: Post) -> None:
    post.route("hook")
    post.dispatcher.nudge()
    post.run(1.0)
    post.dispatcher.round()

    assert post.dispatcher.round() == LOOK_SECONDS


def test_few_are_out_while_facts_are_taken_in(post: Post) -> None:
    post.busy = True
    workers = Later()
    dispatcher = post.made(workers=workers)
    for number in range(FEW_OUT + 2):
        post.route(f"hook {number}")
    post.incident()

    dispatcher.round()
    assert len(workers.waiting) == FEW_OUT

    post.busy = False
    dispatcher.round()
    assert len(workers.waiting) == FEW_OUT + 2


class Loses(Alone):
    """Has every duty until it is ``lost``."""

    lost = False

    def holding(self, duties: Collection[str], *, seconds: float = 0.0) -> Holding | None:
        """None once it is lost."""
        return None if self.lost else super().holding(duties, seconds=seconds)


def test_what_was_handed_out_before_its_duty_was_lost_is_not_sent(post: Post) -> None:
    """Whoever has the duty by then sends it: from here it would come after what they sent."""
    workers, leases = Later(), Loses(DUTIES)
    dispatcher = post.made(workers=workers, leases=leases)
    post.route("hook")
    post.incident()
    dispatcher.round()
    leases.lost = True
    workers.let_go()
    assert post.hook.handed == []

    leases.lost = False
    dispatcher.round()
    workers.let_go()
    assert [one.attempt for one in post.hook.handed] == [1]
