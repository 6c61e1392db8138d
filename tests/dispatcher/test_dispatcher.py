"""What arrives, in which order, and what becomes of what does not (Design: dispatcher)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from structlog.testing import capture_logs

from tests.dispatcher.posting import HOOK, TABLE, Judge, Post, accepted, firsts
from tocsin.core.commands import ChangeFields, ChangeSeverity, ChangeStatus
from tocsin.core.record_commands import (
    DestinationDraft,
    RemoveRoute,
)
from tocsin.dispatcher.breaker import MAX_ATTEMPTS, MAX_REFUSALS
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Refused, Retry, Verdict
from tocsin.dispatcher.desks import DUE_LIMIT
from tocsin.dispatcher.naming import delivery_id
from tocsin.store.outgoing import DestinationRow, Noted, Settlement, Trouble

DOWN = Retry("no connection")


def failing(which: Callable[[Parcel], bool], verdict: Verdict = DOWN) -> Judge:
    """Judge those as *verdict*, all others as arrived."""
    return lambda parcel: verdict if which(parcel) else accepted(parcel)


def all_down(parcel: Parcel) -> Verdict:
    return DOWN


# -- what goes well ------------------------------------------------------------------------------


def test_everything_arrives_in_the_order_of_its_lane(post: Post) -> None:
    route = post.route("hook")
    first, second = post.incident(), post.incident()
    for _ in range(3):
        post.say(first)
        post.say(second)

    post.run()

    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert len(post.hook.arrived) == sum(map(len, post.promised(route).values())) >= 8


def test_a_delivery_is_named_and_opens_its_lane_once(post: Post) -> None:
    route = post.route("hook")
    post.run(0.1)
    stream = post.incident()
    post.say(stream)
    post.run()
    post.restart()
    post.run(0.1)
    post.say(stream)
    post.run()

    opening, *later = post.hook.handed
    assert (opening.opening, opening.remote_id) == (True, None)
    assert len(later) >= 2
    for parcel in later:
        assert (parcel.opening, parcel.remote_id) == (False, f"made/{stream}")
    for parcel in post.hook.handed:
        assert parcel.delivery_id == delivery_id(parcel.event.position, route)
        assert (parcel.attempt, parcel.again) == (1, False)
        assert (parcel.to.org, parcel.to.route_name) == ("net", "hook")


def test_the_ticket_is_shown_as_it_stands_at_sending(post: Post) -> None:
    post.route("hook")
    stream = post.incident()
    ticket = stream.partition(":")[2]
    post.home.ask("owner", ChangeSeverity(severity="sev1"), subject=ticket)
    post.run()
    states = [getattr(parcel.state, "severity", None) for parcel in post.hook.handed]
    assert set(states) == {"sev1"}


def test_what_was_marked_is_not_sent_again(post: Post) -> None:
    post.route("hook")
    post.incident()
    post.run()
    post.restart()
    post.run()

    assert len(post.hook.handed) == len({one.delivery_id for one in post.hook.handed}) > 0


def test_an_org_sends_nothing_to_anothers_route(post: Post) -> None:
    theirs = post.route("theirs", org="elsewhere")
    mine = post.route("mine")
    post.incident()
    opened = post.home.incident("Theirs", devices=(), services=("web",))
    post.home.ask("stranger", opened, org="elsewhere")
    post.run()

    orgs = {(one.to.route_id, one.event.org_id, one.to.org_id) for one in post.hook.arrived}
    net, elsewhere = post.home.orgs["net"], post.home.orgs["elsewhere"]
    assert orgs == {(mine, net, net), (theirs, elsewhere, elsewhere)}


def test_news_is_sent_without_waiting_to_be_looked_for(post: Post) -> None:
    post.route("hook")
    post.run()
    post.incident()
    post.dispatcher.nudge()
    post.dispatcher.round()
    assert post.hook.arrived


def test_a_pace_is_kept(post: Post) -> None:
    post.table.pace = Pace(concurrent=1, per_second=1.0, burst=1)
    post.restart()
    post.route("table", TABLE)
    for _ in range(6):
        post.incident()
    post.run(3.5)
    assert len(post.table.arrived) in (3, 4)


def test_what_became_of_deliveries_is_counted(post: Post) -> None:
    post.route("hook")
    stream = post.incident()
    post.run()
    assert post.outcomes["hook", "delivered"] == len(post.hook.arrived)
    post.hook.judge = all_down
    post.say(stream)
    post.run(30)
    post.hook.judge = accepted
    post.run(60)
    assert post.outcomes["hook", "failed"] == len(post.hook.handed) - len(post.hook.arrived) > 0


# -- a destination that is down ------------------------------------------------------------------


def test_a_destination_that_is_down_is_probed_one_at_a_time_and_then_drained(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = all_down
    for _ in range(20):
        post.incident()
    post.run(10)

    row = post.row(route)
    assert row.down_since is not None
    assert row.down_reason == DOWN.reason
    tried = len(post.hook.handed)
    post.run(60)
    # Once half a minute at the most is a probe, one delivery each.
    assert 2 <= len(post.hook.handed) - tried <= 8
    assert post.trouble() == [], "it is the destination's trouble, not the deliveries'"

    post.hook.judge = accepted
    post.run(40)
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert post.row(route).down_since is None


def test_attempts_at_a_destination_that_is_down_are_not_counted(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = all_down
    for _ in range(2):
        post.incident()
    post.run(30 * (MAX_ATTEMPTS * 3))
    assert len(post.hook.handed) > 2 * MAX_ATTEMPTS
    assert post.trouble() == []

    post.hook.judge = accepted
    post.run(40)
    assert firsts(post.hook.arrived, route) == post.promised(route)


def test_a_destination_that_is_down_does_not_slow_another(post: Post) -> None:
    post.hook.judge = failing(lambda parcel: parcel.to.route_name == "dead")
    dead, alive = post.route("dead"), post.route("alive")
    for _ in range(10):
        post.incident()
    post.run(2)
    assert firsts(post.hook.arrived, alive) == post.promised(alive)
    assert firsts(post.hook.arrived, dead) == {}


def test_a_new_process_probes_at_once_and_one_at_a_time(post: Post) -> None:
    post.route("hook")
    post.hook.judge = all_down
    for _ in range(5):
        post.incident()
    post.run(60)
    post.restart()
    tried = len(post.hook.handed)
    post.dispatcher.round()
    assert len(post.hook.handed) == tried + 1


def test_a_wish_to_be_left_alone_is_respected(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = lambda parcel: Retry("429 Too Many Requests", wish=120.0)
    post.incident()
    post.incident()
    post.run(5)
    tried = len(post.hook.handed)
    assert tried <= 2
    post.hook.judge = accepted
    post.run(110)
    assert len(post.hook.handed) == tried
    post.run(15)
    assert firsts(post.hook.arrived, route) == post.promised(route)


# -- a delivery that fails -----------------------------------------------------------------------


def steady(post: Post, *, seconds: int, every: int = 60) -> None:
    """Let a little happen elsewhere all the time, so that the destination is known to be well."""
    for _ in range(seconds // every):
        post.incident()
        post.run(5)
        post.wait(every - 5)


def test_a_lane_in_trouble_does_not_hold_up_others(post: Post) -> None:
    route = post.route("hook")
    sick = post.incident()
    post.say(sick)
    well = [post.incident() for _ in range(5)]
    post.hook.judge = failing(lambda parcel: parcel.event.stream == sick)
    post.run(5)
    assert set(firsts(post.hook.arrived, route)) == set(well)

    post.hook.judge = accepted
    steady(post, seconds=120)
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert post.trouble() == []


def test_a_poisonous_delivery_is_counted_and_parked_while_others_pass(post: Post) -> None:
    route = post.route("hook")
    sick = post.incident()
    post.run()
    poison, behind = post.say(sick, "poison"), post.say(sick, "behind")
    post.hook.judge = failing(lambda parcel: parcel.event.position == poison)
    post.incident()
    steady(post, seconds=50_000, every=500)

    tries = [one for one in post.hook.handed if one.event.position == poison]
    # A few are not counted: those with nothing getting through before them.
    assert MAX_ATTEMPTS < len(tries) < MAX_ATTEMPTS * 3 / 2
    assert {one.delivery_id for one in tries} == {delivery_id(poison, route)}
    assert [one.again for one in tries] == [False] + [True] * (len(tries) - 1)
    (parked,) = post.trouble()
    assert (parked.state, parked.position, parked.reason) == (
        Trouble.PARKED,
        poison,
        DOWN.reason,
    )
    # A later one that is parked lets its lane go on.
    assert firsts(post.hook.arrived, route)[sick][-1] == behind
    assert post.outcomes["hook", "parked"] == 1

    post.hook.judge = accepted
    assert post.redrive(route_id=route, position=poison) == 1
    post.run()
    assert firsts(post.hook.arrived, route)[sick][-1] == poison
    assert post.trouble() == []


def test_what_is_refused_is_parked_after_a_few_tries(post: Post) -> None:
    route = post.route("hook")
    stream = post.incident()
    post.run()
    bad, behind = post.say(stream, "bad"), post.say(stream, "behind")
    post.hook.judge = failing(lambda parcel: parcel.event.position == bad, Refused("400"))
    post.run(120)
    assert sum(one.event.position == bad for one in post.hook.handed) == MAX_REFUSALS
    assert [one.position for one in post.trouble(Trouble.PARKED)] == [bad]
    assert firsts(post.hook.arrived, route)[stream][-1] == behind
    assert post.row(route).down_since is None, "whoever refuses is not down"


def test_a_parked_opening_holds_its_lane_until_it_is_asked_for_again(post: Post) -> None:
    route = post.route("hook")
    sick = post.incident()
    post.say(sick)
    post.hook.judge = failing(lambda parcel: parcel.event.stream == sick, Refused("400"))
    post.run(120)
    post.say(sick)
    post.run(3)
    post.restart()
    post.say(sick)
    post.hook.judge = accepted
    post.incident()
    post.run(300)

    assert sick not in firsts(post.hook.arrived, route)
    states = [one.state for one in post.trouble()]
    assert states == [Trouble.PARKED] + [Trouble.HELD] * (len(post.promised(route)[sick]) - 1)

    assert post.redrive(route_id=route) == 1
    post.run()
    assert firsts(post.hook.arrived, route) == post.promised(route)
    mine = [one for one in post.hook.arrived if one.event.stream == sick]
    assert [one.opening for one in mine] == [True] + [False] * (len(mine) - 1)
    assert {one.remote_id for one in mine[1:]} == {f"made/{sick}"}
    assert post.trouble() == []


def test_news_for_a_lane_that_has_just_left_trouble_is_not_left_behind(post: Post) -> None:
    """The store still has the lane noted while what came of it is not written yet."""
    route = post.route("hook")
    stream, other = post.incident(), post.incident()
    post.run()

    def round_after(seconds: float) -> None:
        post.wait(seconds)
        post.dispatcher.nudge()
        post.dispatcher.round()

    round_after(1.0)
    bad = post.say(stream, "bad")
    post.hook.judge = failing(lambda parcel: parcel.event.position == bad, Refused("400"))
    for _ in range(3):
        round_after(0.05)
    assert [one.state for one in post.trouble()] == [Trouble.WAITING]
    post.hook.judge = accepted
    post.say(other)
    round_after(0.05)
    # The other one's arrival is marked and the lane taken back at once, so the next mark is later.
    round_after(1.0)
    assert post.hook.arrived[-1].event.position == bad
    later = post.say(stream, "later")
    round_after(0.001)
    assert [one.state for one in post.trouble()] == [Trouble.WAITING], "it is not written yet"

    post.run(120)
    assert firsts(post.hook.arrived, route)[stream][-1] == later
    assert post.trouble() == []


def test_a_sender_with_a_mistake_in_it_parks_and_says_so(post: Post) -> None:
    post.route("hook")

    def mistaken(parcel: Parcel) -> Verdict:
        raise LookupError("secret text")

    post.hook.judge = mistaken
    post.incident()
    with capture_logs() as said:
        post.run(120)
    (parked, *_) = post.trouble(Trouble.PARKED)
    assert "LookupError" in parked.reason
    assert "secret text" not in parked.reason
    assert sum(one["action"] == "sender_failed" for one in said) == MAX_REFUSALS


# -- redrawn cards -------------------------------------------------------------------------------


def test_cards_that_nobody_tried_to_redraw_are_redrawn_once(post: Post) -> None:
    route = post.route("table", TABLE)
    stream = post.incident()
    ticket = stream.partition(":")[2]
    for title in ("One", "Two", "Three", "Four"):
        post.home.ask("owner", ChangeFields(title=title), subject=ticket)
    spoken = post.say(stream)
    post.run()

    every = post.promised(route)[stream]
    opening, *cards, last = every
    assert last == spoken
    assert firsts(post.table.arrived, route)[stream] == [opening, cards[-1], spoken]
    assert post.outcomes["table", "superseded"] == len(cards) - 1 == 3
    assert post.row(route).position >= spoken


# -- routes that change --------------------------------------------------------------------------


def test_a_disabled_route_sends_nothing_of_what_waited(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = all_down
    stream = post.incident()
    post.run(5)
    tried = len(post.hook.handed)
    post.change(route, enabled=False)
    post.hook.judge = accepted
    post.say(stream)
    post.run(120)
    assert len(post.hook.handed) == tried
    assert post.row(route).down_since is None

    post.change(route, enabled=True)
    again = post.incident()
    post.run(120)
    assert set(firsts(post.hook.arrived, route)) == {again}


def test_a_removed_route_sends_nothing_of_what_waited_even_parked(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = failing(lambda parcel: True, Refused("400"))
    post.incident()
    post.run(120)
    assert post.trouble(Trouble.PARKED)
    post.home.ask("admin", RemoveRoute(), subject=route, sort="route")
    post.run(3)
    assert post.trouble() == []
    assert post.redrive() == 0


def test_a_lane_that_was_parked_is_free_once_its_route_was_disabled(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = failing(lambda parcel: True, Refused("400"))
    stream = post.incident()
    post.run(120)
    post.change(route, enabled=False)
    post.run(3)
    post.change(route, enabled=True)
    post.hook.judge = accepted
    spoken = post.say(stream)
    post.run(5)
    assert firsts(post.hook.arrived, route) == {stream: [spoken]}
    assert post.hook.arrived[0].opening


def test_a_changed_address_is_tried_at_once(post: Post) -> None:
    route = post.route("table", TABLE)
    post.table.judge = failing(lambda one: one.to.destination.table_base == TABLE.table_base)
    post.incident()
    post.run(120)
    assert post.table.arrived == []
    moved = DestinationDraft(kind="airtable", table_base="app9876543210")
    post.change(route, destination=moved)
    post.dispatcher.nudge()
    post.run(0.1)
    assert firsts(post.table.arrived, route) == post.promised(route)


def test_a_route_made_while_nobody_looks_gets_everything_since(post: Post) -> None:
    post.incident()
    route = post.route("hook")
    stream = post.incident()
    post.restart()
    post.run()
    assert firsts(post.hook.arrived, route) == post.promised(route)
    assert set(post.promised(route)) == {stream}


def test_a_new_route_opens_lanes_for_what_is_active_once(post: Post) -> None:
    active, resolved = post.incident(), post.incident()
    post.home.ask(
        "owner",
        ChangeStatus(status="resolved", body="Spliced."),
        subject=resolved.partition(":")[2],
    )
    spoken = post.say(active)
    route = post.route("hook", backfill=True)
    post.run(5)
    post.restart()
    post.run(5)
    ((stream, (position,)),) = firsts(post.hook.arrived, route).items()
    assert stream == active
    assert position < spoken
    assert len(post.hook.handed) == 1
    assert post.hook.handed[0].opening

    news = post.say(active)
    post.run(5)
    assert firsts(post.hook.arrived, route) == {active: [position, news]}
    assert not post.hook.arrived[-1].opening


def test_an_opening_that_gives_no_name_opens_its_lane_all_the_same(post: Post) -> None:
    post.route("hook")
    post.hook.judge = lambda parcel: Delivered()
    stream = post.incident()
    post.run()
    post.say(stream)
    post.run()
    assert [one.opening for one in post.hook.handed][:2] == [True, False]
    assert {one.remote_id for one in post.hook.handed} == {None}


def test_many_lanes_in_trouble_at_a_slow_destination_do_not_hold_up_those_of_another(
    post: Post,
) -> None:
    post.table.pace = Pace(concurrent=1, per_second=0.1)
    post.restart()
    slow, quick = post.route("slow", TABLE), post.route("quick")
    streams = [post.incident() for _ in range(DUE_LIMIT + 20)]
    with post.store.tending() as turn:
        # All of them refused some time ago, the quick one's last of all.
        lanes = {lane: positions[0] for lane, positions in post.promised(slow).items()}
        for route_id, due in ((slow, streams), (quick, streams[-1:])):
            at = post.home.clock() - timedelta(seconds=len(due))
            noted = [
                Noted(
                    org_id=post.net,
                    route_id=route_id,
                    position=lanes[stream],
                    stream=stream,
                    state=Trouble.WAITING,
                    due_at=at,
                )
                for stream in due
            ]
            row = DestinationRow(org_id=post.net, route_id=route_id, position=max(lanes.values()))
            turn.settle(Settlement(destination=row, noted=tuple(noted)))
        turn.commit()
    post.run(10)
    assert firsts(post.hook.arrived, quick) == {streams[-1]: [lanes[streams[-1]]]}
    assert 0 < len(post.table.arrived) < 5


def test_where_a_route_moves_to_its_lanes_begin_anew(post: Post) -> None:
    route = post.route("table", TABLE)
    stream = post.incident()
    post.run(2)
    post.change(route, destination=DestinationDraft(kind="airtable", table_base="app9876543210"))
    post.say(stream)
    post.run(2)
    post.restart()
    post.say(stream)
    post.run(2)
    assert [one.opening for one in post.table.handed] == [True, True, False]
    assert [one.remote_id for one in post.table.handed] == [None, None, f"made/{stream}"]
    assert firsts(post.table.arrived, route) == post.promised(route)


def test_a_route_that_changes_its_kind_is_sent_by_the_other_sender(post: Post) -> None:
    route = post.route("moving", TABLE)
    stream = post.incident()
    post.run(2)
    post.change(route, destination=HOOK)
    post.say(stream)
    post.run(2)
    assert (len(post.table.handed), len(post.hook.handed)) == (1, 1)
    assert post.hook.handed[0].opening


def test_what_goes_where_nothing_sends_waits_for_somebody_who_does(post: Post) -> None:
    mail = DestinationDraft(kind="email", address="noc@example.net")
    route, hook = post.route("mail", mail), post.route("hook")
    post.incident()
    post.run(3)
    assert firsts(post.hook.arrived, hook) == post.promised(hook)
    (waits,) = [one for one in post.dispatcher.figures() if one.route == "mail"]
    assert waits.backlog == 1
    post.change(route, destination=HOOK)
    post.run(3)
    assert firsts(post.hook.arrived, route) == post.promised(route)
