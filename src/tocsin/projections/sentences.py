"""An event in a sentence, for people who read a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin.projections.asset_sentences import SORTS as ASSETS
from tocsin.projections.asset_sentences import told_of
from tocsin.projections.changed_fields import changed_fields

Data = Mapping[str, Any]

LONGEST: Final = 500
"""Characters; the whole text is in the event's data."""


def sentence_of(kind: str, data: Data) -> str:
    """What happened, in a sentence; the kind itself for one that this code does not know."""
    sort, _, what = kind.partition(".")
    if sort in ASSETS:
        return _bounded(_asset_sentence(kind, data))
    tell = SENTENCES.get(what)
    return _bounded(kind if tell is None else tell(data))


def record_sentence(kind: str, data: Data) -> str:
    """What was done with a record, in a sentence; the kind itself where this code does not know
    it."""
    sort, _, what = kind.partition(".")
    if sort in ASSETS:
        return _bounded(_asset_sentence(kind, data))
    if "changes" in data:
        return _bounded(changed_fields(data["changes"]))
    return _bounded(_RECORD_SENTENCES.get(what, kind))


def _asset_sentence(kind: str, data: Data) -> str:
    told = told_of(kind, data)
    return kind if told is None else told.whole


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _moved(data: Data) -> str:
    moved = f"{data['status_from']} → {data['status_to']}"
    return _because(moved, data.get("reason") or data.get("resolution"))


def _because(text: str, reason: str | None) -> str:
    return text if not reason else f"{text}: {reason}"


def _changed(data: Data) -> str:
    changes = [*data.get("facts", ()), *data.get("changes", ())]
    return "changed " + ", ".join(one["field"].replace("_", " ") for one in changes)


def _assigned(data: Data) -> str:
    return "assigned" if data.get("assignee_to") else "given back: nobody has it"


def _signal(data: Data) -> str:
    return f"{data['source']} ({data.get('state', 'firing')}): {data['summary']}"


def _violation(data: Data) -> str:
    budget = float(data["error_budget_consumed"])
    return f"objective {data['slo_id']} broken, {budget:.0%} of its error budget used"


def _window(data: Data) -> str:
    return _because(f"now from {data['start_at']} to {data['end_at']}", data.get("reason"))


def _overlap(data: Data) -> str:
    shared = ", ".join(one["code"] for one in data["overlap"]["shared"])
    return f"overlaps another maintenance on {shared}"


def _said_in_a_chat(data: Data) -> str:
    if data.get("deleted"):
        return f"{data['author']} took back a message in a chat"
    return f"{data['author']}, in a chat: {data['text']}"


SENTENCES: Final[Mapping[str, Callable[[Data], str]]] = {
    "created": lambda data: f"opened: {data['title']}",
    "planned": lambda data: f"planned: {data['title']}",
    "updated": _changed,
    "status_changed": _moved,
    "started": _moved,
    "completed": _moved,
    "extended": lambda data: _because(f"extended to {data['end_at']}", data.get("reason")),
    "cancelled": _moved,
    "closed": lambda data: _because("closed", data.get("resolution") or data.get("reason")),
    "resolved": lambda data: _because("resolved", data.get("resolution")),
    "reopened": lambda data: _because("reopened", data.get("reason")),
    "rescheduled": _window,
    "reminded": lambda data: (
        "the reminder was found after the start" if data.get("late") else "begins soon"
    ),
    "overran": lambda data: "still in progress past its planned end",
    "confirmed": lambda data: "confirmed by an owner of what it touches",
    "conflict_found": _overlap,
    "conflict_cleared": lambda data: "overlaps another maintenance no more",
    "severity_changed": lambda data: _because(
        f"{data['severity_from']} → {data['severity_to']}", data.get("reason")
    ),
    "assignee_changed": _assigned,
    "tag_added": lambda data: f"label {data['label']} put on",
    "tag_removed": lambda data: f"label {data['label']} taken off",
    "signal_ingested": _signal,
    "note_added": lambda data: str(data["body"]),
    "playbook_action_executed": lambda data: _because(data["label"], data.get("details")),
    "slo_violation_recorded": _violation,
    "linked_to_ticket": lambda data: f"{data['reference']['kind']}: {data['reference']['url']}",
    "related": lambda data: f"tied to another ticket: {data['relation']['kind']}",
    "public_update_posted": lambda data: f"said to the public ({data['status']}): {data['body']}",
    "public_update_edited": lambda data: f"corrected for the public: {data['body']}",
    "message_recorded": _said_in_a_chat,
    "redacted": lambda data: f"erased {', '.join(data['fields'])} of an earlier event",
}
"""By the name of what happened, whichever the type of ticket."""

_RECORD_SENTENCES: Final[Mapping[str, str]] = {
    "created": "made",
    "registered": "registered",
    "removed": "removed",
    "revoked": "revoked",
    "redacted": "personal data of an earlier event erased",
    "link_code_issued": "a code was given out that ties a Slack user to the member",
    "slack_linked": "tied to a Slack user",
}
