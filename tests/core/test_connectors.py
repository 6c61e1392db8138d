"""Stories of connectors and rules as records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.records_in_memory import OrgInMemory, network, replayed
from tocsin.core.connector_words import ConnectorKind, ConnectorMode, OnResolve, RuleAction
from tocsin.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from tocsin.core.evidence import Access
from tocsin.core.record_claims import claims_named_by, claims_of
from tocsin.core.record_commands import (
    CreateConnector,
    CreateRule,
    CreateService,
    RecordCommand,
    RemoveConnector,
    RemoveRule,
    UpdateConnector,
    UpdateRule,
)
from tocsin.core.records import Connector, Rule
from tocsin.core.releases import known_since
from tocsin.core.rules import MOST_RULES
from tocsin.core.words import Role

DIGEST = "ab" * 32
AM = CreateConnector(
    connector_id="am",
    code="am",
    name="Alertmanager",
    kind="alertmanager",
    token_digest=DIGEST,
    mode="observe",
    contributor="alpha",
    service="api",
    environment="prod",
    mapping={"summary": "alert.title", "labels.site": "alert.site"},
    hmac_secret_id="secret-1",
    expected_every_minutes=5,
)
DARK = CreateRule(
    rule_id="dark",
    name="Dark lines",
    action="create",
    matchers=('labels.alertname="LinkDown"',),
    connector="am",
    title="{labels.line} is dark",
    severity="P2",
    link="{labels.line}",
    correlation_key="dark/{labels.line}",
    on_resolve="monitoring",
    order=7,
    within_minutes=10,
    reopen_within_minutes=0,
    quiet_minutes=60,
    storm_limit=0,
)


def org(*commands: CreateConnector | CreateRule) -> OrgInMemory:
    made = network()
    made.ask("service:api", CreateService(service_id="api", code="api", name="API"))
    for command in commands:
        made.ask(stream(command), command)
    return made


def stream(command: CreateConnector | CreateRule) -> str:
    if isinstance(command, CreateRule):
        return f"rule:{command.rule_id}"
    return f"connector:{command.connector_id}"


def connector(made: OrgInMemory) -> Connector:
    found = made.states["connector:am"]
    assert isinstance(found, Connector)
    return found


def rule(made: OrgInMemory) -> Rule:
    found = made.states["rule:dark"]
    assert isinstance(found, Rule)
    return found


def wrong_fields(refused: pytest.ExceptionInfo[Refusal]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


def test_a_connector_is_made_with_what_it_says() -> None:
    made = org(AM)
    found = connector(made)

    assert (found.code, found.name) == ("am", "Alertmanager")
    assert (found.kind, found.mode) == (ConnectorKind.ALERTMANAGER, ConnectorMode.OBSERVE)
    assert (found.contributor_id, found.service, found.environment) == (
        "alpha",
        "api",
        "production",
    )
    assert dict(found.mapping) == {"labels.site": "alert.site", "summary": "alert.title"}
    assert (found.hmac_secret_id, found.expected_every_minutes) == ("secret-1", 5)
    assert claims_of(found) == claims_named_by(AM)
    assert replayed(made.log) == made.states
    assert known_since(made.log[-1].payload) == 2


def test_a_connector_is_changed_and_its_token_with_it() -> None:
    made = org(AM)
    changes = UpdateConnector(
        token_digest="cd" * 32,
        mode="live",
        contributor=None,
        service=None,
        environment=None,
        mapping={},
        hmac_secret_id=None,
        expected_every_minutes=None,
        name="Prometheus",
        code="prom",
    )

    made.ask("connector:am", changes)

    found = connector(made)
    assert (found.code, found.token_digest, found.mode) == ("prom", "cd" * 32, ConnectorMode.LIVE)
    assert (found.contributor_id, found.service, found.environment) == (None, None, None)
    assert (dict(found.mapping), found.hmac_secret_id) == ({}, None)
    assert ("connector_token", DIGEST) not in claims_of(found)
    assert replayed(made.log) == made.states
    assert made.decide("connector:am", changes) == ()


def test_code_and_token_are_one_connectors() -> None:
    made = org(AM)
    for other in (
        CreateConnector(
            connector_id="b", code="am", name="B", kind="generic", token_digest="0" * 64
        ),
        CreateConnector(connector_id="b", code="b", name="B", kind="generic", token_digest=DIGEST),
    ):
        with pytest.raises(Conflict) as refused:
            made.ask("connector:b", other)
        assert DIGEST not in str(refused.value)
    made.ask("connector:am", RemoveConnector())
    assert claims_of(connector(made)) == frozenset()
    made.ask("connector:b", other)
    with pytest.raises(NotFound):
        made.ask("connector:am", UpdateConnector(name="again"))


def test_what_is_wrong_with_a_connector_is_named() -> None:
    bad = CreateConnector(
        connector_id="b",
        code="B!",
        name=" ",
        kind="carrier pigeon",
        token_digest="short",
        mode="loud",
        contributor="gamma",
        service="unknown",
        environment="e" * 65,
        mapping={"Summary": "x", "source": " "},
        expected_every_minutes=0,
    )
    with pytest.raises(Invalid) as refused:
        org().ask("connector:b", bad)
    assert wrong_fields(refused) == {
        "code": "bad_character",
        "name": "required",
        "kind": "unknown_word",
        "token": "bad_secret",
        "mode": "unknown_word",
        "defaults.contributor": "unknown_contributor",
        "defaults.service": "unknown_service",
        "defaults.environment": "too_long",
        "mapping.Summary": "bad_character",
        "mapping.source": "required",
        "expected_every_minutes": "out_of_range",
    }


def test_a_rule_is_made_and_changed() -> None:
    made = org(AM, DARK)
    found = rule(made)
    assert (found.action, found.on_resolve) == (RuleAction.CREATE, OnResolve.MONITORING)
    assert (found.connector_id, found.severity, found.order) == ("am", "sev2", 7)
    assert (found.within_minutes, found.reopen_within_minutes, found.quiet_minutes) == (10, 0, 60)
    assert (found.storm_limit, found.storm_minutes) == (0, 5)
    assert claims_of(found) == claims_named_by(DARK)

    changes = UpdateRule(
        name="Dark",
        action="attach",
        matchers=(),
        connector=None,
        title=None,
        severity="{labels.severity}",
        on_resolve="resolve",
        order=0,
        quiet_minutes=None,
        storm_limit=9,
        storm_minutes=2,
    )
    made.ask("rule:dark", changes)
    found = rule(made)
    assert (found.name, found.action, found.matchers) == ("Dark", RuleAction.ATTACH, ())
    assert (found.connector_id, found.title, found.severity) == (None, None, "{labels.severity}")
    assert (found.on_resolve, found.quiet_minutes) == (OnResolve.RESOLVE, None)
    assert (found.order, found.storm_limit, found.storm_minutes) == (0, 9, 2)
    assert replayed(made.log) == made.states
    assert made.decide("rule:dark", changes) == ()

    made.ask("rule:dark", RemoveRule())
    assert claims_of(rule(made)) == frozenset()


def test_there_may_be_so_many_rules_and_not_one_more() -> None:
    made = org()
    made.ask("rule:first", CreateRule(rule_id="first", name="First", action="ignore"))
    first = made.states["rule:first"]
    for number in range(1, MOST_RULES):
        made.directory.put(replace(first, id=f"r{number}"))
    more = CreateRule(rule_id="more", name="One more", action="ignore")
    with pytest.raises(Conflict, match="2000 rules"):
        made.ask("rule:more", more)
    made.ask("rule:first", RemoveRule())
    made.ask("rule:more", more)


def test_what_is_wrong_with_a_rule_is_named() -> None:
    bad = CreateRule(
        rule_id="b",
        name="",
        action="explode",
        matchers=("severity=~(",),
        connector="nobody",
        title="{labels.}",
        severity="sev9",
        service=" ",
        device="{",
        correlation_key="{secret}",
        on_resolve="forget",
        order=-1,
        within_minutes=-1,
        storm_limit=-1,
        storm_minutes=0,
    )
    with pytest.raises(Invalid) as refused:
        org().ask("rule:b", bad)
    assert wrong_fields(refused) == {
        "name": "required",
        "action": "unknown_word",
        "match.matchers[0]": "bad_match",
        "connector": "unknown_connector",
        "title": "bad_placeholder",
        "severity": "unknown_word",
        "service": "required",
        "device": "bad_placeholder",
        "correlation_key": "bad_placeholder",
        "on_resolve": "unknown_word",
        "order": "out_of_range",
        "within_minutes": "out_of_range",
        "storm_limit": "out_of_range",
        "storm_minutes": "out_of_range",
    }


LEAD = Access(role=Role.SRE_LEAD, member_id="lead")
ALPHA = Access(role=Role.SRE_LEAD, member_id="alpha-sre_lead", contributor_id="alpha")
BETA = Access(role=Role.SRE_LEAD, member_id="beta-sre_lead", contributor_id="beta")


@pytest.mark.parametrize(
    ("target", "command", "beta_too"),
    [
        ("connector:am", UpdateConnector(name="mine"), False),
        ("connector:am", RemoveConnector(), False),
        ("rule:dark", UpdateRule(order=1), False),
        ("rule:dark", RemoveRule(), False),
        (
            "connector:n",
            CreateConnector(
                connector_id="n", code="n", name="N", kind="generic", token_digest="0" * 64
            ),
            True,
        ),
    ],
)
def test_a_contributor_runs_its_own(target: str, command: RecordCommand, beta_too: bool) -> None:
    made = org(AM, DARK)
    assert made.decide(target, command, LEAD)
    assert made.decide(target, command, ALPHA)
    if beta_too:
        assert made.decide(target, command, BETA)
    else:
        with pytest.raises(Forbidden):
            made.decide(target, command, BETA)
    with pytest.raises(Forbidden):
        made.decide(target, command, Access(role=Role.ONCALL_ENGINEER, member_id="o"))


def test_a_bound_lead_reaches_no_rule_of_the_whole_org() -> None:
    made = org(AM, DARK)
    with pytest.raises(Forbidden):
        made.decide("rule:r", CreateRule(rule_id="r", name="r", action="ignore"), ALPHA)
    with pytest.raises(Forbidden):
        made.decide("rule:dark", UpdateRule(connector=None), ALPHA)
    with pytest.raises(Forbidden):
        made.decide("connector:am", UpdateConnector(contributor="beta"), ALPHA)
