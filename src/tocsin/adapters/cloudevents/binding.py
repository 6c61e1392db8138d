"""The HTTP binding of CloudEvents 1.0: batched, structured and binary requests; the handshake.

Pure: a request is its headers and its body (Integrations: CloudEvents 1.0 over HTTP).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_to_bytes

import msgspec

from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Unreadable
from tocsin.core.signal_reading import DEEPEST, instant, too_deep
from tocsin.core.signal_texts import MOST_SIGNALS

MOST_BYTES = 5 * 1_048_576
"""Of a request's body."""

LONGEST_ATTRIBUTE = 4_096
MOST_ATTRIBUTES = 100
SPECIFICATION = "1.0"
_BATCH = "application/cloudevents-batch"
_STRUCTURED = "application/cloudevents"
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_JSON = re.compile(r"(application|text)/json|[^;]+\+json")
_OWN = frozenset(
    {
        *("specversion", "id", "source", "type", "subject", "time"),
        *("datacontenttype", "dataschema", "data", "data_base64"),
    }
)

Headers = Sequence[tuple[str, str]]
"""Names and values as they came, Latin-1 decoded."""


class UnknownFormat(Exception):
    """A content type that names a format of events other than JSON: 415."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type)
        self.content_type = content_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; ``data`` is its JSON, text, or None where there is none that could be read as
    either. ``extensions`` are its further attributes."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    data: JsonValue = None
    extensions: Mapping[str, JsonValue] = field(default_factory=dict)

    def document(self) -> dict[str, JsonValue]:
        """The event as structured JSON, for a mapping to read: its time as RFC 3339 text."""
        written: dict[str, JsonValue] = {
            **self.extensions,
            "specversion": SPECIFICATION,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": None if self.time is None else self.time.isoformat(),
            "datacontenttype": self.datacontenttype,
            "dataschema": self.dataschema,
            "data": self.data,
        }
        return {name: value for name, value in written.items() if value is not None}


def events(body: bytes, headers: Headers) -> tuple[Event, ...]:
    """The events of a request, in their order; an empty batch has none.

    Raises:
        UnknownFormat: its content type names a format that is not JSON.
        Unreadable: no event, an attribute that is missing or wrong, another version of the
            specification, or larger than 5 MiB, 64 levels or 1,000 events.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(f"{len(body):,} bytes; at most {MOST_BYTES:,}")
    given = {name.lower(): value for name, value in headers}
    content_type = given.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith(_BATCH):  # first: the structured mode's name begins it
        _check_format(media_type, mode=_BATCH)
        return _batched(_json(body))
    if media_type.startswith(_STRUCTURED):
        _check_format(media_type, mode=_STRUCTURED)
        return (_structured(_json(body), where="the event"),)
    if "ce-specversion" not in given:
        raise Unreadable("is no CloudEvent: neither its content type nor a ce-specversion says so")
    return (_binary(body, given, content_type=content_type, media_type=media_type),)


def _check_format(media_type: str, *, mode: str) -> None:
    if media_type.removeprefix(mode) not in {"", "+json"}:
        raise UnknownFormat(media_type[:200])


def _json(body: bytes) -> JsonValue:
    try:
        read: JsonValue = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Unreadable("is not JSON") from wrong
    except RecursionError as deep:
        raise Unreadable("is nested too deeply") from deep
    if too_deep(read):
        raise Unreadable(f"is nested deeper than {DEEPEST} levels")
    return read


def _batched(document: JsonValue) -> tuple[Event, ...]:
    if not isinstance(document, list):
        raise Unreadable("a batch is a list of events")
    if len(document) > MOST_SIGNALS:
        raise Unreadable(f"{len(document):,} events; at most {MOST_SIGNALS:,}")
    return tuple(
        _structured(one, where=f"event {number}") for number, one in enumerate(document, start=1)
    )


def _structured(document: JsonValue, *, where: str) -> Event:
    if not isinstance(document, dict):
        raise Unreadable(f"{where} is not an object")
    data = document.get("data")
    encoded = document.get("data_base64")
    kind = document.get("datacontenttype")
    if encoded is not None:
        if data is not None or not isinstance(encoded, str):
            raise Unreadable(f"{where} has data_base64 beside data, or not as text")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise Unreadable(f"{where} has a data_base64 that is not base64") from wrong
        data = _data(raw, kind if isinstance(kind, str) else "", where=where)
    return _event(document, data=data, where=where)


def _binary(body: bytes, given: Mapping[str, str], *, content_type: str, media_type: str) -> Event:
    attributes: dict[str, JsonValue] = {
        name.removeprefix("ce-"): _decoded(value, name=name)
        for name, value in given.items()
        if name.startswith("ce-")
    }
    if content_type:
        attributes["datacontenttype"] = content_type
    return _event(attributes, data=_data(body, media_type, where="the event"), where="the event")


_ESCAPED = re.compile(r"\\(.)")


def _decoded(value: str, *, name: str) -> str:
    """A header's value: unquoted where it is a quoted string, then percent-decoded, once."""
    text = value.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeError as wrong:
        raise Unreadable(f"the header {name[:80]} is not percent-encoded UTF-8") from wrong


def _data(raw: bytes, content_type: str, *, where: str) -> JsonValue:
    """*raw* as its content type has it: JSON (also where none is named), text, or None."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not raw:
        return None
    if not media_type or _JSON.fullmatch(media_type) is not None:
        try:
            return _json(raw)
        except Unreadable as wrong:
            raise Unreadable(f"the data of {where} {wrong.reason}") from wrong
    if media_type.startswith("text/"):
        return raw.decode(errors="replace")
    return None


def _event(attributes: Mapping[str, JsonValue], *, data: JsonValue, where: str) -> Event:
    if len(attributes) > MOST_ATTRIBUTES:
        raise Unreadable(f"{where} has more than {MOST_ATTRIBUTES} attributes")
    version = attributes.get("specversion")
    if version != SPECIFICATION:
        known = f"only {SPECIFICATION} is known"
        raise Unreadable(f"{where} is of another version of CloudEvents; {known}")
    time = attributes.get("time")
    return Event(
        id=_required(attributes, "id", where=where),
        source=_required(attributes, "source", where=where),
        type=_required(attributes, "type", where=where),
        subject=_optional(attributes, "subject", where=where),
        time=instant(time) if isinstance(time, str) else None,
        datacontenttype=_optional(attributes, "datacontenttype", where=where),
        dataschema=_optional(attributes, "dataschema", where=where),
        data=data,
        extensions={
            name: value
            for name, value in attributes.items()
            if name not in _OWN
            and _ATTRIBUTE.fullmatch(name) is not None
            and isinstance(value, (str, int, bool))
        },
    )


def _required(attributes: Mapping[str, JsonValue], name: str, *, where: str) -> str:
    text = _optional(attributes, name, where=where)
    if text is None:
        raise Unreadable(f"{where} has no {name}")
    return text


def _optional(attributes: Mapping[str, JsonValue], name: str, *, where: str) -> str | None:
    value = attributes.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Unreadable(f"the {name} of {where} is not a text")
    if len(value) > LONGEST_ATTRIBUTE:
        raise Unreadable(f"the {name} of {where} is longer than {LONGEST_ATTRIBUTE:,} characters")
    return value


_ORIGIN = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?")


def handshake(headers: Headers, *, requests_a_minute: int) -> dict[str, str] | None:
    """The headers that answer ``OPTIONS``: the origin that asks is allowed at the rate of
    *requests_a_minute*; None where it names no origin, which is then allowed nothing."""
    given = {name.lower(): value for name, value in headers}
    origin = given.get("webhook-request-origin", "").strip()
    if _ORIGIN.fullmatch(origin) is None:
        return None
    asked = given.get("webhook-request-rate", "").strip()
    allowed = requests_a_minute
    if re.fullmatch(r"[0-9]{1,9}", asked) is not None and int(asked) > 0:
        allowed = min(int(asked), requests_a_minute)
    return {
        "Allow": "POST",
        "WebHook-Allowed-Origin": origin,
        "WebHook-Allowed-Rate": str(allowed),
    }
