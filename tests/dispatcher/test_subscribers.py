"""Those who have subscribed to a status page: who is told what, and what becomes of it."""

from __future__ import annotations

from tests.dispatcher.posting import Later, Post, accepted
from tocsin.core.commands import ServiceImpactDraft
from tocsin.core.record_commands import CreateService
from tocsin.dispatcher.breaker import GIVE_UP_AFTER, MAX_REFUSALS
from tocsin.dispatcher.contract import Parcel, Refused, Retry, Verdict
from tocsin.dispatcher.sending import MOST_TO_SUBSCRIBERS
from tocsin.dispatcher.subscribers import MOST_OPEN
from tocsin.store.outgoing import Trouble

SLOW = (ServiceImpactDraft(code="api", impact="degraded"),)


def told(post: Post) -> list[tuple[str | None, int]]:
    """Who was told what: addresses and positions, sorted."""
    return sorted((one.to.destination.address, one.event.position) for one in post.crowd.arrived)


def outbox(post: Post) -> list[int]:
    with post.store.reading() as turn:
        return [one.position for one in turn.outgoing(after=0, limit=1_000)]


def services(post: Post) -> None:
    for code in ("api", "dns"):
        made = CreateService(service_id=post.home.fresh(), code=code, name=code.upper())
        post.home.ask("admin", made, sort="service")


def test_only_public_updates_are_told(post: Post) -> None:
    post.page()
    ann = post.subscriber("ann@example.org")
    stream = post.incident()
    post.say(stream, "Internal word.")
    position = post.publish(stream)
    post.say(stream, "Another.")
    post.run()

    (parcel,) = post.crowd.handed
    assert (parcel.event.position, parcel.event.kind) == (
        position,
        "incident.public_update_posted",
    )
    assert (parcel.to.route_id, parcel.to.route_name) == (ann, "subscriptions")
    assert parcel.to.subscription is not None
    assert parcel.to.subscription.id == ann
    assert parcel.opening
    assert not post.hook.handed


def test_a_page_that_does_not_show_it_tells_nobody(post: Post) -> None:
    services(post)
    post.page("dns", services=("dns",))
    post.page("api", services=("api",))
    post.subscriber("dns@example.org", "dns")
    post.subscriber("api@example.org", "api")
    position = post.publish(post.incident(), services=SLOW)
    post.run()

    assert told(post) == [("api@example.org", position)]


def test_who_wants_to_know_of_some_services_hears_of_those_and_of_what_is_about_none(
    post: Post,
) -> None:
    services(post)
    post.page(services=("api", "dns"))
    post.subscriber("all@example.org")
    post.subscriber("dns@example.org", services=("dns",))
    first = post.publish(post.incident(), services=SLOW)
    second = post.publish(post.incident())
    post.run()

    assert told(post) == [
        ("all@example.org", first),
        ("all@example.org", second),
        ("dns@example.org", second),
    ]


def test_the_end_of_what_was_told_is_told(post: Post) -> None:
    services(post)
    post.page(services=("api",))
    post.subscriber("ann@example.org")
    stream = post.incident()
    first = post.publish(stream, services=SLOW)
    last = post.publish(stream, "It is over.", status="resolved")
    post.run()

    assert told(post) == [("ann@example.org", first), ("ann@example.org", last)]


def test_who_leaves_hears_no_more_and_who_comes_hears_what_comes_then(post: Post) -> None:
    post.page()
    ann = post.subscriber("ann@example.org")
    stream = post.incident()
    first = post.publish(stream)
    post.run()
    post.leave(ann)
    post.subscriber("bob@example.org")
    second = post.publish(stream, "More.")
    post.run()

    assert told(post) == [("ann@example.org", first), ("bob@example.org", second)]


def test_a_crowd_is_told_each_once_with_few_desks_and_few_sends_at_a_time(post: Post) -> None:
    post.page()
    crowd = [post.subscriber(f"s{number:03}@example.org") for number in range(3 * MOST_OPEN)]
    later = Later()
    dispatcher = post.dispatcher = post.made(workers=later)
    position = post.publish(post.incident())
    dispatcher.nudge()
    dispatcher.round()
    assert len(later.waiting) == MOST_TO_SUBSCRIBERS

    most = 0
    for _ in range(20 * len(crowd)):
        later.let_go()
        post.wait(0.06)
        dispatcher.round()
        most = max(most, len(later.waiting))
        if len(post.crowd.arrived) == len(crowd):
            break
    assert most == MOST_TO_SUBSCRIBERS
    assert [one for _, one in told(post)] == [position] * len(crowd)
    assert len({address for address, _ in told(post)}) == len(crowd)


def test_a_crowd_is_not_in_the_way_of_a_route(post: Post) -> None:
    post.page()
    for number in range(2 * MOST_OPEN):
        post.subscriber(f"s{number:03}@example.org")
    post.route("hook")
    later = Later()
    dispatcher = post.dispatcher = post.made(workers=later)
    stream = post.incident()
    post.publish(stream)
    dispatcher.nudge()
    dispatcher.round()
    assert len(later.waiting) == MOST_TO_SUBSCRIBERS + 1
    later.let_go()
    assert [one.event.stream for one in post.hook.arrived] == [stream]


def test_what_was_told_is_not_told_again_after_a_restart(post: Post) -> None:
    post.page()
    post.subscriber("ann@example.org")
    post.subscriber("bob@example.org")
    stream = post.incident()
    post.publish(stream)
    post.run()
    assert len(told(post)) == 2
    post.restart()
    post.run()
    assert len(post.crowd.handed) == 2

    post.publish(stream, "More.")
    post.restart()
    post.run()
    assert len(told(post)) == 4
    assert [one.opening for one in post.crowd.handed] == [True, True, False, False]


def test_what_was_promised_before_a_restart_is_told_after_it(post: Post) -> None:
    post.page()
    post.subscriber("ann@example.org")
    post.run()
    first = post.publish(post.incident())
    second = post.publish(post.incident())
    post.restart()
    post.run()
    assert [position for _, position in told(post)] == [first, second]


def test_trouble_of_one_is_not_the_others_and_comes_again(post: Post) -> None:
    post.page()
    post.subscriber("ann@example.org")
    post.subscriber("bob@example.org")
    down = True

    def judge(parcel: Parcel) -> Verdict:
        return (
            Retry("no connection")
            if down and parcel.to.destination.address == "ann@example.org"
            else accepted(parcel)
        )

    post.crowd.judge = judge
    position = post.publish(post.incident())
    post.run(30)
    assert told(post) == [("bob@example.org", position)]
    post.restart()
    down = False
    post.run(30)
    assert told(post) == [("ann@example.org", position), ("bob@example.org", position)]
    assert post.board.told == []


def test_what_is_refused_is_parked_and_can_be_asked_for_again(post: Post) -> None:
    post.page()
    ann = post.subscriber("ann@example.org")
    post.crowd.judge = lambda parcel: Refused("unknown mailbox")
    stream = post.incident()
    position = post.publish(stream)
    post.run(3_600)
    (parked,) = post.trouble(Trouble.PARKED)
    assert (parked.route_id, parked.position, parked.attempts) == (ann, position, MAX_REFUSALS)

    post.crowd.judge = accepted
    post.restart()
    post.run()
    assert post.redrive(route_id=ann) == 1
    post.run()
    assert told(post) == [("ann@example.org", position)]
    assert post.trouble() == []


def test_a_subscriber_who_never_comes_back_is_not_waited_for_for_ever(post: Post) -> None:
    post.page()
    post.subscriber("ann@example.org")
    post.crowd.judge = lambda parcel: Retry("no connection")
    position = post.publish(post.incident())
    post.run(30)
    assert post.trouble(Trouble.PARKED) == []
    post.wait(GIVE_UP_AFTER.total_seconds())
    post.run(60)
    assert [one.position for one in post.trouble(Trouble.PARKED)] == [position]


def test_nothing_is_left_of_who_leaves(post: Post) -> None:
    post.page()
    ann = post.subscriber("ann@example.org")
    post.crowd.judge = lambda parcel: Refused("unknown mailbox")
    post.publish(post.incident())
    post.run(3_600)
    assert post.trouble()
    post.leave(ann)
    post.restart()
    post.run()
    assert post.trouble() == []


def test_the_outbox_is_swept_of_what_everybody_has_been_told(post: Post) -> None:
    post.page()
    post.subscriber("ann@example.org")
    post.subscriber("bob@example.org")
    post.route("hook")
    post.crowd.judge = lambda parcel: (
        Retry("no connection")
        if parcel.to.destination.address == "ann@example.org"
        else accepted(parcel)
    )
    stream = post.incident()
    first = post.publish(stream)
    post.run(130)
    assert outbox(post)[0] == first

    post.crowd.judge = accepted
    post.run(3_600)
    post.say(stream)
    post.run(130)
    assert outbox(post) == []
    assert [position for _, position in told(post)] == [first, first]
