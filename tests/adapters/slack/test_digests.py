"""A storm of links, as people in a channel read it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.slack.facts import NASTY, contributor, read
from tests.adapters.slack.office import Office, slack_office
from tests.core.telling import NOON
from tests.handler.laying import judge, lay
from tests.servers.slack import Message
from tests.servers.slack.rules import check_message, check_metadata
from tocsin.adapters.slack import digests
from tocsin.adapters.slack.contract import EVENT_TYPE
from tocsin.adapters.slack.traces import metadata_of_digest
from tocsin.core.record_commands import UpdateContributor
from tocsin.dispatcher.contract import FEW, Digest, Parcel
from tocsin.dispatcher.desk import WINDOW
from tocsin.projections.digests import (
    MOST_CODES,
    MOST_GROUPS,
    MOST_OWNERS,
    MOST_REASONS,
    Group,
    Owned,
    Summary,
)

HEALTH = ("link.health_changed",)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        yield made


def shown(message: Message) -> str:
    return "\n".join(read(message.blocks))


def cut(office: Office, links: int, *, first: int = 0) -> None:
    """So many links, from one on, are seen without light."""
    for number in range(first, first + links):
        judge(office.home, f"line-{number}", "impaired", "no light")


def laid(office: Office, links: int) -> None:
    for number in range(links):
        lay(office.home, code=f"line-{number}", number=number)


def told(office: Office) -> Counter[str]:
    """How often each link is named in the channel."""
    texts = (f"{shown(one)}\n" for one in office.cards())
    return Counter(re.findall(r"line-[0-9]+", " ".join(texts)))


def test_forty_links_are_one_message(office: Office) -> None:
    laid(office, 40)
    office.route(kinds=HEALTH)
    office.run(1)
    cut(office, 40)
    office.run(5)

    (message,) = office.cards()
    assert office.calls("conversations.history") == 0, "nobody can have told it before"
    assert message.text == "*40 links are impaired*"
    said = shown(message)
    assert "Alpha and Beta: line-0, line-1, line-10" in said
    assert f"and {40 - MOST_CODES} more" in said
    assert "• no light (40)" in said
    assert "<https://tocsin.example/network|The network>" in said
    assert "40 announcements, by " in said
    assert not office.trouble()


def test_as_many_as_a_person_reads_are_told_one_by_one(office: Office) -> None:
    laid(office, FEW)
    office.route(kinds=HEALTH)
    cut(office, FEW)
    office.run(10)

    assert len(office.cards()) == FEW
    assert set(told(office)) == {f"line-{number}" for number in range(FEW)}


def test_who_is_to_accept_is_mentioned_once(office: Office) -> None:
    group = UpdateContributor(slack_user_group="S0BETA")
    office.home.ask("admin", group, sort="contributor", subject="beta")
    office.route(kinds=("link.acceptance_requested",))
    for number in range(9):
        lay(office.home, code=f"line-{number}", number=number, link_type="DZX")
    office.run(5)

    (message,) = office.cards()
    assert message.text == "*9 links wait for acceptance* <!subteam^S0BETA>"
    assert shown(message).count("<!subteam^S0BETA>") == 1


def test_an_answer_that_is_lost_is_no_second_message(office: Office) -> None:
    laid(office, 10)
    office.route(kinds=HEALTH)
    office.slack.lose_answer("chat.postMessage")
    cut(office, 10)
    office.run(30)

    assert len(office.cards()) == 1
    assert not office.trouble()


def test_whoever_takes_over_says_nothing_twice_in_whatever_company(office: Office) -> None:
    laid(office, 20)
    route = office.route(kinds=HEALTH)
    office.run(2)
    cut(office, 10)
    while not office.cards():
        office.dispatcher.round()
        office.wait(0.001)
    assert len(office.cards()) == 1

    # More comes, and the process dies before it has marked what it sent.
    cut(office, 7, first=10)
    office.restart()
    office.run(10)

    first, second = office.cards()
    assert first.text == "*10 links are impaired*"
    assert second.text == "*7 links are impaired*"
    assert told(office) == {f"line-{number}": 1 for number in range(17)}
    with office.home.store.reading() as turn:
        assert turn.destinations(office.net)[route].delivered == 17


def test_a_message_that_says_only_its_name_is_known_by_that(office: Office) -> None:
    laid(office, 10)
    office.route(kinds=HEALTH)
    office.run(2)
    cut(office, 10)
    while not office.cards():
        office.dispatcher.round()
        office.wait(0.001)
    (message,) = office.cards()
    assert message.metadata is not None
    del message.metadata["event_payload"]["positions"]
    office.restart()
    office.run(10)

    assert office.cards() == [message]


def test_what_others_claim_to_have_told_is_read_with_bounds(office: Office) -> None:
    laid(office, 10)
    route = office.route(kinds=HEALTH)
    payload = {"delivery_id": "x", "route_id": route, "positions": f"1-{10**17},0-{10**17}"}
    office.client(office.workspace).chat_postMessage(
        channel=office.incidents.id,
        text="me too",
        metadata={"event_type": EVENT_TYPE, "event_payload": payload},
    )
    office.slack.lose_answer("chat.postMessage")
    cut(office, 10)
    office.run(30)

    assert not office.trouble()


@pytest.mark.parametrize(
    ("positions", "said"),
    [([7], "7"), ([9, 7, 8], "7-9"), ([1, 2, 4, 6, 7], "1-2,4,6-7")],
)
def test_a_message_carries_which_events_it_tells(
    office: Office, positions: list[int], said: str
) -> None:
    carried = metadata_of_digest(*digest_of(office, positions))

    assert carried["event_payload"]["positions"] == said


def test_it_carries_no_more_than_slack_takes(office: Office) -> None:
    carried = metadata_of_digest(*digest_of(office, range(10**9, 10**9 + 2 * WINDOW, 2)))

    check_metadata(carried)
    positions = carried["event_payload"]["positions"]
    assert positions.startswith(f"{10**9},{10**9 + 2},")
    assert 3_900 < len(positions) <= 4_000


def digest_of(office: Office, positions: Iterable[int]) -> tuple[Digest, tuple[Parcel, ...]]:
    """A digest of events at these positions."""
    one = office.parcel(office.route("any"), office.incident())
    parcels = tuple(replace(one, event=replace(one.event, position=at)) for at in positions)
    return Digest(delivery_id="dgs_1", to=one.to, parcels=parcels), parcels


def test_a_few_that_a_digest_has_told_are_not_told_alone(office: Office) -> None:
    laid(office, 6)
    office.route(kinds=HEALTH)
    office.run(2)
    cut(office, 6)
    while not office.cards():
        office.dispatcher.round()
        office.wait(0.001)
    office.restart()
    office.run(10)

    assert len(office.cards()) == 1


def test_a_storm_while_slack_is_away_is_told_when_it_is_back(office: Office) -> None:
    laid(office, 30)
    office.route(kinds=HEALTH)
    office.slack.down(refuse=True)
    cut(office, 10)
    office.run(60)
    cut(office, 20, first=10)
    office.run(60)
    office.slack.up()
    office.run(60)

    assert [one.text for one in office.cards()] == [
        "*10 links are impaired*",
        "*20 links are impaired*",
    ]
    assert not office.trouble()


# -- whatever is in it ----------------------------------------------------------------------------

COUNTS = st.integers(0, 10**6)
LONG = ("x" * 5_000, "\U0001f525" * 3_000)
NAMES = st.sampled_from((*NASTY, *LONG, "ams-fra")) | st.text(max_size=5)
OWNED = st.builds(
    Owned,
    owner=NAMES,
    codes=st.lists(NAMES, min_size=1, max_size=MOST_CODES).map(tuple),
    more=COUNTS,
)
GROUPS = st.builds(
    Group,
    what=st.sampled_from(("37 links are impaired", "1 device was updated")),
    count=COUNTS,
    owned=st.lists(OWNED, min_size=1, max_size=MOST_OWNERS).map(tuple),
    more_owned=COUNTS,
    reasons=st.lists(st.tuples(NAMES, COUNTS), max_size=MOST_REASONS).map(tuple),
    more_reasons=COUNTS,
)
SUMMARIES = st.builds(
    Summary,
    headline=st.sampled_from(("37 links are impaired", "37 links are impaired, " * 40)),
    announcements=COUNTS,
    groups=st.lists(GROUPS, min_size=1, max_size=MOST_GROUPS).map(tuple),
    more=COUNTS,
    called=st.sampled_from(((), (contributor("alpha"), contributor("beta")))),
    actors=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    first=st.just(NOON),
    last=st.just(NOON),
)


@settings(max_examples=60, deadline=None)
@given(SUMMARIES)
def test_whatever_is_in_it_slack_takes_it_and_nothing_in_it_is_markup(summary: Summary) -> None:
    said = digests.reply(summary, base_url="https://tocsin.example")

    check_message(said=said.text, blocks=said.blocks, metadata=None)
    for block in said.blocks:
        for one in (block.get("text", {}), *block.get("elements", [])):
            if one.get("type") == "mrkdwn":
                assert "<!channel>" not in one["text"]
                assert "<@U1>" not in one["text"]


def test_what_has_no_room_is_counted() -> None:
    owned = Owned(owner="o" * 90, codes=("c" * 250,), more=3)
    group = Group(
        what="9 links are impaired",
        count=9,
        owned=(owned,) * MOST_OWNERS,
        more_owned=0,
        reasons=(("r" * 200, 1),) * MOST_REASONS,
        more_reasons=2,
    )
    summary = Summary(
        headline="many",
        announcements=80,
        groups=(group,) * MOST_GROUPS,
        more=11,
        called=(),
        actors=("monitor",),
        first=NOON,
        last=NOON,
    )

    texts = read(digests.reply(summary, base_url=None).blocks)

    heads = sum("9 links are impaired" in one for one in texts)
    assert 0 < heads < MOST_GROUPS
    assert f"and {11 + 9 * (MOST_GROUPS - heads)} more" in texts
