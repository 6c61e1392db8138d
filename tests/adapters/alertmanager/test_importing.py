"""Alertmanager's configuration becomes rules that choose as its tree of routes does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from tocsin.adapters.alertmanager.importing import (
    ImportRefused,
    Plan,
    plan_import,
    rule_body,
    snippet,
)
from tocsin.adapters.alertmanager.translation import webhook
from tocsin.adapters.alertmanager.yaml_reading import read_yaml
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorKind, ConnectorMode, RuleAction
from tocsin.core.hearing import first_fitting, rules_of
from tocsin.core.placeholders import filled
from tocsin.core.records import Connector, Rule

CONFIGURATIONS = Path(__file__).parent / "configurations"
FORTY = (CONFIGURATIONS / "forty_receivers.yml").read_text()
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PAGERS = {"pagerduty_configs", "opsgenie_configs", "victorops_configs", "pushover_configs"}
CONNECTOR = Connector(
    id="c1",
    created_at=NOW,
    updated_at=NOW,
    version=1,
    code="alertmanager",
    name="Alertmanager",
    kind=ConnectorKind.ALERTMANAGER,
    token_digest="0" * 64,
    mode=ConnectorMode.LIVE,
)


def small(route: str, *receivers: str) -> str:
    """A configuration with this *route* and receivers; those called pager… page."""
    listed = "\n".join(
        f"  - {{name: {name}, "
        f"{'pagerduty' if name.startswith('pager') else 'slack'}_configs: [{{a: b}}]}}"
        for name in receivers
    )
    return f"route:\n{route}\nreceivers:\n{listed}\n"


def records(plan: Plan) -> list[Rule]:
    """The rules of *plan* as an org has them, in an order that says nothing."""
    return [
        Rule(
            id=f"r{rule.order}",
            created_at=NOW,
            updated_at=NOW,
            version=1,
            name=rule.name,
            action=rule.action,
            matchers=rule.matchers,
            connector_id="c1",
            correlation_key=rule.correlation_key,
            on_resolve=rule.on_resolve,
            order=rule.order,
        )
        for rule in reversed(plan.rules)
    ]


def facts_of(labels: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        "connector": ("alertmanager",),
        "fingerprint": (repr(sorted(labels.items())),),
        **{f"labels.{name}": (value,) for name, value in labels.items()},
    }


def decided_by(plan: Plan, labels: dict[str, str]) -> tuple[str, str, str | None]:
    """Which receiver's rule an alert with these labels goes by, what it does, under which key."""
    facts = facts_of(labels)
    rule = first_fitting(rules_of(CONNECTOR, records(plan)), facts)
    assert rule is not None
    (planned,) = [one for one in plan.rules if one.name == rule.name]
    texts = {name: values[0] for name, values in facts.items()}
    return planned.receiver, planned.action.value, filled(rule.correlation_key, texts, longest=256)


# -- Alertmanager's choice, written anew after its documentation ----------------------------------

Route = dict[str, Any]


def says(matcher: str, labels: dict[str, str]) -> bool:
    shape = re.fullmatch(r'\{?\s*(\w+)\s*(=~|!=|!~|=)\s*"?((?:\\.|[^"])*)"?\s*\}?', matcher)
    assert shape is not None, matcher
    name, op, value = shape.groups()
    value = value.replace('\\"', '"')
    has = labels.get(name, "")
    fits = has == value if op in ("=", "!=") else re.fullmatch(value, has) is not None
    return fits != op.startswith("!")


def takes(route: Route, labels: dict[str, str]) -> bool:
    matchers = [*route.get("matchers", [])]
    matchers += [f'{name}="{value}"' for name, value in route.get("match", {}).items()]
    matchers += [f'{name}=~"{value}"' for name, value in route.get("match_re", {}).items()]
    single = [part for one in matchers for part in re.split(r",\s*(?=\w+\s*[!=])", one)]
    return all(says(one, labels) for one in single)


def told(route: Route, labels: dict[str, str], receiver: str = "") -> list[str] | None:
    """The receivers of the routes that take an alert, in their order; None where none does."""
    if not takes(route, labels):
        return None
    receiver = route.get("receiver", receiver)
    found: list[str] = []
    for child in route.get("routes", []):
        below = told(child, labels, receiver)
        found += below or []
        if below is not None and not child.get("continue", False):
            break
    return found or [receiver]


def expected(config: dict[str, Any], labels: dict[str, str]) -> str:
    paging = {one["name"] for one in config["receivers"] if PAGERS.intersection(one)}
    found = told(config["route"], labels)
    assert found
    return next((one for one in found if one in paging), found[-1])


# What a pattern of ours cannot say is left out on both sides.
CHOOSING = FORTY.replace(
    "        - receiver: security-words\n"
    "          matchers: ['alertname=~\".*\\\\bIntrusion\\\\b.*\"']\n",
    "",
)
CHOOSING_PLAN = plan_import(CHOOSING)
CHOOSING_TREE = yaml.safe_load(CHOOSING)
ALERTS = st.fixed_dictionaries(
    {
        "alertname": st.sampled_from(
            ["Watchdog", "InfoInhibitor", "OpticalLow", "LinkDown", "PostgresReplicationLag"]
        )
    },
    optional={
        "severity": st.sampled_from(["critical", "page", "error", "warning", "info", "none"]),
        "team": st.sampled_from(
            ["network", "database", "web", "platform", "security", "finance", "billing", "iot"]
        ),
        "env": st.sampled_from(["dev", "production", "staging", "preview-a1"]),
        "tier": st.sampled_from(["1", "2"]),
        "site": st.sampled_from(["ams1", "fra22", "lab-3", "nowhere"]),
        "carrier": st.sampled_from(["", "wave"]),
        "job": st.sampled_from(["backup-pg", "iot-gateway", "node"]),
        "region": st.sampled_from(["eu", "us"]),
        "service": st.sampled_from(['checkout "pay"', "checkout"]),
        "cluster": st.sampled_from(["ams1", "fra1", "lon1", "nyc1"]),
        "namespace": st.sampled_from(["kube-system", "shop"]),
        "container": st.sampled_from(["POD", "api"]),
        "pod": st.sampled_from(["test-1", "api-1"]),
        "node": st.just("n1"),
        "weekend": st.just("true"),
    },
)
DEEP = {
    "alertname": "KubeletDown",
    "team": "platform",
    "namespace": "kube-system",
    "container": "api",
    "pod": "api-1",
    "node": "n1",
    "severity": "error",
}


@settings(max_examples=300, deadline=None)
@given(ALERTS)
@example(DEEP)
@example(DEEP | {"pod": "test-1"})
@example({"alertname": "x", "team": "network", "severity": "critical", "tier": "1", "site": "ams1"})
def test_the_rules_of_a_real_configuration_choose_as_its_tree_does(labels: dict[str, str]) -> None:
    receiver, action, _ = decided_by(CHOOSING_PLAN, labels)

    assert receiver == expected(CHOOSING_TREE, labels)
    (found,) = [one for one in CHOOSING_TREE["receivers"] if one["name"] == receiver]
    if PAGERS.intersection(found):
        assert action == "create"
    else:
        assert action == ("attach" if len(found) > 1 else "ignore")


MATCHERS = st.builds(
    "{}{}{}".format,
    st.sampled_from("abc"),
    st.sampled_from(['="', '!="', '=~"', '!~"']),
    st.sampled_from(['x"', 'y"', '"', 'x|y"', 'x?"']),
)
TREES: st.SearchStrategy[Route] = st.recursive(
    st.fixed_dictionaries(
        {"receiver": st.sampled_from(["pager1", "pager2", "chat1", "chat2", "chat3"])},
        optional={"matchers": st.lists(MATCHERS, max_size=2), "continue": st.booleans()},
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "receiver": st.sampled_from(["pager1", "pager2", "chat1", "chat2"]),
            "routes": st.lists(inner, max_size=3),
        },
        optional={"matchers": st.lists(MATCHERS, max_size=2), "continue": st.booleans()},
    ),
    max_leaves=7,
)
EVERY_ALERT = [
    {name: value for name, value in zip("abc", values, strict=True) if value}
    for values in [(a, b, c) for a in ("", "x", "y") for b in ("", "x", "y") for c in ("", "x")]
]


@settings(max_examples=150, deadline=None)
@given(st.lists(TREES, max_size=3))
def test_the_rules_of_any_tree_choose_as_it_does(routes: list[Route]) -> None:
    config: dict[str, Any] = {
        "route": {"receiver": "chat1", "routes": routes},
        "receivers": [
            *({"name": name, "pagerduty_configs": [{"a": 1}]} for name in ("pager1", "pager2")),
            *({"name": name, "slack_configs": [{"a": 1}]} for name in ("chat1", "chat2", "chat3")),
        ],
    }
    try:
        plan = plan_import(yaml.safe_dump(config))
    except ImportRefused:
        # More rules than are made of one file, which only few of these trees come out as.
        reject()

    for labels in EVERY_ALERT:
        assert decided_by(plan, labels)[0] == expected(config, labels)


# -- what an operator finds -----------------------------------------------------------------------


def test_forty_receivers_become_one_connector_and_rules_in_order() -> None:
    plan = plan_import(FORTY, code="am", name="Alertmanager AMS")

    assert plan.receivers == 40
    assert (plan.connector.code, plan.connector.name) == ("am", "Alertmanager AMS")
    assert plan.connector.kind is ConnectorKind.ALERTMANAGER
    assert [rule.order for rule in plan.rules] == sorted({rule.order for rule in plan.rules})
    assert len({rule.name for rule in plan.rules}) == len(plan.rules) == 47
    assert {rule.connector for rule in plan.rules} == {"am"}
    deep = next(rule for rule in plan.rules if rule.receiver == "platform-deep-pager")
    assert deep.where == "route.routes[8].routes[3]" + ".routes[0]" * 7
    assert deep.matchers[-1] == 'labels.severity=~"critical|error"'
    last = plan.rules[-1]
    assert (last.matchers, last.action) == ((), RuleAction.ATTACH)


def test_what_does_not_come_along_is_said_with_what_to_do() -> None:
    remarks = plan_import(FORTY).remarks
    said = {remark.where: remark.what for remark in remarks}

    assert all(remark.advice for remark in remarks)
    assert 'alertname=~".*\\bIntrusion\\b.*"' in said["route.routes[9].routes[1]"]
    assert said["inhibit_rules"].startswith("2 of them")
    assert "templates" in said
    text = " ".join(f"{remark.where} {remark.what}" for remark in remarks)
    for word in ("continue", "time intervals", "group_wait", "severity or priority"):
        assert word in text
    assert "legacy-mail: decide about no alert" in text


def test_no_secret_of_the_file_is_in_a_plan() -> None:
    assert FORTY.count("SECRET") > 20
    assert "SECRET" not in repr(plan_import(FORTY))


def test_a_group_is_one_incident() -> None:
    plan = plan_import(FORTY)
    link = {"alertname": "LinkDown", "team": "network", "severity": "page", "site": "ams1"}

    one = decided_by(plan, link | {"link": "a", "instance": "x"})
    assert one == ("net-pager", "create", "alertmanager/net-pager/LinkDown/ams1/a")
    assert decided_by(plan, link | {"link": "a", "instance": "y"}) == one
    assert decided_by(plan, link | {"link": "b"}) != one
    # Grouped by everything, each alert is an incident; its end is for people where no pager hears.
    database = {"alertname": "Down", "team": "database", "severity": "critical"}
    keys = {decided_by(plan, database | {"instance": name})[2] for name in "ab"}
    assert len(keys) == 2
    (rule,) = [rule for rule in plan.rules if rule.receiver == "db-pager"]
    assert rule.correlation_key == "{connector}/db-pager/{fingerprint}"
    assert rule.on_resolve.value == "note"


def test_two_routes_to_one_receiver_are_two_groups() -> None:
    plan = plan_import(
        small("  receiver: pager\n  group_by: [alertname]\n  routes: [{matchers: [a=b]}]", "pager")
    )

    assert [rule.correlation_key for rule in plan.rules] == [
        "{connector}/pager#2/{labels.alertname}",
        "{connector}/pager/{labels.alertname}",
    ]


def test_without_group_by_all_alerts_of_a_route_are_one_incident_and_that_is_said() -> None:
    plan = plan_import(small("  receiver: pager", "pager"))

    assert plan.rules[0].correlation_key == "{connector}/pager"
    assert any("no group_by" in remark.what for remark in plan.remarks)


@pytest.mark.parametrize(
    "labels",
    [[f"a{n}" for n in range(30)], ["b" * 150], ['"{c}"'], ['"d "'], [one * 120 for one in "efg"]],
    ids=["many", "long", "braces", "blanks", "long together"],
)
def test_labels_that_no_key_can_be_written_with_leave_each_alert_alone(labels: list[str]) -> None:
    plan = plan_import(small(f"  receiver: pager\n  group_by: [{', '.join(labels)}]", "pager"))

    assert plan.rules[0].correlation_key == "{connector}/pager/{fingerprint}"
    assert any("group_by is more" in remark.what for remark in plan.remarks)


@pytest.mark.parametrize(
    ("written", "matchers"),
    [
        ("matchers: ['a=b', 'c!=\"d\"']", ['labels.a="b"', 'labels.c!="d"']),
        ('matchers: [\'{a="b,}", c=~"d|e",}\']', ['labels.a="b,}"', 'labels.c=~"d|e"']),
        ('matchers: [\'a = "x\\"y\\.z\\n"\']', ['labels.a="x\\"y\\\\.z\\n"']),
        ("matchers: a=b", ['labels.a="b"']),
        ('matchers: [\'"with-dash"="b"\']', ['labels.with-dash="b"']),
        (
            "match: {a: b, c: 1, d: true, e: ~}",
            ['labels.a="b"', 'labels.c="1"', 'labels.d="true"', 'labels.e=""'],
        ),
        ("match_re: {a: 'b.*'}", ['labels.a=~"b.*"']),
        ("matchers: [a=b, a=~b|c, a!=c]", ['labels.a="b"']),
    ],
)
def test_each_way_to_write_matchers_is_read(written: str, matchers: list[str]) -> None:
    route = f"  receiver: chat\n  routes:\n    - receiver: pager\n      {written}"

    (rule, _) = plan_import(small(route, "chat", "pager")).rules

    assert list(rule.matchers) == matchers


def test_a_receiver_can_be_said_to_page() -> None:
    text = small("  receiver: chat", "chat")

    assert plan_import(text).rules[0].action is RuleAction.ATTACH
    assert plan_import(text, pages=["chat"]).rules[0].action is RuleAction.CREATE
    with pytest.raises(ImportRefused, match="no receiver of that name"):
        plan_import(text, pages=["nobody"])


def test_what_pages_decides_though_another_route_comes_first() -> None:
    routes = (
        "  receiver: chat1\n  routes:\n"
        "    - {receiver: chat2, continue: true}\n"
        '    - {receiver: pager, matchers: [severity="critical"]}\n'
        "    - {receiver: chat3, matchers: [team=web]}"
    )
    plan = plan_import(small(routes, "chat1", "chat2", "chat3", "pager"))

    assert [rule.receiver for rule in plan.rules] == ["pager", "chat3", "chat2"]


def test_the_way_here_is_no_rule() -> None:
    made = snippet(ingest_url="https://tocsin.example/v1/orgs/net/ingest/am", token='a"b')
    written = yaml.safe_load(made)
    old = yaml.safe_load(CHOOSING)
    new = {
        "receivers": [*written["receivers"], *old["receivers"]],
        "route": written["route"],
    }
    new["route"]["routes"].append(old["route"])

    again = plan_import(yaml.safe_dump(new))

    (config,) = written["receivers"][0]["webhook_configs"]
    assert config["http_config"]["authorization"] == {"type": "Bearer", "credentials": 'a"b'}
    shown = [{**rule_body(rule), "order": 0} for rule in again.rules]
    assert shown == [{**rule_body(rule), "order": 0} for rule in CHOOSING_PLAN.rules]


def test_a_notification_of_alertmanager_finds_its_rule() -> None:
    payload = (Path(__file__).parent / "payloads" / "group_firing.json").read_bytes()
    (signal, *_) = [one for one in webhook(payload).said if isinstance(one, SignalDraft)]

    receiver, action, key = decided_by(plan_import(FORTY), dict(signal.labels))

    assert action == "attach"
    assert (receiver, key) == ("archive", "alertmanager/archive/LinkDown/")


# -- bad input ------------------------------------------------------------------------------------

GOOD = "receivers: [{name: a}]\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file: is no mapping"),
        ("- a", "the file: is no mapping"),
        ("receivers: []", "has no route"),
        ("kind: Secret\nmetadata: {name: alertmanager}", "has no route"),
        (GOOD + "route: {receiver: b}", "route.receiver: no receiver of that name"),
        (GOOD + "route: {}", "route.receiver: is missing"),
        (GOOD + "route: {receiver: a, routes: [{receiver: b}]}", r"route.routes\[0\].receiver: no"),
        (GOOD + "route: {receiver: a, matchers: [a=b]}", "route: the first route takes all"),
        (GOOD + "route: {receiver: a, routes: [{matchers: [a]}]}", "a matcher that is not like"),
        (GOOD + "route: {receiver: a, routes: [{matchers: ['a=\"b']}]}", "not closed"),
        (GOOD + 'route: {receiver: a, routes: [{matchers: [\'a="b"c"\']}]}', "a quote inside"),
        (GOOD + "route: {receiver: a, routes: [{continue: perhaps}]}", "neither true nor false"),
        (GOOD + "route: {receiver: a, routes: {}}", "route.routes: is no list"),
        (GOOD + "route: {receiver: [a]}", "is missing, or no text"),
        ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]", "another receiver has"),
        ("route: &r {receiver: a, routes: [*r]}\n" + GOOD, "an alias of what it stands in"),
        ("a: *SECRET", "line 1: an alias without its anchor"),
        ("a: {b: SECRET\nc", "line 2: not YAML"),
        ("a: SECRET\n\tb", "line 2: not YAML: found character"),
        ("a: 1\na: 2", "line 2: a key that stands twice"),
        ("a: 1\n---\nb: 1", "line 2: a second document"),
        ('a: "\\UFFFFFFFF"', "a character that no text has"),
        ("? [a]\n: b", "a key that is no text"),
        ("a: {<<: [b]}", "<< takes mappings"),
        ("[" * 100, "deeper than 64"),
        ("a" * 600_000, "more than 524,288 characters"),
    ],
    ids=lambda value: None if len(value) < 90 else "large",
)
def test_what_is_wrong_is_refused_by_its_place(text: str, reason: str) -> None:
    with pytest.raises(ImportRefused, match=reason) as refused:
        plan_import(text)
    assert "SECRET" not in str(refused.value)


def test_a_billion_laughs_are_refused_before_they_are_laughed() -> None:
    lists = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    merges = "".join(
        f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    for bomb in ("a0: &a0 [lol]\n" + lists, "a0: &a0 {l: ol}\n" + merges):
        with pytest.raises(ImportRefused, match="more than 50,000 values"):
            plan_import(bomb)


def test_too_many_rules_are_refused_rather_than_cut() -> None:
    routes = "\n".join(f"    - {{matchers: [a=b{n}]}}" for n in range(950))
    with pytest.raises(ImportRefused, match="more than 900 rules"):
        plan_import(small(f"  receiver: chat\n  routes:\n{routes}", "chat"))

    shielded = "\n".join(
        f"    - {{matchers: [a{n}=b], continue: true, receiver: chat, routes: "
        f"[{{matchers: [c{n}=d]}}, {{receiver: pager, matchers: [e{n}=f]}}]}}"
        for n in range(40)
    )
    with pytest.raises(ImportRefused, match="more than 900 rules"):
        plan_import(small(f"  receiver: chat\n  routes:\n{shielded}", "chat", "pager"))


def test_scalars_stay_the_texts_they_are() -> None:
    assert read_yaml("{a: 1e3, b: 2026-01-01, c: no, d: ~, e: '~', f: !x y, <<: {a: 2, g: 3}}") == {
        "a": "1e3",
        "b": "2026-01-01",
        "c": "no",
        "d": None,
        "e": "~",
        "f": "y",
        "g": "3",
    }


WORDS = st.sampled_from(
    (
        "route", "receivers", "receiver", "name", "routes", "match", "match_re", "matchers",
        "continue", "group_by", "a", "b", "...", "true", "slack_configs", "pagerduty_configs",
        "send_resolved", "inhibit_rules", "templates", "a=b", "a=~(", "{}", "<<",
    )
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)
CONFIGS = st.fixed_dictionaries(
    {
        "route": st.dictionaries(WORDS, VALUES, max_size=4).map(
            lambda more: {"receiver": "a"} | more
        ),
        "receivers": st.lists(
            st.dictionaries(WORDS, VALUES, max_size=3).map(lambda more: more | {"name": "a"}),
            max_size=2,
        ),
    },
    optional={"templates": VALUES, "inhibit_rules": VALUES},
)
MANGLED = st.builds(
    lambda start, length, put: FORTY[:start] + put + FORTY[start + length :],
    st.integers(min_value=0, max_value=len(FORTY)),
    st.integers(min_value=0, max_value=40),
    st.text(alphabet="[]{}:,-?&*!|>'\"%@`#\n \t\\~<a0=", max_size=4),
)


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="[]{}:,-?&*!|>'\"%@`#\n \t\\~.<ab0=", max_size=30)
    | st.text(max_size=20)
    | VALUES.map(yaml.safe_dump)
    | CONFIGS.map(yaml.safe_dump)
    | MANGLED
)
@example("%YAML " + "9" * 6_000 + ".1\n---\na")
@example("\ud800")
def test_any_text_is_planned_or_refused(text: str) -> None:
    try:
        plan = plan_import(text)
    except ImportRefused:
        return
    assert plan.rules
    assert plan.rules[-1].matchers == ()
