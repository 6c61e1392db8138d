"""Signals as they are told over the API: their shapes, their bounds, and what is answered
(API: signals; Domain: signals).

The bounds are those of a signal that is attached to a ticket, and are checked before anything is
taken in: of an array either all of it is heard, or every field that is wrong is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, field

from tocsin.adapters.rest.ticket_bodies import Body, Instant, Key, Name, Severity, Word
from tocsin.adapters.rest.ticket_commands import optional_utc
from tocsin.core.commands import SignalDraft
from tocsin.core.errors import FieldError, invalid_fields
from tocsin.core.ticket_reading import (
    EARLIEST,
    KEY,
    LABEL,
    LATEST,
    NAME,
    REASON,
    Errors,
    optional_text,
    required_text,
    word,
)
from tocsin.core.ticket_signals import LONGEST_DATA, LONGEST_LABEL_VALUE, MOST_SIGNAL_LABELS
from tocsin.core.words import SignalState, SignalType, parse_severity, parse_word

MOST_AT_ONCE: Final = 1_000
"""Signals of one request."""

LARGEST_BODY: Final = 5 * 1_048_576

_MOST_ERRORS: Final = 50
_EVERY_SEVERITY: Final = 5
_MOST_ESCAPED: Final = 6
"""Characters of JSON that one byte of a body becomes at most, with spaces and escapes."""

Labels = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=KEY)],
        Annotated[str, Meta(max_length=LONGEST_LABEL_VALUE)],
    ],
    Meta(max_length=MOST_SIGNAL_LABELS),
]


class ToldSignal(Body):
    """A signal: what was observed (Domain: signals).

    ``correlation_key`` and ``fingerprint`` are the whole org's. Without a fingerprint it gets one
    from what it is about, so that repeats of it are known.
    """

    source: Annotated[str, Meta(min_length=1, max_length=NAME * 2)]
    summary: Annotated[str, Meta(min_length=1, max_length=REASON)]
    signal_type: Word = "ALERT"
    state: Word = "firing"
    ts: Instant | None = None
    severity: Severity | None = None
    service_name: Name | None = None
    environment: Annotated[str, Meta(max_length=LABEL)] | None = None
    device: Name | None = None
    link: Name | None = None
    contributor: Name | None = None
    correlation_key: Key | None = None
    trace_id: Key | None = None
    fingerprint: Key | None = None
    labels: Labels = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


OneOrMany = ToldSignal | Annotated[list[ToldSignal], Meta(max_length=MOST_AT_ONCE)]


class SignalVerdict(Struct, kw_only=True, frozen=True):
    """What became of a signal.

    ``verdict`` is attached, deduplicated, created, resolved or unattached; ``because`` says why in
    a word that stays the same, ``reason`` in a sentence. ``ticket_id`` and ``ticket_ref`` are null
    where it belongs to no ticket.
    """

    signal_id: str | None
    ticket_id: str | None
    ticket_ref: str | None
    verdict: str
    because: str
    reason: str


class SignalVerdicts(Struct, kw_only=True, frozen=True):
    """What became of each signal, in the order in which they were told."""

    results: list[SignalVerdict]


def drafts_of(told: ToldSignal | Sequence[ToldSignal], *, size: int) -> tuple[SignalDraft, ...]:
    """The signals of a body of *size* bytes.

    Raises:
        Invalid: fields are wrong; of an array each is named by its place, as ``[17].summary``.
    """
    small = size * _MOST_ESCAPED <= LONGEST_DATA
    drafts: list[SignalDraft] = []
    found: list[FieldError] = []
    one_only = isinstance(told, ToldSignal)
    for place, one in enumerate((told,) if isinstance(told, ToldSignal) else told):
        errors: Errors = []
        _check(one, errors, small=small)
        if errors:
            before = "" if one_only else f"[{place}]."
            found += [
                FieldError(before + wrong.field, wrong.code, wrong.detail) for wrong in errors
            ]
            if len(found) >= _MOST_ERRORS:
                break
        elif not found:
            drafts.append(_draft(one))
    if found:
        raise invalid_fields(found[:_MOST_ERRORS])
    return tuple(drafts)


def _draft(one: ToldSignal) -> SignalDraft:
    return SignalDraft(
        source=one.source,
        summary=one.summary,
        signal_type=one.signal_type,
        state=one.state,
        ts=optional_utc(one.ts, field="ts"),
        severity=one.severity,
        service_name=one.service_name,
        environment=one.environment,
        device=one.device,
        link=one.link,
        contributor=one.contributor,
        correlation_key=one.correlation_key,
        trace_id=one.trace_id,
        fingerprint=one.fingerprint,
        labels=one.labels,
        data=one.data,
    )


def _check(one: ToldSignal, errors: Errors, *, small: bool) -> None:
    """Find what is wrong with *one* beyond the types and lengths, which are known to be right."""
    for name, text, longest in _texts(one):
        # Plain text has nothing that could be wrong with it, and nearly all of it is plain.
        if not text.isprintable() or not text or text.isspace():
            required = name in ("source", "summary")
            read = required_text if required else optional_text
            read(text, field=name, longest=longest, errors=errors)
    for name, value in one.labels.items():
        if not name.isprintable() or name.isspace():
            required_text(name, field=f"labels.{name[:LABEL]}", longest=KEY, errors=errors)
        if value and (not value.isprintable() or value.isspace()):
            longest = LONGEST_LABEL_VALUE
            required_text(value, field=f"labels.{name[:LABEL]}", longest=longest, errors=errors)
    if one.signal_type != "ALERT":
        word(lambda: parse_word(SignalType, one.signal_type, field="signal_type"), errors)
    if one.state not in ("firing", "resolved"):
        word(lambda: parse_word(SignalState, one.state, field="state"), errors)
    if one.severity is not None and not _is_severity(one.severity):
        level = one.severity
        word(lambda: parse_severity(level, levels=_EVERY_SEVERITY), errors)
    if one.ts is not None and not EARLIEST <= one.ts < LATEST:
        errors.append(FieldError("ts", "out_of_range", "must lie in the years 2000 to 2199"))
    if one.data and not small:
        _check_data(one.data, errors)


def _texts(one: ToldSignal) -> Iterator[tuple[str, str, int]]:
    yield "source", one.source, NAME * 2
    yield "summary", one.summary, REASON
    for name, text, longest in (
        ("service_name", one.service_name, NAME),
        ("environment", one.environment, LABEL),
        ("device", one.device, NAME),
        ("link", one.link, NAME),
        ("contributor", one.contributor, NAME),
        ("correlation_key", one.correlation_key, KEY),
        ("trace_id", one.trace_id, KEY),
        ("fingerprint", one.fingerprint, KEY),
    ):
        if text is not None:
            yield name, text, longest


@lru_cache(maxsize=1_024)
def _is_severity(text: str) -> bool:
    errors: Errors = []
    word(lambda: parse_severity(text, levels=_EVERY_SEVERITY), errors)
    return not errors


def _check_data(data: Mapping[str, Any], errors: Errors) -> None:
    try:
        size = len(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        errors.append(FieldError("data", "not_json", "not JSON"))
        return
    if size > LONGEST_DATA:
        detail = f"{size:,} characters of JSON; at most {LONGEST_DATA:,}"
        errors.append(FieldError("data", "too_long", detail))
