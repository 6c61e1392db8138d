"""Settings of telemetry: names and queries that go into what is asked, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.adapters.asking.answering import Answering, answering, said
from tests.core.telling import MINUTE, NOON
from tocsin.adapters.influx.questions import Names
from tocsin.adapters.prometheus.questions import Queries, checked
from tocsin.app.provisioning import sources
from tocsin.app.settings import Settings, SettingWrong, read_settings
from tocsin.app.telemetry_settings import influx_names, prometheus_queries
from tocsin.core.provisioning.counters import Counter
from tocsin.core.provisioning.telemetry import SourceSilent, Telemetry
from tocsin.core.provisioning.windows import Window

INFLUX = "http://influx.example.net:8086"
PROMETHEUS = "http://prometheus.example.net:9090"
PROGRAM = "tE1exJ5VMyoC9ByZeSmgtNzJCFF74G9JAv338sJiqkC"
STRETCH = Window(start=NOON, end=NOON + 2 * MINUTE)
SECRET = "quite-a-secret"


def settings(**environ: str) -> Settings:
    return read_settings(environ=environ, given={})


def complaint(environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingWrong) as wrong:
        sources(read_settings(environ=environ, given={}))
    return str(wrong.value)


# -- names -----------------------------------------------------------------------------------------


def test_nothing_said_means_the_names_that_the_network_uses() -> None:
    assert influx_names(settings()) == Names()
    assert prometheus_queries(settings()) == Queries()


def test_an_influxdb_may_call_things_otherwise() -> None:
    changed = {
        "TOCSIN_INFLUX_COUNTERS_MEASUREMENT": "snmp",
        "TOCSIN_INFLUX_DEVICE_TAG": "device",
        "TOCSIN_INFLUX_INTERFACE_TAG": "ifName",
        "TOCSIN_INFLUX_FIELDS": "in_octets=ifHCInOctets, in_discards=/if/in-discards",
        "TOCSIN_INFLUX_QA_MEASUREMENT": "tests",
        "TOCSIN_INFLUX_QA_DEVICE_TAG": "of",
        "TOCSIN_INFLUX_QA_FIELD": "passed",
    }
    with answering(said(b'{"results":[{}]}')) as server:
        asked = sources(settings(TOCSIN_INFLUX_URL=server.url, **changed))
        assert asked.counters is not None
        assert asked.qa is not None
        asked.counters.counters(STRETCH)
        asked.qa.qa(STRETCH)

    counters, tests = (form["q"] for form in server.forms)
    assert counters.startswith(
        'SELECT "ifHCInOctets", "out-octets", "in-errors", "out-errors", "in-fcs-errors",'
        ' "/if/in-discards", "out-discards", "carrier-transitions" FROM "snmp" WHERE '
    )
    assert counters.endswith(' GROUP BY "device", "ifName"')
    assert tests.startswith('SELECT "passed" FROM "tests" WHERE ')
    assert tests.endswith(' GROUP BY "of"')


@pytest.mark.parametrize(
    "name",
    [
        "COUNTERS_MEASUREMENT",
        "DEVICE_TAG",
        "INTERFACE_TAG",
        "QA_MEASUREMENT",
        "QA_DEVICE_TAG",
        "QA_FIELD",
    ],
)
@pytest.mark.parametrize(
    "text", ['a" ; DROP MEASUREMENT "b', "a'b", "a\\", "a b", "7", "x" * 129, "a\nb", "größe"]
)
def test_what_is_no_name_gets_into_no_query(name: str, text: str) -> None:
    wrong = complaint({f"TOCSIN_INFLUX_{name}": text})

    assert wrong.startswith(f"TOCSIN_INFLUX_{name} cannot be ")
    assert "letters, digits and" in wrong


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("in_octets", "is no name of a measurement"),
        ("octets=x", "give pairs such as in_octets=ifHCInOctets"),
        ("in_octets=a,in_octets=b", "each once"),
        ('in_octets=a"b', "is no name of a measurement"),
        ("in_octets=out-octets", "two of the fields are called 'out-octets'"),
    ],
)
def test_fields_that_are_none(text: str, why: str) -> None:
    wrong = complaint({"TOCSIN_INFLUX_FIELDS": text})

    assert wrong.startswith("TOCSIN_INFLUX_FIELDS")
    assert why in wrong


def test_a_device_and_its_interface_are_told_apart() -> None:
    wrong = complaint({"TOCSIN_INFLUX_INTERFACE_TAG": "dzd_pubkey"})

    assert "two of the tags are called 'dzd_pubkey'" in wrong


# -- queries ---------------------------------------------------------------------------------------


def test_a_prometheus_may_be_asked_otherwise() -> None:
    query = 'max by (device, port) (last_over_time(octets{device=~"$devices"}[$minute]))'
    found = prometheus_queries(
        settings(
            TOCSIN_PROMETHEUS_IN_OCTETS_QUERY=query,
            TOCSIN_PROMETHEUS_CONFIG_AGENT_ERRORS_QUERY="none",
            TOCSIN_PROMETHEUS_DEVICE_LABELS="device,host",
            TOCSIN_PROMETHEUS_INTERFACE_LABEL="port",
        )
    )

    assert found.counters[Counter.IN_OCTETS] == query
    assert found.counters[Counter.OUT_OCTETS] == Queries().counters[Counter.OUT_OCTETS]
    assert found.config_agent_errors is None
    assert found.config_agent == Queries().config_agent
    assert (found.device_labels, found.interface_label) == (("device", "host"), "port")


def test_what_is_asked_for_by_default_would_be_taken_as_a_setting() -> None:
    known = Queries()

    for query in (
        *known.counters.values(),
        known.config_agent,
        known.config_agent_errors,
        known.telemetry_agent,
    ):
        assert query is not None
        assert checked(query) == query
    assert checked('a{b=~\'[(]$\',c=`"`,d="\\"}"}[$two_minutes]')


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("up[$minutes]", "$minutes is no placeholder: $devices, $minute, $two_minutes are"),
        ('up{a="$device"}[$minute]', "$device is no placeholder"),
        ("up", "say [$minute] after the metric"),
        ("sum(up[$minute]", "close the ( that is open"),
        ("sum(up[$minute]))", ") closes what is not open"),
        ("sum(up[$minute)]", ") closes what is not open"),
        ('up{a="b}[$minute]', 'close the string that " opens'),
        ("up[$minute]" + " " * 4_000 + "# far too much", "give a query of 1 to 4000 characters"),
        (" ", "give a query of 1 to 4000 characters"),
    ],
)
@pytest.mark.parametrize("name", ["IN_OCTETS", "HEARTBEAT", "QA"])
def test_queries_that_are_none_are_refused_with_what_to_do(name: str, text: str, why: str) -> None:
    wrong = complaint({f"TOCSIN_PROMETHEUS_{name}_QUERY": text})

    assert wrong.startswith(f"TOCSIN_PROMETHEUS_{name}_QUERY cannot be ")
    assert why in wrong


def test_counters_have_to_be_asked_for() -> None:
    assert "say [$minute]" in complaint({"TOCSIN_PROMETHEUS_OUT_ERRORS_QUERY": "none"})


@pytest.mark.parametrize("text", [",", "a-b", "a,7", 'a"', "x" * 65])
def test_labels_that_are_none(text: str) -> None:
    assert "TOCSIN_PROMETHEUS_DEVICE_LABELS" in complaint({"TOCSIN_PROMETHEUS_DEVICE_LABELS": text})
    assert "TOCSIN_PROMETHEUS_INTERFACE_LABEL" in complaint(
        {"TOCSIN_PROMETHEUS_INTERFACE_LABEL": text}
    )


def test_tests_are_asked_of_prometheus_where_there_is_a_query_for_them() -> None:
    both = {"TOCSIN_INFLUX_URL": INFLUX, "TOCSIN_PROMETHEUS_URL": PROMETHEUS}
    query = {"TOCSIN_PROMETHEUS_QA_QUERY": "qa_passed[$minute]"}

    plain, chosen = sources(settings(**both)), sources(settings(**both, **query))
    alone = sources(settings(TOCSIN_INFLUX_URL=INFLUX, **query))

    assert plain.qa is plain.counters
    assert chosen.qa is chosen.agents
    assert chosen.counters is not chosen.qa
    assert alone.qa is alone.counters


# -- who asks --------------------------------------------------------------------------------------


def agents_of(asked: Telemetry | None) -> str:
    assert asked is not None
    with pytest.raises(SourceSilent) as silent:
        asked.agents(STRETCH)
    return str(silent.value)


def heads(server: Answering) -> list[str]:
    found = []
    for request in server.asked:
        lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        found += [line for line in lines if line.lower().startswith("authorization:")]
    return found


def test_a_prometheus_lets_in_who_has_the_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET + "\n")
    with answering(said(b"{}", status="403 Forbidden")) as server:
        where = {"TOCSIN_PROMETHEUS_URL": server.url}
        for given in (
            {"TOCSIN_PROMETHEUS_TOKEN": SECRET},
            {"TOCSIN_PROMETHEUS_TOKEN_FILE": str(file)},
        ):
            silence = agents_of(sources(settings(**where, **given)).agents)
            assert silence == "Prometheus: it answers 403"

    assert heads(server) == [f"authorization: Bearer {SECRET}"] * 2


def test_a_prometheus_lets_in_who_has_the_password() -> None:
    with answering(said(b"{}", status="401 Unauthorized")) as server:
        who = {"TOCSIN_PROMETHEUS_USER": "reader", "TOCSIN_PROMETHEUS_PASSWORD": SECRET}
        agents_of(sources(settings(TOCSIN_PROMETHEUS_URL=server.url, **who)).agents)

    assert heads(server) == ["authorization: Basic cmVhZGVyOnF1aXRlLWEtc2VjcmV0"]


def test_who_asks_a_prometheus_is_said_whole() -> None:
    where = {"TOCSIN_PROMETHEUS_URL": PROMETHEUS}
    token, user = {"TOCSIN_PROMETHEUS_TOKEN": SECRET}, {"TOCSIN_PROMETHEUS_USER": "reader"}
    password = {"TOCSIN_PROMETHEUS_PASSWORD": SECRET}

    assert complaint(token).startswith("TOCSIN_PROMETHEUS_URL is missing")
    assert "given together or not at all" in complaint(where | user)
    assert "given together or not at all" in complaint(where | password)
    assert "give one" in complaint(where | token | user | password)


def test_a_token_that_no_head_can_carry_is_not_repeated() -> None:
    wrong = complaint(
        {"TOCSIN_PROMETHEUS_URL": PROMETHEUS, "TOCSIN_PROMETHEUS_TOKEN": SECRET + "\r\nx: y"}
    )

    assert wrong.startswith("TOCSIN_PROMETHEUS_URL and its secrets: ")
    assert SECRET not in wrong


# -- the ledger ------------------------------------------------------------------------------------


def test_latency_is_read_where_a_node_and_a_program_are_named() -> None:
    node = {"TOCSIN_LEDGER_RPC_URL": "https://node.example.net/key-of-mine/?cluster=x"}
    program = {"TOCSIN_LEDGER_TELEMETRY_PROGRAM": PROGRAM}

    registry = {"TOCSIN_LEDGER_PROGRAM": PROGRAM}

    assert sources(settings(**node, **registry)).latency is None
    assert sources(settings(**node, **program)).latency is not None
    assert sources(settings(**node, **program)).any
    assert sources(settings(**node, **registry, **program)).latency is not None
    assert complaint(program).startswith("TOCSIN_LEDGER_RPC_URL is missing")
    assert complaint(registry).startswith("TOCSIN_LEDGER_RPC_URL is missing")
    assert "or TOCSIN_LEDGER_TELEMETRY_PROGRAM is missing" in complaint(node)
    org = {"TOCSIN_LEDGER_ORG": "net"}
    assert complaint(node | program | org).startswith("TOCSIN_LEDGER_PROGRAM is missing")


def test_a_program_that_is_none_is_refused() -> None:
    wrong = complaint({"TOCSIN_LEDGER_TELEMETRY_PROGRAM": "0" * 40})

    assert "give a pubkey: character 1 is not in the base58 alphabet" in wrong


@pytest.mark.parametrize(
    "url", ["ftp://node/key-of-mine", "https://key-of-mine@node", "https:///key-of-mine"]
)
def test_the_address_of_a_node_may_hold_a_key_and_is_not_repeated(url: str) -> None:
    wrong = complaint({"TOCSIN_LEDGER_RPC_URL": url, "TOCSIN_LEDGER_TELEMETRY_PROGRAM": PROGRAM})

    assert wrong.startswith("TOCSIN_LEDGER_RPC_URL")
    assert "key-of-mine" not in wrong
