"""What Grafana's alerting webhook says (Integrations: Grafana). Pure.

The shape is Alertmanager's with more to it. A group's ``state`` is ``alerting`` or ``ok``; each
alert has a ``status`` of its own, and that is what counts.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tocsin.core import alert_labels, signal_texts
from tocsin.core.alert_groups import beyond, group_key, shared_data
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.instants import to_text
from tocsin.core.signal_texts import MOST_SIGNALS
from tocsin.core.ticket_reading import REASON
from tocsin.core.words import SignalState

SOURCE: Final = "grafana"
VERSION: Final = "1"

# The names of the alerts that Grafana sends in place of a rule's own, whose name is then in the
# label ``rulename``: its query found nothing, or could not be run.
_IN_PLACE: Final = {"DatasourceNoData": "no data", "DatasourceError": "the query failed"}


class _Alert(msgspec.Struct, rename="camel", frozen=True):
    status: str = SignalState.FIRING.value
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    fingerprint: str | None = None
    value_string: str | None = None
    values: Any = None  # by query; null, or values that are null, where there was no data
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    silence_url: str | None = msgspec.field(name="silenceURL", default=None)
    dashboard_url: str | None = msgspec.field(name="dashboardURL", default=None)
    panel_url: str | None = msgspec.field(name="panelURL", default=None)
    image_url: str | None = msgspec.field(name="imageURL", default=None)
    rule_uid: str | None = msgspec.field(name="ruleUID", default=None)


class _Notification(msgspec.Struct, rename="camel", frozen=True):
    version: str
    alerts: list[_Alert]
    status: str | None = None
    state: str | None = None
    receiver: str | None = None
    group_key: str | None = None
    truncated_alerts: int | None = None
    group_labels: dict[str, str] | None = None
    common_labels: dict[str, str] | None = None
    org_id: int | None = None
    title: str | None = None
    message: str | None = None
    app_version: str | None = None
    external_url: str | None = msgspec.field(name="externalURL", default=None)


_notification = msgspec.json.Decoder(_Notification)


def webhook(body: bytes) -> Reading:
    """The signals of one notification, all with the key of its group.

    A group of more than 1,000 alerts, and one that Grafana cut itself (``truncatedAlerts``), ends
    by a word of its own: the alerts that were not told cannot say that they are over.

    Raises:
        Unreadable: no JSON of this shape, or another version than "1".
    """
    try:
        sent = _notification.decode(body)
    except (ValueError, RecursionError) as problem:
        # Its words say where and which type was expected, never what was there.
        raise Unreadable(f"Not what Grafana sends: {problem}.") from None
    if sent.version != VERSION:
        raise Unreadable(f'Grafana\'s webhook of a version other than "{VERSION}".')
    key = group_key(
        sent.group_key, labels=sent.group_labels or sent.common_labels, receiver=sent.receiver
    )
    group = shared_data(
        {
            "receiver": sent.receiver,
            "groupLabels": sent.group_labels,
            "externalURL": sent.external_url,
            "truncatedAlerts": sent.truncated_alerts or None,
            "orgId": sent.org_id,
            "title": sent.title,
            "appVersion": sent.app_version,
        }
    )
    signals = [_signal(alert, key=key, group=group) for alert in sent.alerts[:MOST_SIGNALS]]
    rest = beyond(
        key,
        sent=len(sent.alerts),
        truncated=bool(sent.truncated_alerts),
        over=_is_over(sent),
        ends=(signal.ts for signal in signals if signal.ts is not None),
    )
    return Reading((*signals, *rest))


def _is_over(sent: _Notification) -> bool:
    if sent.status is not None:
        return sent.status == SignalState.RESOLVED.value
    return sent.state == "ok"


def _signal(alert: _Alert, *, key: str, group: dict[str, JsonValue]) -> SignalDraft:
    labels = alert.labels or {}
    annotations = alert.annotations or {}
    over = alert.status == SignalState.RESOLVED.value
    start, end = signal_texts.instant(alert.starts_at), signal_texts.instant(alert.ends_at)
    return SignalDraft(
        source=SOURCE,
        summary=_summary(labels, annotations),
        state=(SignalState.RESOLVED if over else SignalState.FIRING).value,
        ts=end if over else start,
        severity=alert_labels.severity(labels),
        service_name=alert_labels.service(labels),
        environment=alert_labels.environment(labels),
        trace_id=alert_labels.trace_id(labels),
        correlation_key=key,
        fingerprint=signal_texts.key(alert.fingerprint) or alert_labels.fingerprint(labels),
        labels=signal_texts.labels(labels),
        data=signal_texts.data(
            {
                "startsAt": None if start is None else to_text(start),
                "endsAt": None if end is None else to_text(end),
                "ruleUID": alert.rule_uid,
                "generatorURL": alert.generator_url,
                "dashboardURL": alert.dashboard_url,
                "panelURL": alert.panel_url,
                "silenceURL": alert.silence_url,
                "imageURL": alert.image_url,
                "values": alert.values,
                "valueString": alert.value_string,
                "annotations": annotations,
            }
        )
        | ({"group": group} if group else {}),
    )


def _summary(labels: dict[str, str], annotations: dict[str, str]) -> str:
    summary = alert_labels.summary(labels, annotations)
    rule = labels.get("rulename")
    reason = _IN_PLACE.get(labels.get("alertname", ""))
    if rule is None or reason is None:
        return summary
    return signal_texts.cut(f"{rule}: {reason}. {summary}", longest=REASON)
