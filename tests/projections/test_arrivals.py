"""What has arrived is found by what is asked of it, and only in the org that asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.handler.acting import House
from tests.handler.hearing import Neighbour, alert, neighbour
from tocsin.projections.arrivals import (
    WantedPayloads,
    WantedSignals,
    count,
    draft_in,
    every_connector,
    known_fingerprints,
    newest_payloads,
    newest_signals,
    payloads_at,
    sizes,
)
from tocsin.store.arrivals import instant_of

MOMENT = timedelta(microseconds=1)


def heard(home: House) -> tuple[list[int], Neighbour, int]:
    """Three payloads of two connectors and a replay of the first, told to the net; the same alert
    told to another org in between. The numbers of the net's, one of its connectors, and the number
    of the other's."""
    am, pm = neighbour(home), neighbour(home, code="pm")
    other = neighbour(home, org="elsewhere")
    mild = alert("a", trace_id="t1", service_name="web", severity="sev5")
    first = am.says(mild)
    home.clock.pass_by(timedelta(seconds=1))
    theirs = other.says(mild)
    home.clock.pass_by(timedelta(seconds=1))
    second = pm.says(alert("b"), alert("c", state="resolved"))
    home.clock.pass_by(timedelta(seconds=1))
    third = am.mumbles()
    home.clock.pass_by(timedelta(seconds=1))
    replay = home.writer.account(replace(am.arrival(mild), replay_of=first.number))
    numbers = [one.number for one in (first, second, third, replay)]
    return numbers, am, theirs.number


def test_payloads_are_the_orgs_own_newest_first_and_as_asked(filed: House) -> None:
    numbers, am, theirs = heard(filed)
    first, second, third, replay = numbers
    net = filed.orgs["net"]
    asked = {
        WantedPayloads(): [replay, third, second, first],
        WantedPayloads(connectors=(am.connector_id,)): [replay, third, first],
        WantedPayloads(connectors=()): [],
        WantedPayloads(verdict="unparseable"): [third],
        WantedPayloads(heard_again=False): [third, second, first],
        WantedPayloads(since=instant_of(second), until=instant_of(third)): [second],
        WantedPayloads(since=instant_of(second) + MOMENT): [replay, third],
    }
    with filed.store.reading() as turn:
        for wanted, expected in asked.items():
            found = newest_payloads(turn, net, wanted, before=None, limit=10)
            assert [one.number for one in found] == expected, wanted
            assert {one.org_id for one in found} <= {net}
            assert count(turn, net, wanted) == len(expected), wanted
            newest = sizes(turn, net, wanted, newest=True, limit=10)
            assert [number for number, _ in newest] == expected, wanted
            assert sizes(turn, net, wanted, newest=False, limit=10) == newest[::-1], wanted
        page = newest_payloads(turn, net, WantedPayloads(), before=third, limit=1)
        assert [one.number for one in page] == [second]
        assert payloads_at(turn, net, [second, theirs, first])[0].number == first
        assert len(payloads_at(turn, net, [second, theirs, first])) == 2


def test_the_bytes_of_a_payload_come_only_where_they_are_asked_for(filed: House) -> None:
    (first, *_), _, _ = heard(filed)
    net = filed.orgs["net"]
    with filed.store.reading() as turn:
        bare = newest_payloads(turn, net, WantedPayloads(), before=None, limit=10)[-1]
        whole = newest_payloads(turn, net, WantedPayloads(), before=None, limit=10, whole=True)[-1]
    assert (bare.number, bare.payload, whole.payload) == (first, b"", b"{}")
    assert replace(bare, payload=whole.payload) == whole


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WantedSignals(), ["c", "b", "a"]),
        (WantedSignals(correlation_key="am/a"), ["a"]),
        (WantedSignals(trace_id="t1"), ["a"]),
        (WantedSignals(service="web"), ["a"]),
        (WantedSignals(fingerprint="pm/b-1"), ["b"]),
        (WantedSignals(state="resolved"), ["c"]),
        (WantedSignals(unattached=True), ["c", "a"]),
    ],
)
def test_alerts_are_the_orgs_own_and_as_asked(
    filed: House, wanted: WantedSignals, expected: list[str]
) -> None:
    heard(filed)
    net = filed.orgs["net"]
    with filed.store.reading() as turn:
        found = newest_signals(turn, net, wanted, before=None, limit=10)
        assert [one.fingerprint[3:4] for one in found] == expected
        assert {one.org_id for one in found} == {net}
        if len(found) > 1:
            behind = newest_signals(turn, net, wanted, before=found[0].signal_id, limit=1)
            assert behind == found[1:2]


def test_alerts_of_a_connector_or_a_ticket_are_found_by_it(filed: House) -> None:
    _, am, _ = heard(filed)
    net = filed.orgs["net"]
    with filed.store.reading() as turn:
        wanted = WantedSignals(connector_id=am.connector_id)
        (mine,) = newest_signals(turn, net, wanted, before=None, limit=10)
        assert mine.fingerprint == "am/a-1"
        (attached,) = [
            one
            for one in newest_signals(turn, net, WantedSignals(), before=None, limit=10)
            if one.stream is not None
        ]
        wanted = WantedSignals(stream=attached.stream)
        assert newest_signals(turn, net, wanted, before=None, limit=10) == [attached]
        draft = draft_in(mine)
        assert draft is not None
        assert draft.summary == "a is full"
        assert draft_in(replace(mine, draft="")) is None


def test_what_another_org_knows_is_not_known_here(filed: House) -> None:
    heard(filed)
    other = neighbour(filed, code="only", org="elsewhere")
    other.says(alert("z"))
    with filed.store.reading() as turn:
        asked = ("am/a-1", "only/z-1", "nobody")
        assert known_fingerprints(turn, filed.orgs["net"], asked) == {"am/a-1"}
        assert known_fingerprints(turn, filed.orgs["elsewhere"], asked) == {"am/a-1", "only/z-1"}
        assert known_fingerprints(turn, filed.orgs["net"], ()) == frozenset()
        codes = {one.code for one in every_connector(turn, filed.orgs["net"]).values()}
    assert codes == {"am", "pm"}
