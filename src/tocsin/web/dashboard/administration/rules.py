"""Rules: what becomes of signals that nothing known fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tocsin.core.connector_words import OnResolve, RuleAction
from tocsin.core.record_commands import (
    CreateRule,
    RemoveRule,
    UpdateRule,
)
from tocsin.core.records import Rule
from tocsin.core.words import Role
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.sheets import Column, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.visits import Visit

_ACTIONS: Final = {
    RuleAction.CREATE: "open an incident",
    RuleAction.ATTACH: "join one that is alike",
    RuleAction.IGNORE: "leave it on no ticket",
}
_ON_RESOLVE: Final = {
    OnResolve.RESOLVE: "resolve the incident",
    OnResolve.MONITORING: "move it to monitoring",
    OnResolve.NOTE: "only note it",
}


def _when_over(rule: Rule, names: RecordNames) -> Cell:
    # What is on no ticket is over without a word.
    ignored = rule.action is RuleAction.IGNORE
    return cells.text("nothing" if ignored else _ON_RESOLVE[rule.on_resolve])


def _choices(words: Mapping[Any, str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=word.value, text=f"{text[:1].upper()}{text[1:]}")
        for word, text in words.items()
    )


def _matchers(values: Sequence[str]) -> Cell:
    return cells.codes(values, otherwise="every signal")


def _connector(record: Rule, names: RecordNames) -> Cell:
    if record.connector_id is None:
        return cells.text(None, otherwise="any")
    found = names.connector(record.connector_id)
    if found is None:
        return cells.state("is gone", "degraded_performance")
    return cells.code(found.code, href=f"/admin/connectors/{found.id}")


def _minutes(value: int | None, otherwise: str) -> Cell:
    return cells.text(None if value is None else f"{value:,} minutes", otherwise=otherwise)


def _said_of_rule(record: Rule, names: RecordNames) -> Mapping[str, Any]:
    connector = None if record.connector_id is None else names.connector(record.connector_id)
    plain = (
        "name",
        "title",
        "severity",
        "service",
        "device",
        "link",
        "contributor",
        "correlation_key",
        "order",
        "within_minutes",
        "reopen_within_minutes",
        "quiet_minutes",
        "storm_limit",
        "storm_minutes",
    )
    return {
        **{name: getattr(record, name) for name in plain},
        "action": record.action.value,
        "on_resolve": record.on_resolve.value,
        "connector": None if connector is None else connector.code,
        "match": {"matchers": list(record.matchers)},
    }


def _wording(name: str, label: str, example: str) -> Field:
    return Field(name=name, label=label, longest=500, hint=f"Such as {example}.")


_RULE: Final = (
    choosing.NAME,
    Field(
        name="order",
        label="Order",
        kind=Kind.NUMBER,
        required=True,
        hint="The lowest is asked first; the first that fits decides.",
    ),
    Field(name="connector", label="Only signals of", kind=Kind.CHOICE),
    Field(
        name="match.matchers",
        label="Which signals",
        kind=Kind.LINES,
        hint='All of these have to fit, one to a line, such as severity=~"sev[12]" or'
        ' labels.alertname="LinkDown". Without any, every signal does.',
    ),
    Field(
        name="action",
        label="What to do",
        kind=Kind.CHOICE,
        required=True,
        choices=_choices(_ACTIONS),
    ),
    Field(
        name="on_resolve",
        label="When all its alerts are over",
        kind=Kind.CHOICE,
        choices=_choices(_ON_RESOLVE),
    ),
    _wording("title", "Title", "{labels.link} is dark"),
    _wording("severity", "Severity", "sev2 or {labels.severity}"),
    _wording("service", "Service", "api or {labels.service}"),
    _wording("device", "Device", "{labels.dzd_pubkey}"),
    _wording("link", "Link", "{labels.link}"),
    _wording("contributor", "Contributor", "alpha or {labels.operator}"),
    _wording("correlation_key", "Correlation key", "{labels.alertname}"),
    Field(
        name="within_minutes",
        label="Joins what is younger than minutes",
        kind=Kind.NUMBER,
        hint="Left out: any that is alike where it joins, none where it opens.",
    ),
    Field(
        name="reopen_within_minutes",
        label="Reopens within minutes",
        kind=Kind.NUMBER,
        hint="Left out: as the policy says.",
    ),
    Field(
        name="quiet_minutes",
        label="Quiet minutes",
        kind=Kind.NUMBER,
        hint="How long repeats open nothing after a person closed it. Left out: as the policy"
        " says.",
    ),
    Field(
        name="storm_limit",
        label="A storm is more than so many",
        kind=Kind.NUMBER,
        required=True,
        hint="They become one incident. 0: never.",
    ),
    Field(name="storm_minutes", label="Storm within minutes", kind=Kind.NUMBER, required=True),
)
_RULE_DEFAULTS: Final = {"order": 0, "storm_limit": 50, "storm_minutes": 5}

RULES: Final = Sheet(
    sort="rule",
    path="rules",
    kind=Rule,
    one="rule",
    many="Rules",
    make="New rule",
    about="What becomes of signals that nothing known fits: asked in this order, the first one"
    " that fits decides.",
    empty="Without rules, sev1 and sev2 open incidents, and the rest waits on no ticket.",
    title=lambda record: record.name,
    ordered=lambda record: record.order,
    columns=(
        Column(label="Order", of=lambda one, names: cells.text(one.order)),
        Column(label="Of", of=_connector),
        Column(label="Which signals", of=lambda one, names: _matchers(one.matchers)),
        Column(label="What to do", of=lambda one, names: cells.text(_ACTIONS[one.action])),
        Column(label="When over", of=_when_over),
    ),
    facts=(
        Column(label="Order", of=lambda one, names: cells.text(one.order)),
        Column(label="Only signals of", of=_connector),
        Column(
            label="Which signals",
            of=lambda one, names: cells.every(one.matchers, otherwise="every signal"),
        ),
        Column(label="What to do", of=lambda one, names: cells.text(_ACTIONS[one.action])),
        Column(label="When over", of=_when_over),
        *(
            Column(
                label=label,
                of=lambda one, names, name=name: cells.code(  # type: ignore[misc]
                    getattr(one, name), otherwise="as the signal says"
                ),
            )
            for name, label in (
                ("title", "Title"),
                ("severity", "Severity"),
                ("service", "Service"),
                ("device", "Device"),
                ("link", "Link"),
                ("contributor", "Contributor"),
                ("correlation_key", "Correlation key"),
            )
        ),
        Column(
            label="Joins what is alike",
            of=lambda one, names: _minutes(one.within_minutes, "however old, where it joins"),
        ),
        Column(
            label="Reopens within",
            of=lambda one, names: _minutes(one.reopen_within_minutes, "as the policy says"),
        ),
        Column(
            label="Quiet for",
            of=lambda one, names: _minutes(one.quiet_minutes, "as the policy says"),
        ),
        Column(
            label="Storm",
            of=lambda one, names: cells.text(
                f"more than {one.storm_limit:,} in {one.storm_minutes} minutes become one"
                if one.storm_limit
                else "never"
            ),
        ),
    ),
    said=_said_of_rule,
    new=_RULE,
    change=_RULE,
    begin={name: (str(value),) for name, value in _RULE_DEFAULTS.items()},
    seldom=frozenset(
        {
            "within_minutes",
            "reopen_within_minutes",
            "quiet_minutes",
            "storm_limit",
            "storm_minutes",
        }
    ),
    choices={"connector": choosing.connectors("any connector")},
    making=lambda visit: CreateRule(
        rule_id="", name="", action="create", connector=_own_connector(visit)
    ),
    changing=UpdateRule(),
    removing=RemoveRule(),
    removal="Such signals are treated as the other rules say. Incidents that it opened stay.",
    template="rule.html",
)


def _own_connector(visit: Visit) -> str | None:
    """For who is bound to a contributor: one of that contributor's connectors, if there is any."""
    if visit.admitted.access.contributor_id is None or visit.admitted.access.role < Role.SRE_LEAD:
        return None
    own = choosing.connectors("")(visit)
    return own[0].value if own else None
