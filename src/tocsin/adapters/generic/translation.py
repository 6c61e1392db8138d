"""What a payload says when a mapping reads it, and what it would say (the preview).

An expression that finds nothing leaves its field out. One that fails, or finds something that the
field cannot be, leaves it out too where the signal is the same without it; where a signal would be
another one (its list, summary, state or keys), the payload is unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tocsin.adapters.generic.expressions import Evaluation, Expression, Failed, TooMuchWork
from tocsin.adapters.generic.mapping import SINGLE, SignalMapping
from tocsin.core import alert_labels, signal_reading, signal_texts
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.ticket_reading import KEY, LABEL, NAME, REASON
from tocsin.core.words import SignalType, UnknownWord, parse_word

MOST_BYTES = 5 * 1_048_576
"""Of a payload."""

DECISIVE = frozenset({"summary", "state", "correlation_key", "fingerprint"})
"""Fields without which a signal would be another one."""

_NAMES = {
    "service_name": NAME,
    "environment": LABEL,
    "device": NAME,
    "link": NAME,
    "contributor": NAME,
    "trace_id": KEY,
}
"""Fields that are names, with their most characters: a name is not cut, it would be another."""

_NEVER_FALSE = frozenset(SINGLE) - {"state"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A field of the mapping that was left out of the signal at *item*, and why."""

    item: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What one stored payload would say: its reading, or the reason why it has none."""

    reading: Reading | None
    unreadable: str | None
    complaints: tuple[Complaint, ...]


def read(body: bytes, *, mapping: SignalMapping, source: str) -> Reading:
    """The signals that *mapping* finds in *body*; *source* is theirs where it finds none.

    Raises:
        Unreadable: no JSON, larger than 5 MiB, deeper than 64 levels, more than 1,000 signals, more
            work than a payload may ask for, or a field that decides about the signal fails.
    """
    return Reading(drafts(document(body), mapping=mapping, source=source))


def document(body: bytes) -> JsonValue:
    """The JSON that *body* is. Raises as :func:`read` does."""
    if len(body) > MOST_BYTES:
        raise Unreadable(f"{len(body):,} bytes; at most {MOST_BYTES:,}")
    try:
        read_json: JsonValue = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Unreadable("is not JSON") from wrong
    except RecursionError as deep:
        raise Unreadable("is nested too deeply") from deep
    if signal_reading.too_deep(read_json):
        raise Unreadable(f"is nested deeper than {signal_reading.DEEPEST} levels")
    return read_json


def drafts(whole: JsonValue, *, mapping: SignalMapping, source: str) -> tuple[SignalDraft, ...]:
    """The signals that *mapping* finds in the JSON *whole*. Raises as :func:`read` does."""
    return _drafts(whole, mapping=mapping, source=source, complaints=[])


def preview(
    bodies: Sequence[bytes], *, mapping: SignalMapping, source: str
) -> tuple[Previewed, ...]:
    """What each of *bodies* would say, in their order, and what *mapping* misses in it."""
    return tuple(_previewed(body, mapping=mapping, source=source) for body in bodies)


def _previewed(body: bytes, *, mapping: SignalMapping, source: str) -> Previewed:
    complaints: list[Complaint] = []
    try:
        said = _drafts(document(body), mapping=mapping, source=source, complaints=complaints)
    except Unreadable as unreadable:
        return Previewed(reading=None, unreadable=unreadable.reason, complaints=tuple(complaints))
    return Previewed(reading=Reading(said), unreadable=None, complaints=tuple(complaints))


def _drafts(
    whole: JsonValue, *, mapping: SignalMapping, source: str, complaints: list[Complaint]
) -> tuple[SignalDraft, ...]:
    evaluation = Evaluation()
    try:
        return tuple(
            _Item(number, item, evaluation, complaints).draft(mapping, source)
            for number, item in enumerate(_items(whole, mapping=mapping, evaluation=evaluation))
        )
    except TooMuchWork as work:
        raise Unreadable("the mapping asks for too much work on this payload") from work


def _items(
    whole: JsonValue, *, mapping: SignalMapping, evaluation: Evaluation
) -> Sequence[JsonValue]:
    if mapping.items is None:
        return (whole,)
    try:
        found = evaluation.find_list(mapping.items, whole)
    except Failed as failed:
        raise Unreadable(f"mapping.items {failed.reason}") from failed
    if found is None:
        raise Unreadable("mapping.items finds no list")
    if len(found) > signal_texts.MOST_SIGNALS:
        raise Unreadable(f"{len(found):,} signals; at most {signal_texts.MOST_SIGNALS:,}")
    return found


class _Item:
    """One signal's part of a payload, and what the mapping misses in it."""

    __slots__ = ("_complaints", "_document", "_evaluation", "_number")

    def __init__(
        self,
        number: int,
        document: JsonValue,
        evaluation: Evaluation,
        complaints: list[Complaint],
    ) -> None:
        self._number = number
        self._document = document
        self._evaluation = evaluation
        self._complaints = complaints

    def draft(self, mapping: SignalMapping, source: str) -> SignalDraft:
        values = {field: self._find(field, asked) for field, asked in mapping.single.items()}
        texts = {field: self._text(field, value) for field, value in values.items()}
        summary = signal_texts.text(texts.get("summary"), longest=REASON)
        if summary is None:
            raise Unreadable(f"mapping.summary finds no text in item {self._number}")
        labels, aside = self._labels(mapping), self._set_aside(texts)
        word, truth = texts.get("severity"), values.get("state")
        severity = alert_labels.level(word)
        if word is not None and word.strip() and severity != word:
            aside["native_severity"] = word
        return SignalDraft(
            source=_source(texts.get("source")) or _source(source) or "generic",
            summary=summary,
            signal_type=self._signal_type(texts.get("signal_type")),
            state=signal_reading.state(truth if isinstance(truth, bool) else texts.get("state")),
            ts=self._instant(values.get("ts")),
            severity=severity,
            service_name=_name(texts, "service_name"),
            environment=_name(texts, "environment"),
            device=_name(texts, "device"),
            link=_name(texts, "link"),
            contributor=_name(texts, "contributor"),
            correlation_key=signal_texts.key(texts.get("correlation_key")),
            trace_id=_name(texts, "trace_id"),
            fingerprint=signal_texts.key(texts.get("fingerprint")),
            labels=signal_texts.labels({**aside, **labels}),
            data=signal_texts.data(self._data(mapping)),
        )

    def _find(self, field: str, asked: Expression) -> JsonValue:
        try:
            found = self._evaluation.find(asked, self._document)
        except Failed as failed:
            if field in DECISIVE:
                reason = f"mapping.{field} {failed.reason}, in item {self._number}"
                raise Unreadable(reason) from failed
            self._complain(field, failed.reason)
            return None
        # What "a && b" finds where there is no a; only a state and what is kept as it is may be so.
        return None if found is False and field in _NEVER_FALSE else found

    def _text(self, field: str, value: JsonValue) -> str | None:
        text = _plain(value)
        if text is None and value is not None:
            if field in DECISIVE:
                reason = f"mapping.{field} finds {_kind(value)}, not a text, in item {self._number}"
                raise Unreadable(reason)
            self._complain(field, f"finds {_kind(value)}, not a text")
        return text

    def _set_aside(self, texts: Mapping[str, str | None]) -> dict[str, str]:
        """Names that are no names of ours, kept as labels instead of being cut to other names."""
        kept: dict[str, str] = {}
        for field in _NAMES:
            text = texts.get(field)
            if text is not None and text.strip() and _name(texts, field) is None:
                self._complain(field, "finds a text that is too long for a name")
                kept[field] = text
        return kept

    def _signal_type(self, text: str | None) -> str:
        if text is None:
            return SignalType.ALERT.value
        try:
            return parse_word(SignalType, text, field="signal_type").value
        except UnknownWord:
            self._complain("signal_type", "finds a word that is no signal type")
            return SignalType.ALERT.value

    def _instant(self, value: JsonValue) -> datetime | None:
        read_instant = signal_reading.instant(value)
        if read_instant is None and value is not None and value != "":
            self._complain("ts", "finds no instant of the years 2000 to 2199")
        return read_instant

    def _labels(self, mapping: SignalMapping) -> dict[str, JsonValue]:
        found = self._object("labels", mapping.labels) | {
            name: self._find(f"labels.{name}", asked) for name, asked in mapping.label.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _data(self, mapping: SignalMapping) -> dict[str, JsonValue]:
        found = self._object("data", mapping.data) | {
            name: self._find(f"data.{name}", asked) for name, asked in mapping.datum.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _object(self, field: str, asked: Expression | None) -> dict[str, JsonValue]:
        match None if asked is None else self._find(field, asked):
            case None:
                return {}
            case dict() as entries:
                return entries
            case list() as pairs if field == "labels":
                return dict(pair for one in pairs if (pair := _pair(one)) is not None)
            case other:
                self._complain(field, f"finds {_kind(other)}, not an object")
                return {}

    def _complain(self, field: str, reason: str) -> None:
        self._complaints.append(Complaint(item=self._number, field=field, reason=reason))


def _plain(value: JsonValue) -> str | None:
    """*value* as text where it is text, a number or a truth."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, int, float)) else None


def _name(texts: Mapping[str, str | None], field: str) -> str | None:
    return signal_texts.name(texts.get(field), longest=_NAMES[field])


def _source(text: str | None) -> str | None:
    """Where a signal comes from, on one line."""
    return signal_texts.text(None if text is None else " ".join(text.split()), longest=2 * NAME)


def _pair(one: JsonValue) -> tuple[str, JsonValue] | None:
    """A label as lists of labels are written: ``"name:value"``, ``[name, value]``, or an object
    with a value and a name, key or tag."""
    match one:
        case str():
            label, _, value = one.partition(":")
            return label, value
        case [str() as label, value]:
            return label, value
        case (
            {"name": str() as label, "value": value}
            | {"key": str() as label, "value": value}
            | {"tag": str() as label, "value": value}
        ):
            return label, value
        case _:
            return None


def _kind(value: JsonValue) -> str:
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case str():
            return "a text"
        case bool():
            return "true or false"
        case _:
            return "a number"
