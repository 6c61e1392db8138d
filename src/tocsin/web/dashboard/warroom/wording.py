"""Events in sentences that go on from who did it, in people's words, with names for ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin.core.instants import from_text
from tocsin.core.words import Severity, Status
from tocsin.projections.sentences import sentence_of
from tocsin.web.dashboard import words
from tocsin.web.status.words import instant, window

Data = Mapping[str, Any]
NameOf = Callable[[str, str], str | None]
"""The name of a member, contributor or ticket (``member``, its id) for people."""


def said(kind: str, data: Data, name_of: NameOf) -> tuple[str, str | None]:
    """What happened, without who did it, and the words that somebody wrote."""
    tell = TOLD.get(kind.partition(".")[2])
    if tell is None:
        return sentence_of(kind, data), None
    return tell(data, name_of)


def _status(word: str) -> str:
    try:
        return words.status_words(Status(word)).lower()
    except ValueError:
        return word


def _moved(data: Data, name_of: NameOf) -> tuple[str, str | None]:
    text = f"moved it from {_status(data['status_from'])} to {_status(data['status_to'])}"
    if data.get("disposition"):
        text += f" ({data['disposition'].replace('_', ' ')}{_other(data, name_of)})"
    return text, _joined(data.get("reason"), data.get("resolution"))


def _other(data: Data, name_of: NameOf) -> str:
    other = data.get("duplicate_of")
    return "" if other is None else f" of {name_of('ticket', other) or 'another ticket'}"


def _ended(verb: str) -> Callable[[Data, NameOf], tuple[str, str | None]]:
    def tell(data: Data, name_of: NameOf) -> tuple[str, str | None]:
        cause = data.get("root_cause")
        text = verb if cause is None else f"{verb}; root cause: {cause.replace('_', ' ')}"
        return text, _joined(data.get("resolution"), data.get("reason"))

    return tell


def _joined(*texts: str | None) -> str | None:
    return "\n\n".join(text for text in texts if text) or None


def _severity(data: Data, _: NameOf) -> tuple[str, str | None]:
    before, after = Severity(data["severity_from"]), Severity(data["severity_to"])
    change = "raised" if after.rank < before.rank else "lowered"
    meaning = words.severity_words(after).lower()
    text = f"{change} the severity from {before.value} to {after.value} ({meaning})"
    return text, data.get("reason")


def _assigned(data: Data, name_of: NameOf) -> tuple[str, str | None]:
    to = data.get("assignee_to")
    if to is None:
        return "gave it back: nobody has it", None
    return f"assigned it to {name_of(to['kind'], to['id']) or 'somebody who is gone'}", None


def _changed(data: Data, _: NameOf) -> tuple[str, str | None]:
    changes = [*data.get("facts", ()), *data.get("changes", ())]
    parts = []
    for one in changes:
        name = _FIELDS.get(one["field"], one["field"].replace("_", " "))
        old, new = one.get("old"), one.get("new")
        short = all(isinstance(value, str | int | None) for value in (old, new))
        if short and max(len(str(old)), len(str(new))) <= 80 and one["field"] not in _IN_IDS:
            parts.append(f"{name} from {_value(old)} to {_value(new)}")
        else:
            parts.append(name)
    return "changed " + ", ".join(parts), None


_FIELDS: Final = {"devices": "affected devices", "links": "affected links", "end_at": "end"}
_IN_IDS: Final = ("devices", "links", "pubkey", "contributor_id", "primary_signal_id")


def _value(value: object) -> str:
    return "nothing" if value in (None, "") else f"“{value}”"


def _signal(data: Data, _: NameOf) -> tuple[str, str | None]:
    state = "is over" if data.get("state") == "resolved" else "is firing"
    level = f" as {data['severity']}" if data.get("severity") else ""
    return f"said that an alert of {data['source']} {state}{level}", data["summary"]


def _window(data: Data, _: NameOf) -> tuple[str, str | None]:
    moved = window(from_text(data["start_at"]), from_text(data["end_at"]))
    return f"moved the window to {moved}", data.get("reason")


def _extended(data: Data, _: NameOf) -> tuple[str, str | None]:
    return f"gave it time until {instant(from_text(data['end_at']))}", data.get("reason")


def _related(data: Data, name_of: NameOf) -> tuple[str, str | None]:
    relation = data["relation"]
    other = name_of("ticket", relation["ticket_id"]) or "another ticket"
    kind = relation["kind"].replace("_", " ")
    if relation.get("inverse"):
        return f"tied {other} to it ({kind})", None
    return f"tied it to {other} ({kind})", None


def _overlapping(data: Data, name_of: NameOf) -> tuple[str, str | None]:
    overlap = data["overlap"]
    shared = ", ".join(one["code"] for one in overlap["shared"])
    other = name_of("ticket", overlap["ticket_id"]) or "another maintenance"
    return f"found that it overlaps {other} on {shared}", None


def _cleared(data: Data, name_of: NameOf) -> tuple[str, str | None]:
    other = name_of("ticket", data["ticket_id"]) or "another maintenance"
    return f"found that it does not overlap {other} any more", None


def _violation(data: Data, _: NameOf) -> tuple[str, str | None]:
    used = f"{float(data['error_budget_consumed']):.0%} of its error budget used"
    return f"recorded that the objective {data['slo_id']} is broken, {used}", data.get("details")


def _message(data: Data, _: NameOf) -> tuple[str, str | None]:
    if data.get("deleted"):
        return f"noted that {data['author']} took back a message in the chat", None
    return f"passed on what {data['author']} wrote in the chat", data["text"]


def _linked(data: Data, _: NameOf) -> tuple[str, str | None]:
    reference = data["reference"]
    if not isinstance(reference, Mapping):
        return "added an address that was erased", None
    title = reference.get("title") or reference["url"]
    return f"added an address ({reference['kind']}): {title}", None


def _opened(verb: str) -> Callable[[Data, NameOf], tuple[str, str | None]]:
    def tell(data: Data, _: NameOf) -> tuple[str, str | None]:
        return f"{verb} “{data['title']}” as {data['severity']}", None

    return tell


TOLD: Final[Mapping[str, Callable[[Data, NameOf], tuple[str, str | None]]]] = {
    "created": _opened("opened"),
    "planned": _opened("planned"),
    "updated": _changed,
    "status_changed": _moved,
    "started": _moved,
    "completed": _moved,
    "cancelled": _moved,
    "resolved": _ended("resolved it"),
    "closed": lambda data, name_of: (
        _moved(data, name_of) if "status_from" in data else _ended("closed it")(data, name_of)
    ),
    "reopened": lambda data, _: ("reopened it", data.get("reason")),
    "rescheduled": _window,
    "extended": _extended,
    "reminded": lambda data, _: (
        "found the reminder after the start, and told nobody"
        if data.get("late")
        else "reminded everybody: it begins soon",
        None,
    ),
    "overran": lambda data, _: ("noticed that it goes on past its planned end", None),
    "confirmed": lambda data, name_of: (
        f"confirmed it for {name_of('contributor', data['contributor_id']) or 'an owner'}",
        None,
    ),
    "conflict_found": _overlapping,
    "conflict_cleared": _cleared,
    "severity_changed": _severity,
    "assignee_changed": _assigned,
    "tag_added": lambda data, _: (f"put on the label {data['label']}", None),
    "tag_removed": lambda data, _: (f"took off the label {data['label']}", None),
    "signal_ingested": _signal,
    "note_added": lambda data, _: ("wrote", data["body"]),
    "playbook_action_executed": lambda data, _: (
        f"did: {data['label']} ({data['action_kind'].replace('_', ' ').lower()})",
        data.get("details"),
    ),
    "slo_violation_recorded": _violation,
    "linked_to_ticket": _linked,
    "related": _related,
    "public_update_posted": lambda data, _: (
        f"told the public ({data['status'].replace('_', ' ')})",
        data["body"],
    ),
    "public_update_edited": lambda data, _: ("corrected what the public was told", data["body"]),
    "message_recorded": _message,
    "redacted": lambda data, _: (f"erased {', '.join(data['fields'])} of an earlier entry", None),
}
"""By the name of what happened. Who did it stands before."""
