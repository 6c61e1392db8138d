"""What Alertmanager's webhook and Prometheus's alerts say (Integrations: Alertmanager). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from tocsin.core import alert_labels, signal_texts
from tocsin.core.alert_groups import beyond, group_key, shared_data
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Noted, Reading, Said, Unreadable
from tocsin.core.instants import to_text
from tocsin.core.signal_texts import MOST_SIGNALS
from tocsin.core.words import SignalState

SOURCE: Final = "alertmanager"
VERSION: Final = "4"

RESOLVE_TIMEOUT: Final = timedelta(minutes=5)
"""How long an alert posted without an end is taken to fire, as Alertmanager does by default."""

Texts = Mapping[str, str]
Sent = TypeVar("Sent")


class _Alert(msgspec.Struct, rename="camel"):
    status: str = SignalState.FIRING.value
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    fingerprint: str | None = None


class _Notification(msgspec.Struct, rename="camel"):
    version: str
    alerts: list[_Alert]
    status: str | None = None
    receiver: str | None = None
    group_key: str | None = None
    truncated_alerts: int | None = None
    group_labels: dict[str, str] | None = None
    common_labels: dict[str, str] | None = None
    external_url: str | None = msgspec.field(name="externalURL", default=None)
    notification_reason: str | None = msgspec.field(name="notification_reason", default=None)


_notification = msgspec.json.Decoder(_Notification)
_alerts = msgspec.json.Decoder(list[_Alert])


def webhook(body: bytes) -> Reading:
    """The signals of one notification, all with the key of its group.

    A group of more than 1,000 alerts, and one that Alertmanager cut itself (``truncatedAlerts``),
    ends by a word of its own: the alerts that were not told cannot say that they are over.

    Raises:
        Unreadable: no JSON of this shape, or another version than "4".
    """
    sent = _decoded(_notification, body)
    if sent.version != VERSION:
        raise Unreadable(f'Alertmanager\'s webhook of a version other than "{VERSION}".')
    key = group_key(
        sent.group_key, labels=sent.group_labels or sent.common_labels, receiver=sent.receiver
    )
    group = shared_data(
        {
            "receiver": sent.receiver,
            "groupLabels": sent.group_labels,
            "externalURL": sent.external_url,
            "truncatedAlerts": sent.truncated_alerts or None,
            "notification_reason": sent.notification_reason,
        }
    )
    signals = [_grouped(alert, key=key, group=group) for alert in sent.alerts[:MOST_SIGNALS]]
    rest = beyond(
        key,
        sent=len(sent.alerts),
        truncated=bool(sent.truncated_alerts),
        over=sent.status == SignalState.RESOLVED.value,
        ends=(signal.ts for signal in signals if signal.ts is not None),
    )
    return Reading((*signals, *rest))


def _grouped(alert: _Alert, *, key: str, group: dict[str, JsonValue]) -> SignalDraft:
    over = alert.status == SignalState.RESOLVED.value
    labels = alert.labels or {}
    start, end = signal_texts.instant(alert.starts_at), signal_texts.instant(alert.ends_at)
    return _signal(
        alert,
        labels=labels,
        fingerprint=signal_texts.key(alert.fingerprint) or alert_labels.fingerprint(labels),
        key=key,
        over=over,
        ts=end if over else start,
        data={
            "startsAt": None if start is None else to_text(start),
            # One that fires has none here: its end is told by a notification of its own.
            "endsAt": to_text(end) if over and end is not None else None,
            "generatorURL": alert.generator_url,
            "annotations": alert.annotations,
        },
        group=group,
    )


def alerts(body: bytes, *, now: datetime) -> Reading:
    """The signals of what Prometheus posts to an Alertmanager, each with its label set for a key.

    An alert whose ``endsAt`` is *now* or before is over; another fires until then (see
    :func:`expires_at`), and for five minutes where it names no end. One without labels is no alert:
    it becomes a note that opens nothing, as Alertmanager takes the others all the same.

    Raises:
        Unreadable: no JSON of this shape, more than 1,000 alerts, or none of them with labels.
    """
    posted = _decoded(_alerts, body)
    if len(posted) > MOST_SIGNALS:
        raise Unreadable(f"More than {MOST_SIGNALS:,} alerts in one request.")
    said: list[Said] = []
    nameless: list[str] = []
    for index, alert in enumerate(posted):
        # An empty label is one that is not there, in Prometheus as in Alertmanager.
        labels = {name: value for name, value in (alert.labels or {}).items() if value}
        if labels:
            said.append(_posted(alert, labels=labels, now=now))
        else:
            nameless.append(f"alert {index}: at least one label pair required")
            said.append(Noted(key=None, text=f"Alert {index} of the request has no labels."))
    if nameless and len(nameless) == len(posted):
        raise Unreadable("No alert of the request has labels.", errors=tuple(nameless))
    return Reading(tuple(said))


def _posted(alert: _Alert, *, labels: Texts, now: datetime) -> SignalDraft:
    start = signal_texts.instant(alert.starts_at)
    end = signal_texts.instant(alert.ends_at)
    if end is None:
        end = now + RESOLVE_TIMEOUT
    if start is None:
        start = min(now, end)
    over = end <= now
    # A client may send a fingerprint; this path deduplicates on the labels alone.
    fingerprint = alert_labels.fingerprint(labels)
    return _signal(
        alert,
        labels=labels,
        fingerprint=fingerprint,
        key=fingerprint,
        over=over,
        ts=end if over else start,
        data={
            "startsAt": to_text(start),
            "endsAt": to_text(end),
            "generatorURL": alert.generator_url,
            "annotations": alert.annotations,
        },
    )


def expires_at(draft: SignalDraft) -> datetime | None:
    """When a firing signal of :func:`alerts` is over unless it is posted again; else None."""
    if draft.state != SignalState.FIRING.value:
        return None
    return signal_texts.instant(draft.data.get("endsAt"))


def _signal(
    alert: _Alert,
    *,
    labels: Texts,
    fingerprint: str,
    key: str,
    over: bool,
    ts: datetime | None,
    data: Mapping[str, object],
    group: dict[str, JsonValue] | None = None,
) -> SignalDraft:
    return SignalDraft(
        source=SOURCE,
        summary=alert_labels.summary(labels, alert.annotations or {}),
        state=(SignalState.RESOLVED if over else SignalState.FIRING).value,
        ts=ts,
        severity=alert_labels.severity(labels),
        service_name=alert_labels.service(labels),
        environment=alert_labels.environment(labels),
        trace_id=alert_labels.trace_id(labels),
        correlation_key=key,
        fingerprint=fingerprint,
        labels=signal_texts.labels(labels),
        data=signal_texts.data(data) | ({"group": group} if group else {}),
    )


def _decoded(decoder: msgspec.json.Decoder[Sent], body: bytes) -> Sent:
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError) as problem:
        # Its words say where and which type was expected, never what was there.
        raise Unreadable(f"Not what Alertmanager sends: {problem}.") from None
