"""What clients of PagerDuty's Events API v2 say (Integrations: PagerDuty). Pure.

A trigger is a signal, an acknowledge and a resolve are words about what its key opened. Whatever
fires after a resolve is a new incident, however soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.core import alert_labels, signal_texts
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Acknowledged, Ended, Noted, Reading, Said, Unreadable
from tocsin.core.ticket_reading import LABEL, NAME, REASON, TEXT
from tocsin.core.words import SignalState

MOST_BYTES: Final = 512 * 1024

ACTIONS: Final = ("trigger", "acknowledge", "resolve")

SEVERITY_OTHERWISE: Final = alert_labels.ERROR
"""What a severity that means nothing is taken for: Alertmanager may send any text."""

LONGEST_DETAIL_LABEL: Final = 200
"""A custom detail is a label of the signal, too, when it is no longer; rules can match it."""

IN_PLACE_OF_A_KEY: Final = "[routing key]"

_MOST_LINKS = 50
_MISSING = "is missing or blank"

Json = Mapping[str, Any]


def routing_key(body: bytes) -> str | None:
    """The key that says which connector a payload is for; None where there is none to be read.

    To be asked before anything else, as a payload that is wrong otherwise is its sender's still.
    """
    try:
        event = msgspec.json.decode(body) if len(body) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        return None
    given = event.get("routing_key") if isinstance(event, dict) else None
    # Whole, or it would be another key.
    return given if isinstance(given, str) and given.strip() else None


def without_key(body: bytes) -> bytes:
    """*body* as it may be kept: something else stands where its routing key is."""
    key = routing_key(body)
    if key is None:
        return body
    plain = key.encode("utf-8", "surrogatepass")
    if plain in body:
        return body.replace(plain, IN_PLACE_OF_A_KEY.encode())
    # It is written with escapes; then all of it is written anew.
    return msgspec.json.encode({**_event(body), "routing_key": IN_PLACE_OF_A_KEY})


def dedup_key(body: bytes) -> str | None:
    """The key that a client sent with its event, as it wrote it; None for one of our making.

    Raises:
        Unreadable: no JSON object, or larger than 512 KB.
    """
    return _dedup_key(_event(body))


def enqueue(body: bytes, *, fresh_key: str, keyed: bool = False) -> Reading:
    """What one event says; *fresh_key* is the key of a trigger that brings none.

    *keyed* says that its sender is known without a routing key in it.

    Raises:
        Unreadable: with ``errors`` in PagerDuty's manner: no JSON object, larger than 512 KB, an
            unknown action, or something missing that it needs.
    """
    event = _event(body)
    errors: list[str] = []
    action = _text(event.get("event_action"), longest=NAME)
    if action not in ACTIONS:
        errors.append(f"'event_action' must be one of: {', '.join(ACTIONS)}")
    if not keyed and _text(event.get("routing_key"), longest=NAME) is None:
        errors.append(f"'routing_key' {_MISSING}")
    given = _dedup_key(event)
    if given is None and action != "trigger":
        errors.append(f"'dedup_key' {_MISSING}")
    payload = _object(event.get("payload"))
    if action == "trigger":
        errors.extend(_missing(payload, "summary", "source", "severity"))
    if errors or action is None:
        raise Unreadable("Not an event that PagerDuty would take.", errors=tuple(errors))
    key = signal_texts.key(given or fresh_key)
    if key is None:
        raise Unreadable("A key of blanks only.", errors=(f"'dedup_key' {_MISSING}",))
    return Reading((_said(action, key=key, event=event, payload=payload),), reopens=False)


def _said(action: str, *, key: str, event: Json, payload: Json) -> Said:
    match action:
        case "trigger":
            return _triggered(key, event=event, payload=payload)
        case "acknowledge":
            return Acknowledged(key=key, note=_text(payload.get("summary"), longest=REASON))
        case _:
            return Ended(
                key=key,
                note=_text(payload.get("summary"), longest=REASON),
                at=signal_texts.instant(payload.get("timestamp")),
            )


def _triggered(key: str, *, event: Json, payload: Json) -> SignalDraft:
    details = payload.get("custom_details")
    plain = _plain_details(details)
    source = _text(payload["source"], longest=2 * NAME) or "pagerduty"
    labels = {
        **plain,
        **{
            name: value
            for name in ("component", "group", "class", "source")
            if (value := _text(payload.get(name), longest=REASON)) is not None
        },
    }
    return SignalDraft(
        source=source,
        summary=_text(payload["summary"], longest=REASON) or source,
        state=SignalState.FIRING.value,
        ts=signal_texts.instant(payload.get("timestamp")),
        severity=_severity(payload["severity"]),
        service_name=alert_labels.service(plain)
        or signal_texts.name(payload.get("component"), longest=NAME),
        environment=alert_labels.environment(plain),
        trace_id=alert_labels.trace_id(plain),
        correlation_key=key,
        fingerprint=key,
        labels=signal_texts.labels(labels),
        data=signal_texts.data(
            {
                "severity": payload["severity"],
                "client": event.get("client"),
                "client_url": event.get("client_url"),
                "links": _some(event.get("links")),
                "images": _some(event.get("images")),
                "custom_details": details,
            }
        ),
    )


def change(body: bytes) -> Reading:
    """A change that was made somewhere: words for the timeline, never an incident.

    Raises:
        Unreadable: with ``errors`` in PagerDuty's manner: no JSON object, larger than 512 KB, or
            without a summary.
    """
    event = _event(body)
    payload = _object(event.get("payload"))
    errors = _missing(payload, "summary")
    if errors:
        raise Unreadable("Not a change that PagerDuty would take.", errors=tuple(errors))
    text = _text(payload["summary"], longest=TEXT // 2) or ""
    links = (_text(_object(link).get("href"), longest=REASON) for link in _some(event.get("links")))
    lines = [text, *(link for link in links if link is not None)]
    return Reading(
        (
            Noted(
                key=None,
                text=signal_texts.cut("\n".join(lines), longest=TEXT),
                by=_text(payload.get("source"), longest=NAME),
            ),
        ),
        reopens=False,
    )


def _event(body: bytes) -> Json:
    if len(body) > MOST_BYTES:
        raise Unreadable("Larger than 512 KB.", errors=("The event is larger than 512 KB",))
    try:
        event = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise Unreadable("Not JSON.", errors=("The event is not JSON",)) from None
    if not isinstance(event, dict):
        raise Unreadable("Not a JSON object.", errors=("The event is not a JSON object",))
    return event


def _dedup_key(event: Json) -> str | None:
    given = event.get("dedup_key")
    if given is None:
        return None
    if isinstance(given, str):
        return given if given.strip() else None
    return signal_texts.key(given)


def _missing(payload: Json, *names: str) -> list[str]:
    if not payload:
        return [f"'payload' {_MISSING}"]
    return [
        f"'payload.{name}' {_MISSING}"
        for name in names
        if _text(payload.get(name), longest=REASON) is None
    ]


def _severity(word: object) -> str:
    return alert_labels.level(_text(word, longest=LABEL)) or SEVERITY_OTHERWISE


def _plain_details(details: object) -> dict[str, str]:
    """The custom details that are short and plain; a text alone has no name to be a label by."""
    return {
        name: text
        for name, value in _object(details).items()
        if (text := _text(value, longest=LONGEST_DETAIL_LABEL + 1)) is not None
        and len(text) <= LONGEST_DETAIL_LABEL
    }


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _some(value: object) -> list[Any]:
    return value[:_MOST_LINKS] if isinstance(value, list) else []


_text = signal_texts.text
