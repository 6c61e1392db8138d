"""What clients of Opsgenie's Alert API say (Integrations: Opsgenie). Pure.

An alert is a signal under its alias; everything else is a word about what that opened, by an
*identifier*: the alias, into which the receiver turns an id or a tiny id. Whatever is created after
a close is a new incident, however soon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.core import alert_labels, signal_texts
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import (
    Acknowledged,
    Amended,
    Ended,
    Noted,
    Reading,
    Said,
    Unreadable,
)
from tocsin.core.instants import to_text
from tocsin.core.signal_texts import text
from tocsin.core.ticket_reading import (
    LABEL,
    MOST_LABELS,
    NAME,
    NEEDS_AFFECTED,
    REASON,
    TEXT,
    TITLE,
)
from tocsin.core.words import Severity, SignalState

SOURCE: Final = "opsgenie"

PRIORITIES: Final[Mapping[str, str]] = {
    "P1": alert_labels.CRITICAL,
    "P2": alert_labels.ERROR,
    "P3": alert_labels.WARNING,
    "P4": alert_labels.INFO,
    "P5": Severity.SEV5.value,
}
"""P1 to P5 are sev1 to sev5, as words where there is one (see :mod:`tocsin.core.alert_labels`)."""

PRIORITY_OTHERWISE: Final = "P3"

_MOST_LISTED = 200

Json = Mapping[str, Any]


def alias(body: bytes) -> str | None:
    """The alias that a client gave its alert, as it wrote it; None for one of our making.

    Raises:
        Unreadable: no JSON object.
    """
    given = _body(body).get("alias")
    if isinstance(given, str):
        return given if given.strip() else None
    return text(given, longest=REASON)


def create(body: bytes, *, fresh_alias: str) -> Reading:
    """A new alert: its signal, then what is meant for the ticket that it opens.

    The words after the signal (labels of the tags and of the responders' teams, an assignee, a
    description, a note) are for a ticket that the signal opened, and not for one that it joined: a
    repeated alert must not undo what people changed. *fresh_alias* is for an alert that brings
    none.

    Raises:
        Unreadable: no JSON object, or no message.
    """
    alert = _body(body)
    message = text(alert.get("message"), longest=REASON)
    if message is None:
        raise _missing("message", "Message can not be empty.")
    key = _key(alias(body) or fresh_alias)
    said: list[Said] = [_signal(alert, key=key, message=message)]
    responders = [*_objects(alert.get("responders")), *_objects(alert.get("teams"))]
    amended = Amended(
        key=key,
        description=text(alert.get("description"), longest=TEXT),
        add_labels=_labels([*_texts(alert.get("tags")), *_responder_labels(responders)]),
        assignee=_assignee(responders),
    )
    if amended != Amended(key=key):
        said.append(amended)
    note = text(alert.get("note"), longest=TEXT)
    if note is not None:
        said.append(Noted(key=key, text=note, by=_by(alert)))
    return Reading(tuple(said), reopens=False)


def _signal(alert: Json, *, key: str, message: str) -> SignalDraft:
    details = {
        name: value
        for name, given in _object(alert.get("details")).items()
        if (value := text(given, longest=REASON)) is not None
    }
    entity = text(alert.get("entity"), longest=REASON)
    return SignalDraft(
        source=text(alert.get("source"), longest=2 * NAME) or SOURCE,
        summary=message,
        state=SignalState.FIRING.value,
        severity=PRIORITIES[_priority(alert) or PRIORITY_OTHERWISE],
        service_name=alert_labels.service(details)
        or signal_texts.name(alert.get("entity"), longest=NAME),
        environment=alert_labels.environment(details),
        trace_id=alert_labels.trace_id(details),
        correlation_key=key,
        fingerprint=key,
        labels=signal_texts.labels({**details, **({} if entity is None else {"entity": entity})}),
        data=signal_texts.data(
            {
                "priority": alert.get("priority"),
                "user": alert.get("user"),
                "tags": alert.get("tags"),
                "responders": alert.get("responders"),
                "visibleTo": alert.get("visibleTo"),
                "actions": alert.get("actions"),
                "details": alert.get("details"),
                "description": alert.get("description"),
            }
        ),
    )


def close(identifier: str, body: bytes) -> Reading:
    """It is over.

    Raises:
        Unreadable: a body that is there and no JSON object, or a blank identifier.
    """
    asked = _body(body)
    return _reading(Ended(key=_key(identifier), by=_by(asked), note=_note(asked)))


def acknowledge(identifier: str, body: bytes) -> Reading:
    """Somebody has taken it on.

    Raises:
        Unreadable: as for :func:`close`.
    """
    asked = _body(body)
    return _reading(Acknowledged(key=_key(identifier), by=_by(asked), note=_note(asked)))


def unacknowledge(identifier: str, body: bytes) -> Reading:
    """Nobody has, after all: a note, as no ticket goes back to being open.

    Raises:
        Unreadable: as for :func:`close`.
    """
    return _noted(identifier, _body(body), "Not acknowledged any more, says Opsgenie's client.")


def note(identifier: str, body: bytes) -> Reading:
    """A note.

    Raises:
        Unreadable: as for :func:`close`, or no note.
    """
    asked = _body(body)
    words = _note(asked)
    if words is None:
        raise _missing("note", "Note can not be empty.")
    return _reading(Noted(key=_key(identifier), text=words, by=_by(asked)))


def message(identifier: str, body: bytes) -> Reading:
    """Another title.

    Raises:
        Unreadable: as for :func:`close`, or no message.
    """
    asked = _body(body)
    title = text(asked.get("message"), longest=TITLE)
    if title is None:
        raise _missing("message", "Message can not be empty.")
    return _amended(Amended(key=_key(identifier), title=title), asked)


def description(identifier: str, body: bytes) -> Reading:
    """Another description.

    Raises:
        Unreadable: as for :func:`close`, or no description.
    """
    asked = _body(body)
    words = text(asked.get("description"), longest=TEXT)
    if words is None:
        raise _missing("description", "Description can not be empty.")
    return _amended(Amended(key=_key(identifier), description=words), asked)


def priority(identifier: str, body: bytes) -> Reading:
    """Another severity.

    Raises:
        Unreadable: as for :func:`close`, or no priority of P1 to P5.
    """
    asked = _body(body)
    wanted = _priority(asked)
    if wanted is None:
        raise _missing("priority", f"Priority should be one of [{', '.join(PRIORITIES)}].")
    return _amended(Amended(key=_key(identifier), severity=PRIORITIES[wanted]), asked)


def tags(identifier: str, body: bytes) -> Reading:
    """More labels.

    Raises:
        Unreadable: as for :func:`close`, or no tags.
    """
    asked = _body(body)
    labels = _labels(_texts(asked.get("tags")))
    if not labels:
        raise _missing("tags", "Tags can not be empty.")
    return _amended(Amended(key=_key(identifier), add_labels=labels), asked)


def untag(identifier: str, tags: str, *, by: str | None = None, note: str | None = None) -> Reading:
    """Fewer labels; *tags* has commas between them, as the query has.

    Raises:
        Unreadable: a blank identifier, or no tags.
    """
    labels = _labels(tags.split(","))
    if not labels:
        raise _missing("tags", "Tags can not be empty.")
    return _amended(Amended(key=_key(identifier), remove_labels=labels), {"user": by, "note": note})


def assign(identifier: str, body: bytes) -> Reading:
    """Another assignee: the owner's user name, else its id.

    Raises:
        Unreadable: as for :func:`close`, or no owner.
    """
    asked = _body(body)
    owner = _name(_object(asked.get("owner")), "username", "id", "name")
    if owner is None:
        raise _missing("owner", "Owner can not be empty.")
    return _amended(Amended(key=_key(identifier), assignee=owner), asked)


def snooze(identifier: str, body: bytes) -> Reading:
    """It may wait: a note, as nothing here stops being shown.

    Raises:
        Unreadable: as for :func:`close`.
    """
    asked = _body(body)
    until = signal_texts.instant(asked.get("endTime"))
    words = "Snoozed" if until is None else f"Snoozed until {to_text(until)}"
    return _noted(identifier, asked, f"{words} by Opsgenie's client.")


def otherwise(identifier: str, body: bytes, *, request: str) -> Reading:
    """What is accepted and only noted: *request* is its name (``escalate``, ``responders``).

    Raises:
        Unreadable: as for :func:`close`.
    """
    named = signal_texts.cut(request, longest=LABEL)
    return _noted(identifier, _body(body), f"Opsgenie's client asked for: {named}.")


def _body(body: bytes) -> Json:
    """The object that *body* is; no body at all is an object without members."""
    if not body.strip():
        return {}
    try:
        read = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise Unreadable("Not JSON.", errors=("The body is not JSON.",)) from None
    if not isinstance(read, dict):
        raise Unreadable("Not a JSON object.", errors=("The body is not a JSON object.",))
    return read


def _missing(field: str, complaint: str) -> Unreadable:
    return Unreadable(f"Without what Opsgenie needs: {field}.", errors=(f"{field}: {complaint}",))


def _key(identifier: str) -> str:
    key = signal_texts.key(identifier)
    if key is None:
        raise _missing("identifier", "Identifier can not be empty.")
    return key


def _reading(*said: Said) -> Reading:
    return Reading(said, reopens=False)


def _amended(amended: Amended, asked: Json) -> Reading:
    words = _note(asked)
    if words is None:
        return _reading(amended)
    return _reading(amended, Noted(key=amended.key, text=words, by=_by(asked)))


def _noted(identifier: str, asked: Json, words: str) -> Reading:
    more = _note(asked)
    said = words if more is None else f"{words}\n{more}"
    return _reading(
        Noted(key=_key(identifier), text=signal_texts.cut(said, longest=TEXT), by=_by(asked))
    )


def _note(asked: Json) -> str | None:
    return text(asked.get("note"), longest=TEXT)


def _by(asked: Json) -> str | None:
    return text(asked.get("user"), longest=NAME) or text(asked.get("source"), longest=NAME)


def _priority(asked: Json) -> str | None:
    given = text(asked.get("priority"), longest=LABEL)
    return given.upper() if given is not None and given.upper() in PRIORITIES else None


def _responder_labels(responders: Sequence[Json]) -> list[str]:
    """``team:x`` for a team, ``schedule:x`` and ``escalation:x`` for those; users have none."""
    named = ((_sort(responder), _name(responder, "name", "id")) for responder in responders)
    return [
        f"{sort}:{name}"
        for sort, name in named
        if name is not None and sort in ("team", "schedule", "escalation")
    ]


def _assignee(responders: Sequence[Json]) -> str | None:
    """The first user among *responders*."""
    users = (
        _name(responder, "username", "name", "id")
        for responder in responders
        if _sort(responder) == "user"
    )
    return next((name for name in users if name is not None), None)


def _sort(responder: Json) -> object:
    """What a responder is; Opsgenie's own client does not always say."""
    return responder.get("type") or ("user" if "username" in responder else "team")


def _name(owner: Json, *fields: str) -> str | None:
    found = (signal_texts.name(owner.get(field), longest=NAME) for field in fields)
    return next((name for name in found if name is not None), None)


def _labels(texts: Sequence[str]) -> tuple[str, ...]:
    """What a ticket can take of *texts* as its labels, in their order, each once."""
    cut = (signal_texts.key(label.strip(), longest=LABEL) for label in texts)
    # The system's own label is not for others to put on or take off.
    wanted = (label for label in cut if label is not None and label != NEEDS_AFFECTED)
    return tuple(dict.fromkeys(wanted))[:MOST_LABELS]


def _texts(value: object) -> list[str]:
    return [
        read
        for given in (value[:_MOST_LISTED] if isinstance(value, list) else ())
        if (read := text(given, longest=REASON)) is not None
    ]


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    given = value[:_MOST_LISTED] if isinstance(value, list) else []
    return [one for one in given if isinstance(one, dict)]
