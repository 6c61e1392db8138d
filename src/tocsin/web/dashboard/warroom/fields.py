"""What the forms of the war room ask, and the requests that they become.

The fields of a form are named after it (``resolve.reason``), so that all forms can stand on one
page; behind the dot is the API's own name. Whether what was typed is right is the API's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.core.ticket_reading import KEY, LABEL, NAME, REASON, TEXT, TITLE, URL
from tocsin.web.dashboard.forms import Field, Kind
from tocsin.web.dashboard.warroom.choices import Verb

IMPACT: Final = "publish.impact:"
"""The beginning of the names of fields that say how the public is shown a service."""

WAS: Final = "was:"
"""The beginning of the names of hidden fields that say what a field held when it was shown."""


def _of(verb: Verb, name: str, label: str, kind: Kind = Kind.TEXT, **more: Any) -> Field:
    return Field(name=f"{verb.value}.{name}", label=label, kind=kind, **more)


def _reason(verb: Verb, label: str = "Why", **more: Any) -> Field:
    return _of(verb, "reason", label, Kind.WORDS, longest=REASON, rows=2, **more)


_FORCE: Final = {
    verb: _of(
        verb,
        "force.reason",
        "Reason to go over another's window",
        longest=REASON,
        hint="The policy forbids overlaps; with a reason it is planned all the same.",
    )
    for verb in (Verb.EXTEND, Verb.WINDOW)
}


def _ending(verb: Verb) -> tuple[Field, ...]:
    """How it ended. An incident has a root cause; which dispositions there are is the type's."""
    return (
        _of(
            verb,
            "resolution",
            "What was the matter, and what helped",
            Kind.WORDS,
            longest=TEXT,
            rows=3,
        ),
        _of(verb, "root_cause", "Root cause", Kind.CHOICE),
        _of(verb, "disposition", "How it ended", Kind.CHOICE),
        _of(
            verb,
            "duplicate_of",
            "The other ticket",
            longest=NAME,
            hint="Its ref; where this one was a duplicate, or was superseded.",
        ),
        _at(verb),
    )


def _at(verb: Verb) -> Field:
    return _of(
        verb, "at", "When it was (UTC)", Kind.INSTANT, hint="Where it was not just now; optional."
    )


FIELDS: Final[Mapping[Verb, tuple[Field, ...]]] = {
    Verb.ACKNOWLEDGE: (),
    Verb.START: (),
    Verb.CONFIRM: (),
    Verb.REDRIVE: (),
    Verb.MOVE: (
        _of(Verb.MOVE, "status", "To", Kind.CHOICE, required=True),
        _of(Verb.MOVE, "body", "What is known", Kind.WORDS, longest=TEXT, rows=3),
        _at(Verb.MOVE),
    ),
    Verb.RESOLVE: _ending(Verb.RESOLVE),
    Verb.COMPLETE: _ending(Verb.COMPLETE),
    Verb.CLOSE: _ending(Verb.CLOSE),
    Verb.CANCEL: (
        _reason(Verb.CANCEL),
        _of(Verb.CANCEL, "disposition", "Because it is", Kind.CHOICE),
        _of(
            Verb.CANCEL,
            "duplicate_of",
            "The other ticket",
            longest=NAME,
            hint="Its ref; where this one is a duplicate, or was superseded.",
        ),
    ),
    Verb.REOPEN: (_reason(Verb.REOPEN, "Why it is open again", required=True),),
    Verb.EXTEND: (
        _of(Verb.EXTEND, "end_at", "New planned end (UTC)", Kind.INSTANT, required=True),
        _reason(Verb.EXTEND),
        _FORCE[Verb.EXTEND],
    ),
    Verb.NOTE: (
        _of(
            Verb.NOTE,
            "body",
            "What you see, did, or want others to know",
            Kind.WORDS,
            required=True,
            longest=TEXT,
            rows=3,
        ),
    ),
    Verb.ACT: (
        _of(Verb.ACT, "action_kind", "Kind", Kind.CHOICE, required=True),
        _of(Verb.ACT, "label", "What was done", required=True, longest=TITLE),
        _of(Verb.ACT, "details", "Details", Kind.WORDS, longest=TEXT, rows=2),
    ),
    Verb.PUBLISH: (
        _of(
            Verb.PUBLISH,
            "title",
            "What the public calls it",
            longest=TITLE,
            hint="Required the first time; the ticket's own title is never shown.",
        ),
        _of(Verb.PUBLISH, "status", "State", Kind.CHOICE, required=True),
        _of(
            Verb.PUBLISH,
            "body",
            "What the public reads",
            Kind.WORDS,
            required=True,
            longest=TEXT,
            rows=4,
        ),
        _of(
            Verb.PUBLISH,
            "pages",
            "On these status pages",
            Kind.SEVERAL,
            hint="None chosen: on all that show one of the services.",
        ),
    ),
    Verb.CORRECT: (
        _of(Verb.CORRECT, "title", "What the public calls it", required=True, longest=TITLE),
        _of(
            Verb.CORRECT,
            "body",
            "What the public reads",
            Kind.WORDS,
            required=True,
            longest=TEXT,
            rows=4,
        ),
    ),
    Verb.SEVERITY: (
        _of(Verb.SEVERITY, "severity", "To", Kind.CHOICE, required=True),
        _reason(Verb.SEVERITY),
    ),
    Verb.ASSIGN: (_of(Verb.ASSIGN, "assignee", "To", Kind.CHOICE),),
    Verb.EDIT: (
        _of(Verb.EDIT, "title", "Title", required=True, longest=TITLE),
        _of(
            Verb.EDIT, "description", "Description", Kind.WORDS, required=True, longest=TEXT, rows=6
        ),
        _of(
            Verb.EDIT, "device_pubkey", "Devices", Kind.LISTED, longest=KEY * 40, suggest="device"
        ),
        _of(
            Verb.EDIT, "affected_link_pubkey", "Links", Kind.LISTED, longest=KEY * 40,
            suggest="link",
        ),
        _of(Verb.EDIT, "services", "Services", Kind.LISTED, longest=KEY * 40, suggest="service"),
        _of(Verb.EDIT, "impact", "What users notice", Kind.CHOICE),
        _of(
            Verb.EDIT,
            "runbook_path",
            "Runbook",
            longest=URL,
            hint="An address, or a path under the org's runbook address.",
        ),
        _of(Verb.EDIT, "root_cause", "Root cause", Kind.CHOICE),
        _of(Verb.EDIT, "resolution", "Resolution", Kind.WORDS, longest=TEXT, rows=2),
        _of(Verb.EDIT, "start_at", "Began (UTC)", Kind.INSTANT, required=True),
        _of(
            Verb.EDIT,
            "auto_close_after_hours",
            "Closes itself after so many quiet hours",
            Kind.NUMBER,
            required=True,
        ),
        _of(Verb.EDIT, "internal_reference", "Your own number for it", longest=NAME),
        _of(Verb.EDIT, "reporter_name", "Reporter", longest=NAME),
        _of(Verb.EDIT, "reporter_email", "Reporter's address", longest=NAME),
        _of(Verb.EDIT, "environment", "Environment", required=True, longest=NAME),
        _of(Verb.EDIT, "project_id", "Project", longest=NAME),
        _of(Verb.EDIT, "correlation_keys", "Correlation keys", Kind.LINES, longest=KEY, rows=2),
        _reason(Verb.EDIT),
    ),
    Verb.WINDOW: (
        _of(Verb.WINDOW, "start_at", "Begins (UTC)", Kind.INSTANT, required=True),
        _of(Verb.WINDOW, "end_at", "Ends (UTC)", Kind.INSTANT, required=True),
        _reason(Verb.WINDOW),
        _FORCE[Verb.WINDOW],
    ),
    Verb.LABELS: (
        _of(
            Verb.LABELS,
            "add",
            "Put on",
            longest=LABEL * 10,
            hint="Several with commas between.",
        ),
        _of(Verb.LABELS, "remove", "Take off", Kind.SEVERAL),
    ),
    Verb.REFERENCE: (
        _of(Verb.REFERENCE, "url", "Address", required=True, longest=URL),
        _of(Verb.REFERENCE, "title", "Title", longest=TITLE),
        _of(Verb.REFERENCE, "kind", "Kind", Kind.CHOICE, required=True),
    ),
    Verb.RELATE: (
        _of(Verb.RELATE, "ticket", "The other ticket's ref", required=True, longest=NAME),
        _of(Verb.RELATE, "kind", "This one is", Kind.CHOICE, required=True),
    ),
    Verb.RCA: (
        _of(Verb.RCA, "url", "Where the analysis is", required=True, longest=URL),
    ),
    Verb.SLO: (
        _of(Verb.SLO, "slo_id", "Objective", required=True, longest=KEY),
        _of(Verb.SLO, "window_start", "From (UTC)", Kind.INSTANT, required=True),
        _of(Verb.SLO, "window_end", "Until (UTC)", Kind.INSTANT, required=True),
        _of(
            Verb.SLO,
            "error_budget_consumed",
            "Error budget used, in per cent",
            required=True,
            longest=20,
            hint="100 is all of it.",
        ),
        _of(Verb.SLO, "threshold_breached", "Threshold that was passed", longest=TITLE),
        _of(Verb.SLO, "details", "Details", Kind.WORDS, longest=TEXT, rows=2),
    ),
}  # fmt: skip
"""What each form asks, without what may be chosen."""

VERSIONED: Final = frozenset(
    {
        Verb.RESOLVE,
        Verb.COMPLETE,
        Verb.CLOSE,
        Verb.CANCEL,
        Verb.REOPEN,
        Verb.EXTEND,
        Verb.SEVERITY,
        Verb.EDIT,
        Verb.WINDOW,
        Verb.PUBLISH,
        Verb.CORRECT,
    }
)
"""Forms whose meaning hangs on what one saw: they are refused when somebody else was faster.

What only adds (a note, a label, an address) or says what anybody would say now (acknowledged, going
on to look) waits for nobody.
"""
