"""The ways in of all neighbours, by connector kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final

from tocsin.adapters.alertmanager.receiver import AlertmanagerReceiver
from tocsin.adapters.cloudevents.receiver import CloudEventsReceiver
from tocsin.adapters.cloudevents.translation import Mapped
from tocsin.adapters.generic.confirming import Fetch, FetchFailed
from tocsin.adapters.generic.mapping import signal_mapping
from tocsin.adapters.generic.receiver import MappedReceiver, SnsReceiver
from tocsin.adapters.generic.translation import drafts
from tocsin.adapters.grafana.receiver import GrafanaReceiver
from tocsin.adapters.maintnote.receiver import MaintnoteReceiver
from tocsin.adapters.opsgenie.receiver import OpsgenieReceiver
from tocsin.adapters.pagerduty.receiver import PagerDutyReceiver
from tocsin.adapters.webhook.client import Client, ExchangeFailed
from tocsin.app import house
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.errors import Invalid
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Unreadable
from tocsin.handler.receiving import Receiver, Receivers

FETCH_SECONDS: Final = 10.0

MAPPED: Final = (
    ConnectorKind.GENERIC,
    ConnectorKind.GCP,
    ConnectorKind.NEWRELIC,
    ConnectorKind.PINGDOM,
    ConnectorKind.DATADOG,
    ConnectorKind.ZABBIX,
    ConnectorKind.SENTRY,
    ConnectorKind.UPTIMEKUMA,
    ConnectorKind.LIBRENMS,
)
"""Kinds whose payloads a mapping reads, and nothing else."""


def fetched(url: str) -> bytes:
    """What *url* answers to GET; never one inside.

    Raises:
        FetchFailed: no answer, or none of success.
    """
    client = Client(allow_private=False)
    try:
        answer = client.ask("GET", url, headers={}, seconds=FETCH_SECONDS, repeatable=False)
    except ExchangeFailed as wrong:
        raise FetchFailed(wrong.reason) from None
    finally:
        client.close()
    if answer.status != 200:
        raise FetchFailed(f"{answer.status} was answered")
    return answer.body


def receivers(
    *,
    sns_topics: Collection[str] = (),
    fetch: Fetch = fetched,
    now: Callable[[], datetime] = house.now,
) -> Receivers:
    """The receiver of every connector kind; this server starts *now*.

    Subscriptions of *sns_topics* (ARNs) are confirmed by *fetch*.
    """
    made: dict[ConnectorKind, Receiver] = {
        ConnectorKind.ALERTMANAGER: AlertmanagerReceiver(
            version=version("tocsin"), started_at=now()
        ),
        ConnectorKind.GRAFANA: GrafanaReceiver(),
        ConnectorKind.PAGERDUTY: PagerDutyReceiver(),
        ConnectorKind.OPSGENIE: OpsgenieReceiver(),
        ConnectorKind.CLOUDEVENTS: CloudEventsReceiver(mapped_by),
        ConnectorKind.MAINTNOTE: MaintnoteReceiver(),
        ConnectorKind.SNS: SnsReceiver(topics=sns_topics, fetch=fetch),
        **{kind: MappedReceiver(kind) for kind in MAPPED},
    }
    return {kind.value: made[kind] for kind in ConnectorKind}


def mapped_by(mapping: Mapping[str, str], source: str) -> Mapped:
    """A reading of single events by a connector's *mapping*; *source* is its code.

    Raises:
        Unreadable: the mapping is not one that this release reads.
    """
    try:
        checked = signal_mapping(mapping)
    except Invalid:
        raise Unreadable("The connector's mapping cannot be read by this release.") from None

    def mapped(event: dict[str, JsonValue]) -> Sequence[SignalDraft]:
        return drafts(event, mapping=checked, source=source)

    return mapped
