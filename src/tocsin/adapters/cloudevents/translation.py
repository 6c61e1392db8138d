"""What events say when nobody says otherwise, and when a mapping does.

By default the data's ``summary`` and ``severity`` are read, the event's ``subject`` and ``type``,
and of the data whatever else is named as in a signal. ``id`` and ``source`` together make the
fingerprint: the same event twice is one (Integrations: CloudEvents 1.0 over HTTP). An end is an
event of its own, then, and no alert; it ends those of its correlation key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tocsin.adapters.cloudevents.binding import Event, Headers, events
from tocsin.core import alert_labels, signal_reading, signal_texts
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Ended, Reading, Said
from tocsin.core.ticket_reading import KEY, LABEL, NAME, REASON
from tocsin.core.ticket_signals import LONGEST_LABEL_VALUE
from tocsin.core.words import SignalState, SignalType, UnknownWord, folded, parse_word

Mapped = Callable[[dict[str, JsonValue]], Sequence[SignalDraft]]
"""A mapping's reading of one event as structured JSON; may raise Unreadable."""

_BEGINNINGS = frozenset(
    {"fired", "firing", "triggered", "opened", "open", "raised", "started", "alerting", "down"}
)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")


def read(body: bytes, headers: Headers, *, mapped: Mapped | None = None) -> Reading:
    """The signals of a request's events, read by *mapped* where the connector has a mapping.

    Raises:
        UnknownFormat: its content type names a format that is not JSON.
        Unreadable: as :func:`~tocsin.adapters.cloudevents.binding.events` says, or *mapped* does.
    """
    sent = events(body, headers)
    return Reading(
        tuple(
            said
            for event in sent
            for said in ((_or_end(_signal(event)),) if mapped is None else _mapped(event, mapped))
        ),
        once=frozenset(_fingerprint(event) for event in sent),
    )


def _or_end(signal: SignalDraft) -> Said:
    """*signal*, or the end of what its key opened, where that is what it says."""
    if signal.state != SignalState.RESOLVED.value or signal.correlation_key is None:
        return signal
    return Ended(key=signal.correlation_key, note=signal.summary, at=signal.ts)


def _mapped(event: Event, mapped: Mapped) -> list[Said]:
    """What the mapping makes of *event*; a signal without a fingerprint has the event's, and where
    the event becomes several, the later ones one of their own."""
    return [
        signal
        if signal.fingerprint is not None
        else _or_end(replace(signal, fingerprint=_fingerprint(event, number)))
        for number, signal in enumerate(mapped(event.document()))
    ]


def _fingerprint(event: Event, number: int = 0) -> str:
    later = (str(number),) if number else ()
    return signal_reading.fingerprint(event.source, event.id, *later)


def _signal(event: Event) -> SignalDraft:
    data = event.data if isinstance(event.data, dict) else {}
    return SignalDraft(
        source=signal_texts.text(" ".join(event.source.split()), longest=2 * NAME) or "cloudevents",
        summary=_summary(event, data),
        signal_type=_signal_type(_text(data, "signal_type")),
        state=_state(event, data),
        ts=event.time or signal_reading.instant(data.get("ts")),
        severity=alert_labels.level(_text(data, "severity")),
        service_name=_name(data, "service_name") or _name(data, "service"),
        environment=_name(data, "environment", longest=LABEL),
        device=_name(data, "device"),
        link=_name(data, "link"),
        contributor=_name(data, "contributor"),
        correlation_key=signal_texts.key(data.get("correlation_key")) or _own_key(event),
        trace_id=_name(data, "trace_id", longest=KEY) or _trace(event),
        fingerprint=_fingerprint(event),
        labels=signal_texts.labels(_labels(event, data)),
        data=signal_texts.data(data if data or event.data is None else {"value": event.data}),
    )


def _summary(event: Event, data: dict[str, JsonValue]) -> str:
    candidates = (data.get("summary"), event.data, event.subject, event.type)
    texts = (signal_texts.text(one, longest=REASON) for one in candidates)
    return next((text for text in texts if text is not None), "an event")


def _text(data: dict[str, JsonValue], field: str) -> str | None:
    return signal_texts.text(data.get(field), longest=LONGEST_LABEL_VALUE)


def _name(data: dict[str, JsonValue], field: str, *, longest: int = NAME) -> str | None:
    return signal_texts.name(data.get(field), longest=longest)


def _signal_type(text: str | None) -> str:
    if text is None:
        return SignalType.ALERT.value
    try:
        return parse_word(SignalType, text, field="signal_type").value
    except UnknownWord:
        return SignalType.ALERT.value


def _state(event: Event, data: dict[str, JsonValue]) -> str:
    """The data's ``state``, else what the last word of the type says (``….resolved``)."""
    return signal_reading.state(_text(data, "state") or event.type.rpartition(".")[2])


def _own_key(event: Event) -> str | None:
    """The same for every event of one kind about one subject, its beginning and its end; None
    without a subject, where nothing says what the event is about."""
    if event.subject is None:
        return None
    stem, dot, last = event.type.rpartition(".")
    ends = signal_reading.state(last) == "resolved" or folded(last) in _BEGINNINGS
    kind = stem if dot and ends else event.type
    return signal_texts.key(f"{event.source}|{kind}|{event.subject}")


def _trace(event: Event) -> str | None:
    """The trace of the distributed tracing extension."""
    parent = event.extensions.get("traceparent")
    found = _TRACEPARENT.fullmatch(parent) if isinstance(parent, str) else None
    return None if found is None else found[1]


def _labels(event: Event, data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """What the event says about itself, and the data's own ``labels``, which win."""
    severity, own = _text(data, "severity"), data.get("labels")
    labels: dict[str, JsonValue] = {
        "type": event.type,
        "subject": event.subject,
        "id": event.id,
        "dataschema": event.dataschema,
        **event.extensions,
    }
    if severity is not None and alert_labels.level(severity) != severity:
        labels["native_severity"] = severity
    if isinstance(own, dict):
        labels |= own
    return {name: value for name, value in labels.items() if value is not None}
