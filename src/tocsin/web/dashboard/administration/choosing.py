"""What can be chosen in forms, as the snapshot has it; and fields that several sheets share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.core.connector_words import ConnectorKind, ConnectorMode
from tocsin.core.records import Connector, Contributor, Member, Service
from tocsin.core.words import Role, Severity
from tocsin.web.dashboard.administration.finding import every
from tocsin.web.dashboard.forms import Choice, Field
from tocsin.web.dashboard.visits import Visit
from tocsin.web.dashboard.words import role_words, severity_words

MOST: Final = 500
Choose = Callable[[Visit], tuple[Choice, ...]]

CODE: Final = Field(
    name="code",
    label="Code",
    required=True,
    longest=32,
    hint="Short, for addresses and commands: a-z, 0-9, colon, underscore and hyphen.",
)
NAME: Final = Field(name="name", label="Name", required=True)

KINDS: Final = {
    ConnectorKind.ALERTMANAGER: "Alertmanager, or Prometheus without one",
    ConnectorKind.GRAFANA: "Grafana",
    ConnectorKind.PAGERDUTY: "Clients of PagerDuty",
    ConnectorKind.OPSGENIE: "Clients of Opsgenie",
    ConnectorKind.CLOUDEVENTS: "CloudEvents",
    ConnectorKind.GENERIC: "Anything that sends JSON (needs a mapping)",
    ConnectorKind.MAINTNOTE: "Maintenance notices of providers",
    ConnectorKind.SNS: "Amazon SNS (CloudWatch)",
    ConnectorKind.GCP: "Google Cloud Monitoring",
    ConnectorKind.NEWRELIC: "New Relic",
    ConnectorKind.PINGDOM: "Pingdom",
    ConnectorKind.DATADOG: "Datadog",
    ConnectorKind.ZABBIX: "Zabbix",
    ConnectorKind.SENTRY: "Sentry",
    ConnectorKind.UPTIMEKUMA: "Uptime Kuma",
    ConnectorKind.LIBRENMS: "LibreNMS",
}
MODES: Final = (
    Choice(value=ConnectorMode.LIVE.value, text="Live: alerts have consequences"),
    Choice(value=ConnectorMode.OBSERVE.value, text="Observe: only say what would have happened"),
)


def roles(visit: Visit) -> tuple[Choice, ...]:
    """The roles that the reader may give."""
    return tuple(
        Choice(value=role.value, text=role_words(role))
        for role in Role
        if role <= visit.admitted.access.role
    )


def severities(visit: Visit) -> tuple[Choice, ...]:
    """How bad something is, or nothing said of that."""
    return (
        Choice(value="", text="as it is reported"),
        *(Choice(value=one.value, text=f"{one.value}: {severity_words(one)}") for one in Severity),
    )


def contributors(otherwise: str) -> Choose:
    """The contributors by code; nobody, in those words, where the reader may say so."""

    def choose(visit: Visit) -> tuple[Choice, ...]:
        own = visit.admitted.contributor
        if own is not None:
            return (Choice(value=own.code, text=f"{own.name} ({own.code})"),)
        found = every(visit.turn, visit.admitted.org_id, Contributor, "contributor", limit=MOST)
        return (
            Choice(value="", text=otherwise),
            *(
                Choice(value=one.code, text=f"{one.name} ({one.code})")
                for one in sorted(found, key=lambda one: one.name.casefold())
            ),
        )

    return choose


def members(visit: Visit) -> tuple[Choice, ...]:
    """Whom a key may speak for."""
    own = visit.admitted.contributor
    found = every(visit.turn, visit.admitted.org_id, Member, "member", limit=MOST)
    return (
        Choice(value="", text="a service of its own, made with the key"),
        *(
            Choice(value=one.id, text=f"{one.name}, {role_words(one.role)}")
            for one in sorted(found, key=lambda one: one.name.casefold())
            if own is None or one.contributor_id == own.id
        ),
    )


def services(visit: Visit) -> tuple[Choice, ...]:
    """The services by code."""
    return (Choice(value="", text="none"), *_services(visit))


def shown_services(visit: Visit) -> tuple[Choice, ...]:
    """The services that a page may show."""
    return _services(visit)


def _services(visit: Visit) -> tuple[Choice, ...]:
    found = every(visit.turn, visit.admitted.org_id, Service, "service", limit=MOST)
    return tuple(
        Choice(value=one.code, text=f"{one.name} ({one.code})")
        for one in sorted(found, key=lambda one: one.name.casefold())
    )


def connectors(otherwise: str) -> Choose:
    """The connectors by code."""

    def choose(visit: Visit) -> tuple[Choice, ...]:
        own = visit.admitted.contributor
        found = every(visit.turn, visit.admitted.org_id, Connector, "connector", limit=MOST)
        named = tuple(
            Choice(value=one.code, text=f"{one.name} ({one.code})")
            for one in sorted(found, key=lambda one: one.name.casefold())
            if own is None or one.contributor_id == own.id
        )
        return named if own is not None else (Choice(value="", text=otherwise), *named)

    return choose


def assignees(visit: Visit) -> tuple[Choice, ...]:
    """Who may be given something: contributors by code, members by id."""
    turn, org_id = visit.turn, visit.admitted.org_id
    parties = every(turn, org_id, Contributor, "contributor", limit=MOST)
    people = every(turn, org_id, Member, "member", limit=MOST)
    return (
        Choice(value="", text="nobody"),
        *(
            Choice(value=one.code, text=f"{one.name} (contributor)")
            for one in sorted(parties, key=lambda one: one.name.casefold())
        ),
        *(
            Choice(value=one.id, text=one.name)
            for one in sorted(people, key=lambda one: one.name.casefold())
        ),
    )
