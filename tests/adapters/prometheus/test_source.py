"""A day of counters and agents in a real Prometheus leads where the specification says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import processes
from tests.adapters.asking.answering import answering, said
from tests.adapters.influx.filled import day_of
from tests.adapters.prometheus.backfilled import (
    DOWN,
    FAILING,
    IDLE,
    INTERFACES,
    UNKNOWN,
    expected,
    metrics,
    prometheus,
)
from tests.core.provisioning.watching import samples, terms
from tests.core.telling import HOUR, MINUTE, NOON
from tests.servers.prometheus import Watcher
from tests.servers.target import target
from tocsin.adapters.asking.post import Post
from tocsin.adapters.prometheus.questions import Queries
from tocsin.adapters.prometheus.source import Prometheus, PrometheusSettings
from tocsin.core.provisioning.carrying import Watched, up
from tocsin.core.provisioning.counters import NOTHING_COUNTED, Counter, joined_runs
from tocsin.core.provisioning.courses import cuts
from tocsin.core.provisioning.coverage import Minutes, missing
from tocsin.core.provisioning.criteria import Cause, State, running
from tocsin.core.provisioning.following import Following, usage
from tocsin.core.provisioning.telemetry import SourceSilent
from tocsin.core.provisioning.windows import Window, minute_of

TODAY = terms().window


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """A Prometheus with a day of every story in it."""
    made = prometheus(tmp_path_factory.mktemp("prometheus") / "server", told=list(metrics()))
    with made.running():
        yield made


@pytest.fixture
def settings(server: Watcher) -> PrometheusSettings:
    return PrometheusSettings(url=f"http://{server.address}")


@pytest.fixture(scope="module")
def kept(server: Watcher) -> Following:
    return day_of(
        Prometheus(PrometheusSettings(url=f"http://{server.address}"), opening=Post), TODAY
    )


@pytest.mark.parametrize(
    ("device", "state", "cause", "words"),
    [
        ("clean", State.MET, None, "no error and 2,880,000 octets in 1440 minutes"),
        ("one_error", State.UNMET, Cause.ERRORS, "1 error since"),
        ("missing_five", State.MET, None, "5 of them missing (5 allowed)"),
        ("missing_six", State.UNMET, Cause.GAPS, "2026-11-20 00:20, 2026-11-20 10:16–10:20"),
        ("zero_traffic", State.UNMET, Cause.FACTS, "it carried nothing in 1440 minutes"),
        ("reset", State.MET, None, "no error and 2,878,000 octets"),
        ("sparse", State.MET, None, "no error and 2,880,000 octets"),
        ("silent", State.UNKNOWN, None, "no sample of it is known"),
    ],
)
def test_a_day_leads_where_the_specification_says(
    kept: Following, device: str, state: State, cause: Cause | None, words: str
) -> None:
    one = kept.interfaces.get((device, "Ethernet1/1"))
    assert kept.origin is not None
    seen = Watched(
        device=device,
        interface="Ethernet1/1",
        usage=None if one is None else usage(one, TODAY),
        covered=kept.covered.get(device, Minutes(window=TODAY)),
        origin=kept.origin,
    )

    found = up("side_a", seen, terms())

    assert (found.state, found.cause) == (state, cause)
    assert words in found.reason
    assert found.evidence.source == "Prometheus"
    assert 'interface_in_octets_total{dzd_pubkey=~".+"}[59999ms]' in found.evidence.query


@pytest.mark.parametrize(("offset", "minutes"), [(0, 1440), (1380, 60), (600, 333), (1437, 3)])
def test_the_database_and_our_own_arithmetic_agree(
    settings: PrometheusSettings, offset: int, minutes: int
) -> None:
    start = TODAY.start + offset * MINUTE
    stretch = Window(start=start, end=start + minutes * MINUTE)
    source = Prometheus(settings, opening=Post)

    found, ours = source.counters(stretch), expected(stretch)

    assert found.interfaces == ours.interfaces
    assert found.covered == ours.covered
    assert source.queries == len(Counter)


def test_the_baseline_is_where_every_counter_stood_last(settings: PrometheusSettings) -> None:
    source = Prometheus(settings, opening=Post)
    found = source.baseline(before=TODAY.start).interfaces

    for name, story in INTERFACES.items():
        before = [values for at, values in samples(story) if at < TODAY.start]
        assert (name in found) == bool(before)
        for place in range(len(Counter)):
            known = [values[place] for values in before if values[place] is not None]
            run = found[name][place] if before else None
            assert (run.last if run else None) == (known[-1] if known else None)
    assert source.queries == len(Counter)


def test_a_config_agent_runs_while_it_asks_and_counts_no_error(
    settings: PrometheusSettings,
) -> None:
    found = Prometheus(settings, opening=Post).agents(TODAY).config

    one, two = found.devices["one"], found.devices["two"]
    # It asked nothing new in the minutes after the first of them.
    idle = tuple(NOON - ago * MINUTE for ago in sorted(IDLE, reverse=True))
    assert missing(two.well, TODAY) == idle
    assert two.ill.count == len(IDLE)
    assert missing(one.well, TODAY) == (NOON - FAILING * MINUTE,)
    assert running("config_agent", one, terms(), origin=found.origin).state is State.MET
    judged = running("config_agent", two, terms(), origin=found.origin)
    assert (judged.state, judged.cause) == (State.UNMET, Cause.GAPS)
    assert "2026-11-20 08:33–08:40" in judged.reason


def test_a_telemetry_agent_that_is_down_is_told_from_one_that_nobody_asked(
    settings: PrometheusSettings,
) -> None:
    found = Prometheus(settings, opening=Post).agents(TODAY).telemetry

    one, two = found.devices["one"], found.devices["two"]
    assert (two.ill.count, one.ill.count) == (len(DOWN), 0)
    assert len(missing(one.well, TODAY)) == len(UNKNOWN)
    assert running("telemetry_agent", one, terms(), origin=found.origin).state is State.UNMET


def test_stretches_come_to_what_the_day_does(settings: PrometheusSettings) -> None:
    source = Prometheus(settings, opening=Post)
    cut = TODAY.start + 1_140 * MINUTE
    whole = source.agents(TODAY).config.devices["one"]

    earlier = source.agents(Window(start=TODAY.start, end=cut)).config.devices["one"]
    later = source.agents(Window(start=cut, end=TODAY.end)).config.devices["one"]

    # The error came in the first minute of the second stretch.
    assert cut == NOON - FAILING * MINUTE
    assert earlier.well.bits | later.well.bits << 1_140 == whole.well.bits
    assert later.ill.bits == 1


def test_qa_is_asked_for_where_there_is_a_query(settings: PrometheusSettings) -> None:
    query = 'max by (dzd_pubkey) (last_over_time(up{job="doublezero-telemetry"}[$minute]))'
    asked = replace(settings, queries=Queries(qa=query))

    assert Prometheus(asked, opening=Post).qa(TODAY).devices["two"].ill.count == len(DOWN)
    with pytest.raises(SourceSilent, match="no query for QA tests"):
        Prometheus(settings, opening=Post).qa(TODAY)


def test_a_heartbeat_shows_a_device_that_counts_nothing(settings: PrometheusSettings) -> None:
    queries = Queries(heartbeat='up{job="doublezero-telemetry"}')

    found = Prometheus(replace(settings, queries=queries), opening=Post).counters(TODAY)

    assert found.covered["two"].count == TODAY.minutes
    assert ("two", "Ethernet1/1") not in found.interfaces


def test_no_minutes_need_no_query(settings: PrometheusSettings) -> None:
    source = Prometheus(settings, opening=Post)

    assert source.counters(Window(start=NOON, end=NOON)).interfaces == {}
    assert source.queries == 0


def test_an_agent_that_is_asked_right_now(tmp_path: Path) -> None:
    with target() as agent:
        server = prometheus(tmp_path / "server", told=(), asks=[agent.address])
        with server.running():
            source = Prometheus(PrometheusSettings(url=f"http://{server.address}"), opening=Post)

            def seen() -> bool:
                now = minute_of(datetime.now(UTC))
                found = source.agents(Window(start=now - MINUTE, end=now + MINUTE)).telemetry
                marks = found.devices.get(agent.address)
                return marks is not None and marks.well.bits != 0

            assert processes.wait_for("the agent is up", seen, within=30)


# -- silence ---------------------------------------------------------------------------------------


def silence(settings: PrometheusSettings) -> str:
    with pytest.raises(SourceSilent) as caught:
        Prometheus(settings, opening=Post).counters(Window(start=NOON - HOUR, end=NOON))
    assert caught.value.source == "Prometheus"
    return caught.value.why


def test_a_server_that_is_not_there() -> None:
    url = f"http://{processes.HOST}:{processes.free_port()}"

    assert silence(PrometheusSettings(url=url)) == "it cannot be reached: Connection refused"


def test_a_query_that_is_none(settings: PrometheusSettings) -> None:
    queries = Queries(counters=dict.fromkeys(Counter, "sum by ("))

    assert silence(replace(settings, queries=queries)) == "it answers 400"


def test_several_series_of_one_counter_have_to_be_summed(settings: PrometheusSettings) -> None:
    either = '{__name__=~"interface_(in|out)_octets_total"}[$minute]'
    queries = Queries(counters=dict.fromkeys(Counter, f"last_over_time({either})"))

    assert "several series of one counter" in silence(replace(settings, queries=queries))


def test_an_answer_that_is_too_large(settings: PrometheusSettings) -> None:
    assert silence(replace(settings, largest_answer=900)) == "its answer has more than 900 bytes"


def matrix(*values: list[object]) -> bytes:
    series = {"metric": {"dzd_pubkey": "one", "intf": "x"}, "values": values}
    data = {"resultType": "matrix", "result": [series]}
    return said(json.dumps({"status": "success", "data": data}).encode())


LAST = NOON.timestamp() - 0.001


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (said(b"<html>"), "none that a query has"),
        (said(b'{"status": "error"}'), "none that a query has"),
        (said(b'{"status": "success", "data": {"resultType": "string"}}'), "none that a query has"),
        (said(b"", status="503 Service Unavailable"), "it answers 503"),
        (matrix([LAST, "many"]), "something else where a number should be"),
        (matrix([LAST, 7]), "none that a query has"),
        (matrix([LAST + 60, "7"]), "samples of another time"),
        (matrix([LAST - 3600, "7"]), "samples of another time"),
    ],
)
def test_what_cannot_be_read_is_silence(says: bytes, why: str) -> None:
    with answering(says) as server:
        assert why in silence(PrometheusSettings(url=server.url))


def test_what_is_no_number_is_no_sample() -> None:
    with answering(matrix([LAST - 60, "NaN"], [LAST, "+Inf"])) as server:
        found = Prometheus(PrometheusSettings(url=server.url), opening=Post).counters(
            Window(start=NOON - HOUR, end=NOON)
        )

    assert (found.interfaces, found.covered) == ({}, {})


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ({"token": "tok-1", "user": "u", "password": "p"}, "authorization: Bearer tok-1"),
        ({"user": "ada", "password": "p:w"}, "authorization: Basic YWRhOnA6dw=="),
    ],
)
def test_who_asks_says_who_it_is(given: dict[str, str], head: str) -> None:
    with answering(said(b"")) as server:
        asked = replace(PrometheusSettings(url=server.url), **given)  # type: ignore[arg-type]
        assert silence(asked) == "its answer is none that a query has"

        lines = server.asked[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert lines[0] == "POST /api/v1/query_range HTTP/1.1"
    assert head in lines
    assert server.forms[0].keys() == {"query", "start", "end", "step", "timeout"}
    assert given.get("token", "p:w") not in repr(asked)


# -- settings --------------------------------------------------------------------------------------


def test_queries_that_are_none() -> None:
    with pytest.raises(ValueError, match="every counter"):
        Queries(counters={})
    with pytest.raises(ValueError, match="1 to 4000 characters"):
        Queries(qa=" ")
    with pytest.raises(ValueError, match="1 to 4000 characters"):
        Queries(telemetry_agent="x" * 4_001)
    with pytest.raises(ValueError, match="is no label"):
        Queries(device_labels=("a-b",))
    with pytest.raises(ValueError, match="is no label"):
        Queries(interface_label="")
    with pytest.raises(ValueError, match="baseline_days"):
        Queries(baseline_days=0)


def test_a_question_about_a_few_devices_tells_of_no_other(settings: PrometheusSettings) -> None:
    source = Prometheus(settings, opening=Post)
    only = frozenset({"one_error", "one"})
    all_of_them, few = source.counters(TODAY), source.counters(TODAY, only=only)
    assert few.interfaces == {
        name: found for name, found in all_of_them.interfaces.items() if name[0] in only
    }
    assert few.covered == {"one_error": all_of_them.covered["one_error"]}
    assert 'dzd_pubkey=~"one|one_error"' in few.origin.query
    assert set(source.agents(TODAY, only=only).config.devices) == {"one"}
    before = source.baseline(before=TODAY.end, only=only)
    assert {device for device, _ in before.interfaces} == {"one_error"}


def test_a_query_of_ones_own_about_all_devices_is_narrowed_here(
    settings: PrometheusSettings,
) -> None:
    query = 'max by (dzd_pubkey) (last_over_time(up{job="doublezero-telemetry"}[$minute]))'
    source = Prometheus(replace(settings, queries=Queries(qa=query)), opening=Post)
    assert set(source.qa(TODAY).devices) == {"one", "two"}
    assert set(source.qa(TODAY, only=frozenset({"two"})).devices) == {"two"}


@pytest.mark.parametrize("names", [[], ['a"} or vector(1)'], ["a|b"], [".*"]])
def test_only_names_get_into_a_question(settings: PrometheusSettings, names: list[str]) -> None:
    with pytest.raises(ValueError, match="device"):
        Prometheus(settings, opening=Post).counters(TODAY, only=frozenset(names))


def test_the_pieces_of_a_day_take_no_more_queries_and_come_to_the_day(
    settings: PrometheusSettings,
) -> None:
    source, other = Prometheus(settings, opening=Post), Prometheus(settings, opening=Post)

    pieces = source.pieces(cuts(TODAY))
    day = other.counters(TODAY)

    assert source.queries == other.queries
    assert len(pieces) == 48
    for name, runs_of_day in day.interfaces.items():
        runs_of_pieces = NOTHING_COUNTED
        for piece in pieces:
            came = piece.interfaces.get(name, NOTHING_COUNTED)
            runs_of_pieces = joined_runs(runs_of_pieces, came)
        assert runs_of_pieces == runs_of_day
    for device, minutes in day.covered.items():
        assert sum(piece.covered[device].count for piece in pieces) == minutes.count
