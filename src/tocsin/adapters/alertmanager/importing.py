"""From Alertmanager's configuration to what does the same here: one connector and its rules.

Alertmanager asks who is told of an alert; a rule asks what becomes of it. So a route whose receiver
pages becomes a rule that opens incidents (``create``); one that only writes somewhere becomes one
that joins an incident on the same service or asset and opens none (``attach``); a receiver without
any configuration is where alerts are thrown away (``ignore``). Rules stand in the order in which
the tree chooses, the first that fits decides, and the first route's own comes last and fits all.

An alert that several routes take (``continue``) goes by the first of them that pages, else by the
last. ``group_by`` becomes the correlation key, so that what was one notification is one incident.
What has no counterpart is not guessed at: it becomes a :class:`Remark`, which says what to do. Pure
(Domain: correlation; API: connectors, rules).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.alertmanager.configuration import (
    GROUP_BY_ALL,
    Configuration,
    Receiver,
    Route,
    read_configuration,
)
from tocsin.adapters.alertmanager.import_remarks import Remark, remarks_on
from tocsin.adapters.alertmanager.route_flattening import (
    Chosen,
    chosen,
    matcher_text,
    unwritable,
)
from tocsin.adapters.alertmanager.yaml_reading import ImportRefused
from tocsin.core import record_reading, signal_texts
from tocsin.core.connector_words import ConnectorKind, OnResolve, RuleAction
from tocsin.core.errors import FieldError
from tocsin.core.facts import JsonValue
from tocsin.core.placeholders import (
    LONGEST_TEXT,
    MOST_PLACEHOLDERS,
    PlaceholderError,
    parse_wording,
)

__all__ = [
    "OWN_RECEIVER",
    "ImportRefused",
    "Plan",
    "PlannedConnector",
    "PlannedRule",
    "Remark",
    "connector_body",
    "correlation_key",
    "plan_import",
    "rule_body",
    "snippet",
]

OWN_RECEIVER: Final = "tocsin"
"""The receiver by which Alertmanager tells this gateway: routes to it are no rules of their own."""

PAGING: Final = frozenset({"incidentio", "opsgenie", "pagerduty", "pushover", "victorops"})
"""Kinds of receivers that wake somebody."""

FIRST_ORDER: Final = 1_000
_STEP: Final = 10

_LONGEST_LABEL: Final = 100
"""Characters of a route's label in names and keys, so that the labels of alerts have room."""

_ROOM_BEFORE: Final = 2 * (_LONGEST_LABEL + 20)
"""Characters of a wording before its labels: each of a route's label may be a doubled brace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedConnector:
    """The connector to make."""

    code: str
    name: str
    kind: ConnectorKind = ConnectorKind.ALERTMANAGER


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRule:
    """A rule to make, as the API takes it; ``receiver`` and ``where`` say what of the file it is
    (``route.routes[2]``)."""

    name: str
    action: RuleAction
    matchers: tuple[str, ...]
    connector: str
    correlation_key: str | None
    on_resolve: OnResolve
    order: int
    receiver: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would make, and what of the file it leaves out."""

    connector: PlannedConnector
    rules: tuple[PlannedRule, ...]
    remarks: tuple[Remark, ...]
    receivers: int


def plan_import(
    text: str,
    *,
    code: str = "alertmanager",
    name: str = "Alertmanager",
    pages: Collection[str] = (),
) -> Plan:
    """What becomes of the configuration *text* under a connector *code* called *name*.

    *pages* are receivers that page, whatever their kinds.

    Raises:
        ImportRefused: nothing Alertmanager would start with, beyond what is read, or *pages* names
            a receiver that is not there.
    """
    errors: list[FieldError] = []
    record_reading.code(code, errors=errors)
    record_reading.name(name, errors=errors)
    for error in errors:
        raise ImportRefused(error.detail, where=f"the connector's {error.field}")
    configuration = read_configuration(text)
    missing = [one for one in pages if one not in configuration.receivers]
    if missing:
        raise ImportRefused("no receiver of that name is in the file", where=f'"{missing[0]}"')
    actions = {
        receiver.name: _action(receiver, pages=pages)
        for receiver in configuration.receivers.values()
    }
    found = chosen(
        configuration.root,
        pages=frozenset(one for one, action in actions.items() if action is RuleAction.CREATE),
        without=frozenset({OWN_RECEIVER}),
    )
    labels = _labels(configuration.root)
    rules = _rules(found, code=code, configuration=configuration, actions=actions, labels=labels)
    return Plan(
        connector=PlannedConnector(code=code, name=name),
        rules=rules,
        remarks=remarks_on(
            configuration,
            actions=actions,
            unwritable=unwritable(configuration.root),
            ungrouped=tuple(
                dict.fromkeys(one.route.where for one in found if not is_groupable(one.route))
            ),
            ruled=frozenset(rule.receiver for rule in rules),
            own_receiver=OWN_RECEIVER,
        ),
        receivers=len(configuration.receivers),
    )


def connector_body(connector: PlannedConnector) -> dict[str, JsonValue]:
    """What makes *connector*, as the API takes it."""
    return {"kind": connector.kind.value, "code": connector.code, "name": connector.name}


def rule_body(rule: PlannedRule) -> dict[str, JsonValue]:
    """What makes *rule*, or makes another like it, as the API takes it."""
    return {
        "name": rule.name,
        "order": rule.order,
        "connector": rule.connector,
        "match": {"matchers": list(rule.matchers)},
        "action": rule.action.value,
        "correlation_key": rule.correlation_key,
        "on_resolve": rule.on_resolve.value,
    }


def snippet(*, ingest_url: str, token: str) -> str:
    """What to write into alertmanager.yml so that Alertmanager tells this gateway, too.

    The route that was the first goes below a new one. Beside its children a route that takes all
    and goes on would keep its own receiver from ever being told.
    """
    return f"""\
receivers:
  - name: {OWN_RECEIVER}
    webhook_configs:
      - url: {json.dumps(ingest_url)}
        send_resolved: true
        http_config:
          authorization:
            type: Bearer
            credentials: {json.dumps(token)}
route:
  receiver: {OWN_RECEIVER}
  routes:
    - receiver: {OWN_RECEIVER}
      continue: true
      group_by: [alertname]
      group_wait: 5s
    # Then the route that was the first, with all it had, as an item of this list:
    # - receiver: ...
"""


def _action(receiver: Receiver, *, pages: Collection[str]) -> RuleAction:
    if receiver.name in pages or PAGING.intersection(receiver.kinds):
        return RuleAction.CREATE
    return RuleAction.ATTACH if receiver.kinds else RuleAction.IGNORE


def _rules(
    found: Sequence[Chosen],
    *,
    code: str,
    configuration: Configuration,
    actions: Mapping[str, RuleAction],
    labels: Mapping[str, str],
) -> tuple[PlannedRule, ...]:
    made: list[PlannedRule] = []
    taken: set[str] = set()
    for index, one in enumerate(found):
        receiver = configuration.receivers[one.route.receiver]
        action = actions[receiver.name]
        made.append(
            PlannedRule(
                name=_unused(f"{code}: {labels[one.route.where]}", taken),
                action=action,
                matchers=tuple(matcher_text(matcher) for matcher in one.matchers),
                connector=code,
                correlation_key=(
                    None
                    if action is RuleAction.IGNORE
                    else correlation_key(one.route, label=labels[one.route.where])
                ),
                on_resolve=_on_resolve(receiver, action),
                order=FIRST_ORDER + index * _STEP,
                receiver=receiver.name,
                where=one.route.where,
            )
        )
    return tuple(made)


def correlation_key(route: Route, *, label: str) -> str:
    """The wording of what makes alerts of *route* one incident, as they were one notification.

    It begins with the connector and the route's *label*: two routes never share a group. Grouped by
    everything, each alert is one by itself; by nothing, all are one. Where the wording would be
    more than a rule takes, each alert is one by itself.
    """
    beginning = f"{{connector}}/{label.replace('{', '{{').replace('}', '}}')}"
    if GROUP_BY_ALL in route.group_by or not is_groupable(route):
        return f"{beginning}/{{fingerprint}}"
    return "/".join([beginning, *_placeholders(route)])


def is_groupable(route: Route) -> bool:
    """Whether a correlation key can be written for what *route* groups by."""
    if GROUP_BY_ALL in route.group_by:
        return True
    wanted = "/".join(_placeholders(route))
    try:
        names = [name for _, name in parse_wording(wanted).parts if name is not None]
    except PlaceholderError:
        return False
    # A label whose name has braces, or blanks around it, would be read as something else.
    return (
        len(wanted) + _ROOM_BEFORE <= LONGEST_TEXT
        and len(names) < MOST_PLACEHOLDERS
        and names == [f"labels.{name}" for name in route.group_by]
    )


def _placeholders(route: Route) -> list[str]:
    return [f"{{labels.{name}}}" for name in route.group_by]


def _on_resolve(receiver: Receiver, action: RuleAction) -> OnResolve:
    """A pager that is not told of an end leaves the incident to people; so does the rule."""
    pagers = [told for kind, told in receiver.tells_ends.items() if kind in PAGING]
    if action is RuleAction.CREATE and pagers and not any(pagers):
        return OnResolve.NOTE
    return OnResolve.RESOLVE


def _labels(root: Route) -> dict[str, str]:
    """What each route is called, by its place: its receiver, and its number among that one's."""
    labels: dict[str, str] = {}
    counts: dict[str, int] = {}
    waiting = [root]
    while waiting:
        route = waiting.pop()
        name = signal_texts.key(route.receiver, longest=_LONGEST_LABEL) or "receiver"
        name = " ".join(name.split())
        counts[name] = counts.get(name, 0) + 1
        labels[route.where] = name if counts[name] == 1 else f"{name}#{counts[name]}"
        waiting.extend(reversed(route.routes))
    return labels


def _unused(name: str, taken: set[str]) -> str:
    """*name*, with a number behind it if need be, and from now on taken."""
    number = 1
    unused = name
    while unused in taken:
        number += 1
        unused = f"{name} ({number})"
    assert len(unused) <= record_reading.LONGEST_NAME, "a label and a code leave room"
    taken.add(unused)
    return unused
