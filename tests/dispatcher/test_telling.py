"""What the dispatcher tells of its work, what it never tells, and what it sweeps away."""

from __future__ import annotations

from structlog.testing import capture_logs

from tests.dispatcher.posting import HOOK, TABLE, Post, accepted, firsts
from tests.handler.acting import House
from tocsin.core.errors import Overloaded
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateRoute,
    DestinationDraft,
)
from tocsin.dispatcher.contract import Parcel, Refused, Retry, Verdict
from tocsin.dispatcher.desk import WINDOW
from tocsin.handler.submission import Submission
from tocsin.store.sealing import WrongSecretKey

SECRET = b"whsec_dGhpcyBpcyBub3QgdG9sZA"


def dead(parcel: Parcel) -> Verdict:
    return Retry("no connection")


# -- alarms --------------------------------------------------------------------------------------


def test_an_alarm_is_raised_once_after_its_time_and_taken_back(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = dead
    post.incident()
    post.run(5)
    since = post.row(route).down_since
    post.run(60 * 14)
    assert post.board.told == []
    post.run(60)
    assert post.board.told == [("down", "hook")]
    (trouble,) = post.board.troubles
    assert (trouble.since, trouble.reason, trouble.kind) == (since, "no connection", "webhook")
    assert (trouble.org_id, trouble.waiting) == (post.net, 1)

    post.run(600)
    post.restart()
    post.run(600)
    assert post.board.told == [("down", "hook")], "it was told before"

    post.hook.judge = accepted
    post.run(60)
    assert post.board.told == [("down", "hook"), ("back", "hook")]
    post.restart()
    post.run(60)
    assert len(post.board.told) == 2


def test_the_policy_says_how_long_is_long(post: Post) -> None:
    policy = ChangePolicy(destination_alarm_minutes=60)
    post.home.ask("admin", policy, sort="policy")
    post.route("hook")
    post.hook.judge = dead
    post.incident()
    post.run(60 * 58)
    assert post.board.told == []
    post.run(60 * 3)
    assert post.board.told == [("down", "hook")]


def test_an_alarm_that_nobody_could_take_is_raised_again(post: Post) -> None:
    post.route("hook")
    post.hook.judge = dead
    post.incident()
    post.board.refusing = Overloaded("too much waits")
    post.run(60 * 16)
    post.board.refusing = None
    post.run(2)
    assert post.board.told == [("down", "hook")]


def test_a_route_that_is_disabled_while_it_is_down_is_down_no_more(post: Post) -> None:
    route = post.route("hook")
    post.hook.judge = dead
    post.incident()
    post.run(60 * 16)
    post.change(route, enabled=False)
    post.run(5)
    assert post.board.told == [("down", "hook"), ("back", "hook")]
    assert post.dispatcher.figures()[0].down is False


# -- figures -------------------------------------------------------------------------------------


def test_figures_tell_what_waits_and_for_how_long(post: Post) -> None:
    post.route("hook")
    sick, _ = post.incident(), post.incident()
    post.run(2)
    (idle,) = post.dispatcher.figures()
    assert (idle.org, idle.route, idle.kind) == ("net", "hook", "webhook")
    assert (idle.backlog, idle.parked, idle.lag_seconds, idle.down) == (0, 0, 0.0, False)

    post.hook.judge = dead
    before = post.home.clock()
    for _ in range(3):
        post.say(sick)
    post.run(100)
    (down,) = post.dispatcher.figures()
    assert (down.backlog, down.parked, down.down) == (3, 0, True)
    assert abs(down.lag_seconds - (post.home.clock() - before).total_seconds()) < 1

    post.hook.judge = lambda parcel: Refused("400")
    post.run(300)
    (refused,) = post.dispatcher.figures()
    assert refused.backlog + refused.parked == 3
    assert refused.parked > 0


# -- secrets -------------------------------------------------------------------------------------


def guarded(home: House, name: str) -> str:
    """A route whose destination has a secret; its id."""
    route_id, secret_id = home.fresh(), home.fresh()
    destination = DestinationDraft(kind="webhook", url=HOOK.url, secret_id=secret_id)
    home.writer.do(
        Submission(
            org_id=home.orgs["net"],
            sort="route",
            command=CreateRoute(
                route_id=route_id, name=name, destination=destination, kinds=("incident.*",)
            ),
            credential=home.keys["admin"],
            secrets=((secret_id, SECRET),),
        )
    )
    return route_id


def test_a_sender_gets_the_opened_secret_and_nobody_is_told_it(post: Post) -> None:
    guarded(post.home, "guarded")
    post.incident()

    def mistaken(parcel: Parcel) -> Verdict:
        assert parcel.to.secret == SECRET
        return Refused("401")

    post.hook.judge = mistaken
    with capture_logs() as said:
        post.run(120)
    assert post.hook.handed
    assert {one.to.secret for one in post.hook.handed} == {SECRET}
    told = [repr(said), repr(post.hook.handed), repr(post.trouble()), repr(post.outcomes)]
    assert said
    for text in told:
        assert "whsec" not in text
        assert SECRET.decode()[6:] not in text


def test_a_secret_that_does_not_open_is_trouble_of_its_destination_only(post: Post) -> None:
    broken = guarded(post.home, "broken")
    well = post.route("well", TABLE)

    def unseal(sealed: bytes) -> bytes:
        raise WrongSecretKey("it does not open")

    post.unseal = unseal
    post.restart()
    post.incident()
    post.run(5)
    assert firsts(post.table.arrived, well) == post.promised(well)
    assert post.hook.handed == []
    assert "does not open" in post.row(broken).down_reason

    post.unseal = lambda sealed: sealed[::-1]
    post.restart()
    post.run(60)
    assert firsts(post.hook.arrived, broken) == post.promised(broken)


# -- sweeping ------------------------------------------------------------------------------------


def boxed(post: Post) -> list[int]:
    """Positions in the org's outbox."""
    with post.store.reading() as turn:
        return [one.position for one in turn.outgoing(after=0, limit=1_000, org_id=post.net)]


def test_only_what_every_route_is_done_with_is_swept_away(post: Post) -> None:
    quick, slow = post.route("quick"), post.route("slow", TABLE)
    first = post.incident()
    post.run(1)
    post.table.judge = dead
    later = [post.say(first), post.say(first)]
    post.run(130)
    assert boxed(post) == later
    assert firsts(post.hook.arrived, quick) == post.promised(quick)

    post.table.judge = accepted
    post.run(130)
    assert boxed(post) == []
    assert firsts(post.table.arrived, slow) == post.promised(slow)


def test_what_is_noted_does_not_need_the_outbox(post: Post) -> None:
    route = post.route("hook")
    stream = post.incident()
    post.run(1)
    bad = post.say(stream)
    post.hook.judge = lambda parcel: (
        Refused("400") if parcel.event.position == bad else accepted(parcel)
    )
    post.run(200)
    assert boxed(post) == []
    post.hook.judge = accepted
    assert post.redrive() == 1
    post.run(3)
    assert firsts(post.hook.arrived, route) == post.promised(route)


def test_a_route_that_is_disabled_keeps_nothing_in_the_outbox(post: Post) -> None:
    post.route("quick")
    disabled = post.route("disabled", TABLE)
    post.table.judge = dead
    post.incident()
    post.run(3)
    post.change(disabled, enabled=False)
    post.run(130)
    assert boxed(post) == []


def test_a_quiet_route_does_not_keep_what_others_sent(post: Post) -> None:
    """It is done with what was never for it, and says so once that has become much."""
    post.route("busy")
    quiet = post.route("quiet", TABLE, matchers=("severity=sev1",))
    stream = post.incident()
    for _ in range(600):
        post.say(stream)
    post.run(200)
    assert post.table.handed == []
    lags = max(post.promised(quiet)[stream]) - post.row(quiet).position
    assert len(boxed(post)) == lags < WINDOW
