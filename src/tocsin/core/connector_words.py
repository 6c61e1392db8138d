"""The closed words of connectors and rules (API: connectors, rules)."""

from __future__ import annotations

from enum import StrEnum


class ConnectorKind(StrEnum):
    """What speaks to a connector: a neighbour with a translation of its own, or one whose payloads
    are read by a mapping (``generic``, and those with a mapping that is shipped)."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    CLOUDEVENTS = "cloudevents"
    GENERIC = "generic"
    MAINTNOTE = "maintnote"
    SNS = "sns"
    GCP = "gcp"
    NEWRELIC = "newrelic"
    PINGDOM = "pingdom"
    DATADOG = "datadog"
    ZABBIX = "zabbix"
    SENTRY = "sentry"
    UPTIMEKUMA = "uptimekuma"
    LIBRENMS = "librenms"


class ConnectorMode(StrEnum):
    """Whether what a connector hears has consequences; ``observe`` only says what they would be."""

    LIVE = "live"
    OBSERVE = "observe"


class RuleAction(StrEnum):
    """What a rule does with a signal that nothing known fits: open an incident, only join one that
    is alike, or leave it unattached."""

    CREATE = "create"
    ATTACH = "attach"
    IGNORE = "ignore"


class OnResolve(StrEnum):
    """What becomes of an incident when all its signals have resolved, and no person has moved it
    beyond acknowledged: a note, the move to monitoring, or the move to resolved."""

    NOTE = "note"
    MONITORING = "monitoring"
    RESOLVE = "resolve"


OPENS_FOR_ALL = frozenset({ConnectorKind.PAGERDUTY, ConnectorKind.OPSGENIE})
"""Kinds whose signals open incidents whatever their severity, where no rule says otherwise."""
