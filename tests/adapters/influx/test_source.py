"""A day of counters in a real InfluxDB leads where the specification says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.asking.answering import answering, said
from tests.adapters.influx.filled import INTERFACES, STORIES, day_of, interface, lines
from tests.core.provisioning.watching import counted, life, runs, samples, terms
from tests.core.telling import HOUR, MINUTE, NOON
from tests.servers.influx import DATABASE, PASSWORD, USER, admitted, influx
from tests.servers.influx import Influx as Server
from tocsin.adapters.asking.post import Post
from tocsin.adapters.influx.questions import Names
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.carrying import Watched, up
from tocsin.core.provisioning.counters import NOTHING_COUNTED, Counter, Runs, joined_runs
from tocsin.core.provisioning.courses import cuts
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Cause, Criterion, State
from tocsin.core.provisioning.following import Following, usage
from tocsin.core.provisioning.link_criteria import LinkEvidence, link_criteria
from tocsin.core.provisioning.telemetry import SourceSilent, Telemetry
from tocsin.core.provisioning.windows import Window
from tocsin.core.provisioning.words import Health

TODAY = terms().window
QA = "device_qa_test_results"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An InfluxDB that asks for a password, with a day of every story in it."""
    made = influx(tmp_path_factory.mktemp("influx") / "server", asks_for_password=True)
    with made.running():
        admitted(made)
        made.create()
        made.write(lines())
        made.create("empty")
        made.create("tests")
        noon = int(NOON.timestamp())
        made.write(
            [
                f"{QA},device_pubkey=one,device_code=x success=true {noon - 600}",
                f"{QA},device_pubkey=one,device_code=y success=false {noon - 300}",
                f"{QA},device_pubkey=two,device_code=z success=true {noon - 60}",
            ],
            database="tests",
        )
        yield made


@pytest.fixture
def settings(server: Server) -> InfluxSettings:
    return InfluxSettings(
        url=f"http://{server.address}", database=DATABASE, user=USER, password=PASSWORD
    )


@pytest.fixture(scope="module")
def kept(server: Server) -> Following:
    source = Influx(
        InfluxSettings(
            url=f"http://{server.address}", database=DATABASE, user=USER, password=PASSWORD
        ),
        opening=Post,
    )
    return day_of(source, TODAY)


def side(kept: Following, name: str) -> Watched:
    device, port = interface(name)
    one = kept.interfaces.get((device, port))
    assert kept.origin is not None
    return Watched(
        device=device,
        interface=port,
        usage=None if one is None else usage(one, TODAY),
        covered=kept.covered.get(device, Minutes(window=TODAY)),
        origin=kept.origin,
    )


def answer(kept: Following, name: str) -> Criterion:
    return up("side_a", side(kept, name), terms())


@pytest.mark.parametrize(
    ("name", "state", "cause", "words"),
    [
        ("clean", State.MET, None, "no error and 2,880,000 octets in 1440 minutes"),
        ("one_error", State.UNMET, Cause.ERRORS, "1 error since"),
        ("missing_five", State.MET, None, "5 of them missing (5 allowed)"),
        ("missing_six", State.UNMET, Cause.GAPS, "2026-11-20 00:20, 2026-11-20 10:16–10:20"),
        ("zero_traffic", State.UNMET, Cause.FACTS, "it carried nothing in 1440 minutes"),
        ("reset", State.MET, None, "no error and 2,878,000 octets"),
        ("sparse", State.MET, None, "no error and 2,880,000 octets"),
        ("sparse_error", State.UNMET, Cause.ERRORS, "the last at 2026-11-20 11:15"),
        ("late", State.UNMET, Cause.GAPS, "in 1260 of 1440 minutes nothing was heard"),
        ("silent", State.UNKNOWN, None, "no sample of it is known"),
    ],
)
def test_a_day_leads_where_the_specification_says(
    kept: Following, name: str, state: State, cause: Cause | None, words: str
) -> None:
    found = answer(kept, name)

    assert (found.state, found.cause) == (state, cause)
    assert words in found.reason
    assert found.evidence.source == "InfluxDB"
    assert 'SELECT "in-octets"' in found.evidence.query


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("clean", Health.PENDING, Health.HEALTHY),
        ("clean", Health.IMPAIRED, Health.HEALTHY),
        ("one_error", Health.PENDING, Health.PENDING),
        ("one_error", Health.HEALTHY, Health.IMPAIRED),
        ("missing_six", Health.HEALTHY, Health.HEALTHY),
        ("missing_six", Health.PENDING, Health.PENDING),
        ("zero_traffic", Health.PENDING, Health.PENDING),
        ("zero_traffic", Health.HEALTHY, Health.HEALTHY),
        ("reset", Health.PENDING, Health.HEALTHY),
        ("sparse", Health.PENDING, Health.HEALTHY),
        ("sparse_error", Health.HEALTHY, Health.IMPAIRED),
        ("silent", Health.HEALTHY, Health.HEALTHY),
        ("silent", Health.PENDING, Health.PENDING),
    ],
)
def test_a_link_between_it_and_a_clean_side(
    kept: Following, name: str, before: Health, after: Health
) -> None:
    evidence = LinkEvidence(
        life=life(health=before),
        side_a=side(kept, "clean"),
        side_z=side(kept, name),
        latency=None,
    )
    criteria = link_criteria(evidence, terms())

    assert assess(criteria, evidence.life, at=NOON).health is after


@pytest.mark.parametrize("summed_there", [False, True])
@pytest.mark.parametrize(("offset", "minutes"), [(0, 1440), (1380, 60), (600, 333), (1437, 3)])
def test_the_database_and_our_own_arithmetic_agree(
    settings: InfluxSettings, summed_there: bool, offset: int, minutes: int
) -> None:
    start = TODAY.start + offset * MINUTE
    stretch = Window(start=start, end=start + minutes * MINUTE)
    source = Influx(replace(settings, summed_there=summed_there), opening=Post)

    found, ours = source.counters(stretch), counted(stretch, INTERFACES)

    assert found.interfaces == ours.interfaces
    assert found.covered == {device: heard for device, heard in ours.covered.items() if heard.bits}
    assert source.queries == (2 if summed_there else 1)


def test_the_baseline_is_where_every_counter_stood_last(settings: InfluxSettings) -> None:
    found = Influx(settings, opening=Post).baseline(before=TODAY.start).interfaces

    def stood(came: Runs) -> list[int | None]:
        return [run.last if run else None for run in came]

    for name, story in INTERFACES.items():
        before = [row for row in samples(story) if row[0] < TODAY.start]
        assert (name in found) == bool(before)
        if before:
            assert stood(found[name]) == stood(runs(before))
    assert interface("clean") in found


def test_queries_do_not_grow_with_the_network(settings: InfluxSettings) -> None:
    source = Influx(settings, opening=Post)

    kept = day_of(source, TODAY, minutes=60)

    # One for where the counters stood, one for each hour, for however many devices.
    assert source.queries == 25
    assert len(kept.interfaces) == len(STORIES) - 1


def test_qa_tests_are_marked(settings: InfluxSettings) -> None:
    hour = Window(start=NOON - HOUR, end=NOON)

    found = Influx(replace(settings, database="tests"), opening=Post).qa(hour)

    assert found.devices.keys() == {"one", "two"}
    assert found.devices["one"].well.bits == 1 << 50
    assert found.devices["one"].ill.bits == 1 << 55
    assert found.devices["two"].well.bits == 1 << 59
    assert 'SELECT "success" FROM "device_qa_test_results"' in found.origin.query


def test_nothing_about_agents_is_kept_there(settings: InfluxSettings) -> None:
    with pytest.raises(SourceSilent, match="nothing about agents"):
        Influx(settings, opening=Post).agents(TODAY)


def test_an_empty_database_says_nothing_of_anybody(settings: InfluxSettings) -> None:
    source = Influx(replace(settings, database="empty"), opening=Post)

    found = source.counters(TODAY)

    assert (found.interfaces, found.covered) == ({}, {})
    assert source.baseline(before=NOON).interfaces == {}
    assert source.qa(TODAY).devices == {}


def silence(source: Telemetry) -> str:
    with pytest.raises(SourceSilent) as caught:
        source.counters(Window(start=NOON - HOUR, end=NOON))
    assert caught.value.source == "InfluxDB"
    assert PASSWORD not in str(caught.value)
    return caught.value.why


def test_a_database_that_is_not_there(settings: InfluxSettings) -> None:
    why = silence(Influx(replace(settings, database="another"), opening=Post))

    assert why == "it refuses: database not found: another"


def test_a_password_that_is_wrong(settings: InfluxSettings) -> None:
    assert silence(Influx(replace(settings, password="guess"), opening=Post)) == "it answers 401"


def test_a_day_that_is_too_much_for_one_answer(settings: InfluxSettings) -> None:
    why = silence(Influx(replace(settings, largest_answer=5_000), opening=Post))

    assert why == "its answer has more than 5,000 bytes"


def test_a_server_that_went_away_and_came_back(tmp_path: Path) -> None:
    made = influx(tmp_path / "server")
    hour = Window(start=NOON - HOUR, end=NOON)
    with made.running():
        made.create()
        made.write(lines())
        source = Influx(
            InfluxSettings(url=f"http://{made.address}", database=DATABASE), opening=Post
        )
        before = source.counters(hour)
        made.stop()
        assert silence(source) == "it cannot be reached: Connection refused"
        made.start()

        assert source.counters(hour) == before
    assert before.interfaces


# -- answers that it should not give --------------------------------------------------------------


def asked_of(says: bytes, **changed: object) -> str:
    """Why nothing is made of an answer."""
    with answering(says) as server:
        settings = InfluxSettings(url=server.url, database=DATABASE)
        return silence(Influx(replace(settings, **changed), opening=Post))  # type: ignore[arg-type]


def rows(*values: list[object]) -> bytes:
    series = {"tags": {"dzd_pubkey": "one", "intf": "x"}, "values": values}
    return said(json.dumps({"results": [{"series": [series]}]}).encode())


INSIDE = int((NOON - MINUTE).timestamp()) * 1_000_000
NO_COUNTERS = [None] * 7


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (said(b"<html>"), "its answer is none that InfluxQL has"),
        (said(b'{"results": 7}'), "its answer is none that InfluxQL has"),
        (said(b'{"results": []}'), "it leaves a question without an answer"),
        (said(b'{"results": [{"partial": true}]}'), "it answers in part only"),
        (said(b'{"results": [{"error": "no\\nluck"}]}'), "it refuses: no luck"),
        (said(b"", status="503 Service Unavailable"), "it answers 503"),
        (
            said(b"", status="302 Found", headers="location: http://198.51.100.1/\r\n"),
            "it answers 302, and no redirect is followed",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what answers is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "breaks off"),
        (b"", "what answers is not HTTP, or breaks off"),
        (rows([INSIDE, 1, 2]), "other columns than it was asked for"),
        (rows(["then", 1, *NO_COUNTERS]), "something else where an instant should be"),
        (rows([INSIDE, "much", *NO_COUNTERS]), "something else where a counter should be"),
        (rows([INSIDE, True, *NO_COUNTERS]), "something else where a counter should be"),
        (rows([INSIDE + 3_600_000_000, 1, *NO_COUNTERS]), "samples of another time"),
        (rows([INSIDE - 3_600_000_000, 1, *NO_COUNTERS]), "samples of another time"),
    ],
)
def test_what_cannot_be_read_is_silence(says: bytes, why: str) -> None:
    assert why in asked_of(says)


def test_an_answer_that_does_not_come() -> None:
    begun = said(b"x" * 100)[:60]
    with answering(begun, hangs_up=False) as server:
        settings = InfluxSettings(url=server.url, database=DATABASE, seconds=0.2)

        assert silence(Influx(settings, opening=Post)) == "no answer within 0.2 s"


def test_a_token_goes_in_the_head_and_no_password_with_it() -> None:
    with answering(said(b'{"results": [{}]}')) as server:
        settings = InfluxSettings(
            url=f"{server.url}/below/", database=DATABASE, user="u", password="p", token="tok-1"
        )
        Influx(settings, opening=Post).counters(TODAY)

        head = server.asked[0].partition(b"\r\n\r\n")[0].decode()
        assert head.startswith("POST /below/query HTTP/1.1\r\n")
        assert "authorization: Token tok-1" in head
        assert "Basic" not in head
        assert server.forms[0].keys() == {"db", "epoch", "chunked", "q"}
        assert "tok-1" not in repr(settings)


def test_counters_that_are_written_as_fractions_are_read() -> None:
    body = rows([INSIDE, 1.0, *NO_COUNTERS], [INSIDE + 1_000_000, 4e3, *NO_COUNTERS])
    with answering(body) as server:
        found = Influx(InfluxSettings(url=server.url, database=DATABASE), opening=Post).counters(
            Window(start=NOON - HOUR, end=NOON)
        )

    run = found.interfaces["one", "x"][0]
    assert run is not None
    assert (run.first, run.last, run.increase) == (1, 4000, 3999)
    assert run.rose_at == NOON - MINUTE + timedelta(seconds=1)


def part(*values: list[object], is_partial: bool) -> bytes:
    """A line of an answer that comes in parts."""
    series = {
        "tags": {"dzd_pubkey": "one", "intf": "x"},
        "values": values,
        "partial": is_partial,
    }
    return json.dumps({"results": [{"series": [series], "partial": is_partial}]}).encode() + b"\n"


def test_a_series_that_comes_in_parts_is_one() -> None:
    first = part(
        [INSIDE, 10, *NO_COUNTERS], [INSIDE + 1_000_000, 15, *NO_COUNTERS], is_partial=True
    )
    last = part([INSIDE + 2_000_000, 4, *NO_COUNTERS], is_partial=False)
    with answering(said(first + b"\n" + last)) as server:
        found = Influx(InfluxSettings(url=server.url, database=DATABASE), opening=Post).counters(
            TODAY
        )

    run = found.interfaces["one", "x"][0]
    assert run is not None
    assert (run.first, run.last, run.increase, run.resets) == (10, 4, 5, 1)
    assert found.covered["one"].count == 1


def test_an_answer_whose_last_part_is_missing_is_silence() -> None:
    first = part([INSIDE, 10, *NO_COUNTERS], is_partial=True)

    assert "it answers in part only" in asked_of(said(first))
    assert "its answer breaks off" in asked_of(said(first)[:-20])
    assert "without an answer" in asked_of(said(b""))


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ['x"; DROP DATABASE telemetry', "", "a b", "a'", "x\n", "1st", "é", "x" * 129]
)
def test_a_name_that_is_none_gets_into_no_query(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a measurement"):
        Names(counters=name)
    with pytest.raises(ValueError, match="no name of a measurement"):
        Names(fields=dict.fromkeys(Counter, name))
    with pytest.raises(ValueError, match="no name of a measurement"):
        Names(heartbeat_fields=(name,))


def test_a_database_that_calls_things_otherwise_is_asked_so(
    server: Server, settings: InfluxSettings
) -> None:
    at = int(NOON.timestamp()) - 30
    server.create("otherwise")
    server.write(
        [
            f"if:stats,host.name=one,port=Ethernet1 /if/in-octets=5i,errors.in=0i {at}",
            f"if:stats,host.name=two,port=Ethernet1 discards=1i {at}",
        ],
        database="otherwise",
    )
    fields = {
        **Names().fields,
        Counter.IN_OCTETS: "/if/in-octets",
        Counter.IN_ERRORS: "errors.in",
    }
    names = Names(
        counters="if:stats",
        device_tag="host.name",
        interface_tag="port",
        fields=fields,
        heartbeat_fields=("discards",),
    )
    last_minute = Window(start=NOON - MINUTE, end=NOON)

    for summed_there in (False, True):
        source = Influx(
            replace(settings, database="otherwise", names=names, summed_there=summed_there),
            opening=Post,
        )
        found = source.counters(last_minute)
        assert set(found.interfaces) == {("one", "Ethernet1")}
        assert {device: one.count for device, one in found.covered.items()} == {"one": 1, "two": 1}
        assert set(source.baseline(before=NOON).interfaces) == {("one", "Ethernet1")}


def test_every_counter_has_a_field() -> None:
    with pytest.raises(ValueError, match="every counter"):
        Names(fields={Counter.IN_OCTETS: "in-octets"})


@pytest.mark.parametrize("days", [0, 3_651])
def test_a_baseline_is_not_looked_for_without_end(days: int) -> None:
    with pytest.raises(ValueError, match="baseline_days"):
        Names(baseline_days=days)


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "telemetry", "http://u:p@x", "http://x/?q=1", "http://x y/", "http://x/é"],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="give an address"):
        Influx(InfluxSettings(url=url, database=DATABASE), opening=Post)


def test_a_token_that_no_head_can_carry_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="authorization") as caught:
        Influx(InfluxSettings(url="http://x", database=DATABASE, token="a\r\nb"), opening=Post)
    assert "a\r\nb" not in str(caught.value)


@pytest.mark.parametrize("summed_there", [False, True])
def test_a_question_about_a_few_devices_tells_of_no_other(
    settings: InfluxSettings, summed_there: bool
) -> None:
    source = Influx(replace(settings, summed_there=summed_there), opening=Post)
    chosen = interface("one_error")
    only = frozenset({chosen[0]})
    all_of_them, few = source.counters(TODAY), source.counters(TODAY, only=only)
    assert few.interfaces == {chosen: all_of_them.interfaces[chosen]}
    assert few.covered == {chosen[0]: all_of_them.covered[chosen[0]]}
    before = source.baseline(before=TODAY.start, only=only)
    assert set(before.interfaces) == {chosen}


def test_tests_of_a_few_devices_are_told_alone(settings: InfluxSettings) -> None:
    source = Influx(replace(settings, database="tests"), opening=Post)
    assert set(source.qa(TODAY).devices) == {"one", "two"}
    assert set(source.qa(TODAY, only=frozenset({"two"})).devices) == {"two"}


@pytest.mark.parametrize("name", ["x' OR 'a' = 'a", "x\\' OR 1 = 1 --", 'x" OR "a'])
def test_a_name_is_a_name_and_nothing_else(settings: InfluxSettings, name: str) -> None:
    assert Influx(settings, opening=Post).counters(TODAY, only=frozenset({name})).interfaces == {}


@pytest.mark.parametrize("names", [[], ["a; DROP DATABASE telemetry"], ["a\nb"]])
def test_what_no_device_is_called_is_not_asked(settings: InfluxSettings, names: list[str]) -> None:
    with pytest.raises(ValueError, match="device"):
        Influx(settings, opening=Post).counters(TODAY, only=frozenset(names))


@pytest.mark.parametrize("summed_there", [False, True])
def test_the_pieces_of_a_day_take_one_query_and_come_to_the_day(
    settings: InfluxSettings, summed_there: bool
) -> None:
    source = Influx(replace(settings, summed_there=summed_there), opening=Post)
    only = frozenset({interface("reset")[0], interface("clean")[0]})

    pieces = source.pieces(cuts(TODAY), only=only)

    assert source.queries == 1
    assert len(pieces) == 48
    day = Influx(settings, opening=Post).counters(TODAY, only=only)
    for name, runs_of_day in day.interfaces.items():
        runs_of_pieces = NOTHING_COUNTED
        for piece in pieces:
            came = piece.interfaces.get(name, NOTHING_COUNTED)
            runs_of_pieces = joined_runs(runs_of_pieces, came)
        assert runs_of_pieces == runs_of_day
    for device, minutes in day.covered.items():
        assert sum(piece.covered[device].count for piece in pieces) == minutes.count
