"""Matching: Alertmanager's grammar over the facts of an event."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.matching import (
    NAMES,
    Match,
    Matcher,
    MatcherError,
    Operator,
    matches,
    parse_match,
    parse_matcher,
)
from tocsin.core.patterns import PatternError

LAW = settings(deadline=None, max_examples=300)

OUTAGE = {
    "type": "incident",
    "status": "open",
    "severity": "sev1",
    "contributor": "alpha",
    "device": ["ams-1", "fra-1"],
    "link": [],
    "label": frozenset({"routing", "customer"}),
    "labels.alertname": "BgpDown",
}


def holds(*matchers: str, kinds: tuple[str, ...] = ("*",), kind: str = "incident.created") -> bool:
    """Whether a match written so is about the outage."""
    return matches(parse_match(kinds, matchers), kind=kind, facts=OUTAGE)


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ('severity=~"sev[12]"', Matcher("severity", Operator.MATCHES, "sev[12]")),
        ("contributor=alpha", Matcher("contributor", Operator.EQUAL, "alpha")),
        (' contributor != "beta" ', Matcher("contributor", Operator.NOT_EQUAL, "beta")),
        ("device!~ams-.*", Matcher("device", Operator.MATCHES_NOT, "ams-.*")),
        ('service=""', Matcher("service", Operator.EQUAL, "")),
        ("service=", Matcher("service", Operator.EQUAL, "")),
        ("label=two words", Matcher("label", Operator.EQUAL, "two words")),
        ('label=" kept "', Matcher("label", Operator.EQUAL, " kept ")),
        ("label=a=b", Matcher("label", Operator.EQUAL, "a=b")),
        (r'label="say \"hi\" \\ \n \d"', Matcher("label", Operator.EQUAL, 'say "hi" \\ \n \\d')),
        (r"device=~ams\.1", Matcher("device", Operator.MATCHES, r"ams\.1")),
        (r"label=end\ ".strip(), Matcher("label", Operator.EQUAL, "end\\")),
        ("labels.k8s.io/name=x", Matcher("labels.k8s.io/name", Operator.EQUAL, "x")),
    ],
)
def test_what_a_matcher_says(text: str, matcher: Matcher) -> None:
    assert parse_matcher(text) == matcher


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_matched(name: str) -> None:
    match = parse_match([], [f"{name}=x"])

    assert matches(match, kind="incident.created", facts={name: "x"})
    assert not matches(match, kind="incident.created", facts={name: "y"})


def quoted(value: str) -> str:
    """The value in double quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@LAW
@given(
    name=st.sampled_from([*NAMES, "labels.alertname"]),
    op=st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]),
    value=st.text(max_size=30),
)
def test_any_value_can_be_written_in_quotes(name: str, op: Operator, value: str) -> None:
    assert parse_matcher(f"{name}{op.value}{quoted(value)}") == Matcher(name, op, value)


@LAW
@given(text=st.text('severity=!~"\\n ab[]*(){},.', max_size=30))
def test_any_text_is_read_or_refused_by_field(text: str) -> None:
    refused = None
    try:
        read = parse_matcher(text, field="matchers[3]")
    except MatcherError as problem:
        refused = problem
    else:
        assert read.name in NAMES

    if refused is not None:
        assert refused.field == "matchers[3]"
        assert str(refused) == f"matchers[3]: {refused.reason}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("severity", "not of the form"),
        ("", "not of the form"),
        ("=x", "not of the form"),
        ("severity!sev1", "not of the form"),
        ("colour=red", '"colour" is not one of type, status'),
        ("labels.=x", "is not one of"),
        ("labels=x", "is not one of"),
        ('severity="sev1', "not closed"),
        ('severity="', "not closed"),
        ('severity="sev1\\"', "not closed"),
        ('severity=sev1"', "a quote inside"),
        ('severity="a"b"', "a quote inside"),
        ('severity=~"("', r"in the pattern: a \( without a \) at character 1"),
        ("label=~" + "a" * 257, "in the pattern: longer than 256"),
        ("label=" + "a" * 1_001, "a value of more than 1,000"),
        ("label=" + "a" * 1_000_000, "longer than 2,155 characters"),
        ("labels." + "a" * 129 + "=x", "a name of more than 135"),
    ],
)
def test_what_is_no_matcher_says_why(text: str, says: str) -> None:
    with pytest.raises(MatcherError, match=says) as refused:
        parse_match([], ["type=incident", text])

    assert refused.value.field == "matchers[1]"
    assert len(str(refused.value)) < 400


def test_the_longest_value_of_escapes_is_read() -> None:
    assert parse_matcher("label=" + quoted('"' * 1_000)).value == '"' * 1_000


def test_a_matcher_made_by_hand_is_compiled_too() -> None:
    match = Match(matchers=(Matcher("severity", Operator.MATCHES, "sev.*"),))

    assert matches(match, kind="incident.created", facts=OUTAGE)
    with pytest.raises(PatternError):
        Matcher("severity", Operator.MATCHES, "(")


@pytest.mark.parametrize(
    ("kinds", "fitting", "not_fitting"),
    [
        (("*",), ["incident.created", "link.activated"], []),
        ((), ["incident.created", "link.activated"], []),
        (("incident.*",), ["incident.created"], ["maintenance.planned", "incidental.created"]),
        (("maintenance.planned",), ["maintenance.planned"], ["maintenance.started"]),
        (("*.closed",), ["incident.closed", "maintenance.closed"], ["incident.created"]),
        (("incident.created", "link.*"), ["incident.created", "link.health"], ["device.health"]),
    ],
)
def test_kinds(kinds: tuple[str, ...], fitting: list[str], not_fitting: list[str]) -> None:
    match = parse_match(kinds, [])

    assert [kind for kind in fitting if not matches(match, kind=kind, facts={})] == []
    assert [kind for kind in not_fitting if matches(match, kind=kind, facts={})] == []


@pytest.mark.parametrize(
    "kind", ["", "incident", "Incident.*", "**", "*.*", "incident.cr*", "a.b.c"]
)
def test_what_is_no_kind_is_refused_by_its_place(kind: str) -> None:
    with pytest.raises(MatcherError) as refused:
        parse_match(["incident.*", kind], [])

    assert refused.value.field == "kinds[1]"


def test_a_route_as_people_write_it() -> None:
    written = ('severity=~"sev[12]"', 'contributor="alpha"', 'label="routing"')

    assert holds(*written, kinds=("incident.*",))
    assert not holds(*written, kinds=("maintenance.*",))
    assert not holds(*written, 'status="closed"', kinds=("incident.*",))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("device=fra-1", True),
        ("device=nyc-1", False),
        ("device!=fra-1", False),
        ("device!=nyc-1", True),
        ("device=~fra-.*", True),
        ("device!~fra-.*", False),
        ("device!~nyc-.*", True),
        ("device=", False),
        ("device!=", True),
        ("label=customer", True),
        ("labels.alertname=~Bgp.*", True),
    ],
)
def test_a_fact_with_many_values_fits_by_any_and_differs_by_none(text: str, answer: bool) -> None:
    assert holds(text) is answer


@pytest.mark.parametrize("name", ["service", "link"])
@pytest.mark.parametrize(
    ("rest", "answer"),
    [("=", True), ("!=", False), ("=x", False), ("!=x", True), ("=~.*", True), ("=~.+", False)],
)
def test_a_fact_that_is_missing_is_the_empty_text(name: str, rest: str, answer: bool) -> None:
    assert holds(name + rest) is answer


@LAW
@given(
    values=st.lists(st.text("ab", max_size=3), max_size=3),
    pair=st.sampled_from(
        [(Operator.EQUAL, Operator.NOT_EQUAL), (Operator.MATCHES, Operator.MATCHES_NOT)]
    ),
    value=st.sampled_from(["", "a", "ab", "a.*", "(?i)A|b", "b+"]),
)
def test_negation_is_the_opposite(
    values: list[str], pair: tuple[Operator, Operator], value: str
) -> None:
    said, denied = (
        matches(
            Match(matchers=(Matcher("device", op, value),)), kind="a.b", facts={"device": values}
        )
        for op in pair
    )

    assert said is not denied
    if pair[0] is Operator.MATCHES:
        assert said is any(re.fullmatch(value, one) is not None for one in values or [""])
    else:
        assert said is (value in (values or [""]))


def test_one_value_and_a_list_of_one_are_the_same() -> None:
    match = parse_match([], ["device=ams-1"])

    assert matches(match, kind="a.b", facts={"device": "ams-1"})
    assert matches(match, kind="a.b", facts={"device": ("ams-1",)})
    assert not matches(match, kind="a.b", facts={"device": "xams-1x"})


def test_a_pattern_sees_the_first_thousand_characters() -> None:
    match = parse_match([], ["labels.log=~.*boom.*"])

    assert matches(match, kind="a.b", facts={"labels.log": "x" * 990 + "boom" + "x" * 10_000_000})
    assert not matches(match, kind="a.b", facts={"labels.log": "x" * 2_000 + "boom"})


@pytest.mark.parametrize(
    ("kinds", "matchers", "field"),
    [(["*"] * 51, [], "kinds"), ([], ["type=incident"] * 51, "matchers")],
)
def test_a_match_is_bounded(kinds: list[str], matchers: list[str], field: str) -> None:
    assert parse_match(kinds[:50], matchers[:50]) is not None
    with pytest.raises(MatcherError) as refused:
        parse_match(kinds, matchers)

    assert refused.value.field == field
