"""A storm of devices and links, from the log to who reads of it."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.dispatcher.posting import CHANNEL, HOOK, Post
from tests.dispatcher.test_killed import Fate, Told, live, mortal
from tests.handler.acting import House, house, pubkey
from tests.handler.laying import judge, lay
from tocsin.core.record_commands import CreateContributor
from tocsin.core.registry_commands import RegisterDevice
from tocsin.dispatcher.contract import FEW, Delivered, Digest, Parcel, Refused, Retry, Verdict
from tocsin.dispatcher.naming import delivery_id, digest_id
from tocsin.store.outgoing import Trouble

LINKS = ("link.health_changed",)
DOWN = Retry("no connection")


def cut(home: House, links: int) -> None:
    """A fibre that so many links use is cut, and the monitor has seen it."""
    for number in range(links):
        judge(home, f"line-{number}", "impaired", "no light")


def laid(home: House, links: int) -> None:
    for number in range(links):
        lay(home, code=f"line-{number}", number=number)


def codes(parcels: tuple[Parcel, ...]) -> list[str]:
    return [getattr(one.state, "code", "") for one in parcels]


@pytest.mark.parametrize("links", [1, FEW])
def test_a_few_are_told_one_by_one(post: Post, links: int) -> None:
    laid(post.home, links)
    post.route("noc", CHANNEL, kinds=LINKS)
    cut(post.home, links)
    post.run()

    assert post.chat.digests == []
    assert len(post.chat.arrived) == links


@pytest.mark.parametrize("links", [FEW + 1, 300])
def test_more_are_told_as_one_to_people_and_each_to_machines(post: Post, links: int) -> None:
    laid(post.home, links)
    noc = post.route("noc", CHANNEL, kinds=LINKS)
    hook = post.route("hook", kinds=LINKS)
    cut(post.home, links)
    post.run(10)

    (digest,) = post.chat.digests
    positions = [one.event.position for one in digest.parcels]
    assert codes(digest.parcels) == [f"line-{number}" for number in range(links)]
    assert positions == sorted(positions) == sorted(post.chat.told)
    assert digest.delivery_id == digest_id(positions, noc)
    assert {one.delivery_id for one in digest.parcels} == {
        delivery_id(position, noc) for position in positions
    }
    assert {one.to for one in digest.parcels} == {digest.to}
    assert post.row(noc).delivered == links
    assert post.outcomes["noc", "delivered"] == links
    assert [one.event.position for one in post.hook.arrived] == positions
    assert {one.to.route_id for one in post.hook.arrived} == {hook}
    with post.store.reading() as turn:
        lanes = turn.lanes(post.net, noc, [one.event.stream for one in digest.parcels])
    assert {lane.remote_id for lane in lanes.values()} == {"message"}
    assert len(lanes) == links


def theirs(home: House, devices: int) -> None:
    """Another org registers so many devices."""
    org_id = home.orgs["elsewhere"]
    contributor = CreateContributor(
        contributor_id=home.fresh(), code="gamma", name="Gamma", pubkey=pubkey(499)
    )
    home.system("contributor", contributor, org_id=org_id)
    for number in range(devices):
        device = RegisterDevice(
            device_id=home.fresh(),
            pubkey=pubkey(500 + number),
            code=f"theirs-{number}",
            contributor="gamma",
        )
        home.system("device", device, org_id=org_id)


def test_routes_and_orgs_are_never_mixed(post: Post) -> None:
    laid(post.home, 12)
    every = post.route("all", CHANNEL, kinds=LINKS)
    some = post.route("some", CHANNEL, kinds=LINKS, matchers=('link!="line-3"',))
    of_theirs = post.route("theirs", CHANNEL, kinds=("device.*",), org="elsewhere")
    cut(post.home, 12)
    theirs(post.home, 7)
    post.run(10)

    by_route = {one.to.route_id: one for one in post.chat.digests}
    assert len(post.chat.digests) == len(by_route) == 3
    assert post.chat.arrived == []
    links = [f"line-{number}" for number in range(12)]
    assert codes(by_route[every].parcels) == links
    assert codes(by_route[some].parcels) == [one for one in links if one != "line-3"]
    assert codes(by_route[of_theirs].parcels) == [f"theirs-{number}" for number in range(7)]
    assert by_route[of_theirs].to.org_id == post.home.orgs["elsewhere"]
    for digest in post.chat.digests:
        assert {one.to for one in digest.parcels} == {digest.to}


def test_an_asset_is_told_as_it_stands_at_sending(post: Post) -> None:
    laid(post.home, 4)
    post.route("noc", CHANNEL, kinds=LINKS)
    cut(post.home, 4)
    for number in range(4):
        judge(post.home, f"line-{number}", "healthy", "all criteria are met")
    post.run()

    (digest,) = post.chat.digests
    assert len(digest.parcels) == 8
    assert {one.event.stream for one in digest.parcels[:4]} == {
        one.event.stream for one in digest.parcels[4:]
    }


def test_a_failed_one_is_tried_again_whole_under_its_name(post: Post) -> None:
    laid(post.home, 10)
    noc = post.route("noc", CHANNEL, kinds=LINKS)
    verdicts = iter([DOWN, DOWN, DOWN])
    post.chat.judge_digest = lambda digest: next(verdicts, Delivered())
    post.run(1)
    cut(post.home, 10)
    post.run(30)

    assert len(post.chat.offered) == 4
    assert len({one.delivery_id for one in post.chat.offered}) == 1
    assert len({tuple(codes(one.parcels)) for one in post.chat.offered}) == 1
    assert [one.again for one in post.chat.offered] == [False, True, True, True]
    assert [one.attempt for one in post.chat.offered] == [1, 2, 3, 4]
    assert post.chat.arrived == []
    assert post.trouble() == []
    assert post.row(noc).delivered == 10


def test_one_that_is_refused_is_parked_delivery_by_delivery(post: Post) -> None:
    laid(post.home, 10)
    post.route("noc", CHANNEL, kinds=LINKS)
    post.chat.judge_digest = lambda digest: Refused("the channel is gone")
    cut(post.home, 10)
    post.run(60)

    parked = post.trouble(Trouble.PARKED)
    assert len(parked) == 10
    assert {one.reason for one in parked} == {
        f"the channel is gone (sent as {post.chat.offered[0].delivery_id}, with 9 others)"
    }

    post.chat.judge_digest = lambda digest: Delivered()
    assert post.redrive() == 10
    post.run(5)
    assert [len(one.parcels) for one in post.chat.digests] == [10]
    assert post.trouble() == []


def test_a_route_that_machines_read_from_now_on_gets_each_by_itself(post: Post) -> None:
    laid(post.home, 10)
    noc = post.route("noc", CHANNEL, kinds=LINKS)
    post.chat.judge_digest = lambda digest: DOWN
    cut(post.home, 10)
    post.run(5)

    post.change(noc, destination=HOOK)
    post.run(10)

    assert len(post.hook.arrived) == 10
    assert post.trouble() == []


# -- killed at any step --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("told")
    with house(folder) as home:
        post = Post(home=home, store=home.store)
        laid(home, 8)
        route = post.route("noc", CHANNEL, kinds=LINKS)
        cut(home, 8)
    return Told(home, home.path, route)


@pytest.mark.parametrize("failures", [0, 2])
def test_killed_at_any_step_one_message_is_repeated_at_most(
    told: Told, tmp_path: Path, failures: int
) -> None:
    for at in count(1):
        fate = Fate(at)
        with mortal(told, tmp_path, fate) as post:
            tries = count(1)

            def judge_digest(digest: Digest, tries: count[int] = tries) -> Verdict:
                return DOWN if next(tries) <= failures else Delivered("message")

            post.chat.judge_digest = judge_digest
            live(post, fate, 15)

            assert post.chat.arrived == []
            assert {len(one.parcels) for one in post.chat.offered} == {8}
            assert len({one.delivery_id for one in post.chat.offered}) == 1
            assert 1 <= len(post.chat.digests) <= 1 + fate.deaths
            assert all(one.again for one in post.chat.offered[1:])
            assert post.row(told.route).delivered == 8
            assert post.trouble() == []
            sent = len(post.chat.offered)
            post.restart()
            post.run(5)
            assert len(post.chat.offered) == sent
        if not fate.deaths:
            break
    assert at > 15, "with hardly a step in it, it would show nothing"
