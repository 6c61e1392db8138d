"""The requests that the forms of the war room become, in the API's words.

Whether what was typed is right is the API's to say.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tocsin.core.words import Status
from tocsin.web.dashboard.forms import Field, body
from tocsin.web.dashboard.visits import Fields, FieldsWrong, Sent, Wish
from tocsin.web.dashboard.warroom.choices import Verb
from tocsin.web.dashboard.warroom.fields import FIELDS, IMPACT, VERSIONED, WAS

_NOTHING: Final = "-"
_BY_PATCH: Final = (Verb.EDIT, Verb.WINDOW)
_PATHS: Final = {
    Verb.ACKNOWLEDGE: "acknowledge",
    Verb.START: "start",
    Verb.MOVE: "updates",
    Verb.RESOLVE: "status",
    Verb.COMPLETE: "status",
    Verb.CLOSE: "close",
    Verb.CANCEL: "cancel",
    Verb.REOPEN: "status",
    Verb.EXTEND: "extend",
    Verb.CONFIRM: "confirm",
    Verb.NOTE: "updates",
    Verb.ACT: "actions",
    Verb.PUBLISH: "public-updates",
    Verb.SEVERITY: "severity",
    Verb.ASSIGN: "assignee",
    Verb.LABELS: "labels",
    Verb.REFERENCE: "references",
    Verb.RELATE: "relations",
    Verb.RCA: "rca",
    Verb.SLO: "slo-violations",
}
_STATUS: Final = {
    Verb.RESOLVE: Status.RESOLVED,
    Verb.COMPLETE: Status.COMPLETED,
    Verb.REOPEN: Status.INVESTIGATING,
}


def names_of(verb: Verb) -> Mapping[str, str]:
    """The fields of a form by their names in the API."""
    found = {spec.name.partition(".")[2]: spec.name for spec in FIELDS[verb]}
    if verb is Verb.PUBLISH:
        found["services"] = f"{IMPACT}of"
    return found


def wish_of(verb: Verb, sent: Sent) -> Wish:
    """The request that a form becomes.

    Raises:
        FieldsWrong: a value is not of its kind.
    """
    ticket = f"/tickets/{quote(sent.path['ref'], safe='')}"
    version = sent.version if verb in VERSIONED else None
    if verb is Verb.REDRIVE:
        delivery = quote(sent.path["delivery"], safe="")
        return Wish(method="POST", path=f"/deliveries/{delivery}/redrive", once=sent.once)
    if verb is Verb.CORRECT:
        update = quote(sent.path["update"], safe="")
        path = f"{ticket}/public-updates/{update}"
        return Wish(method="PATCH", path=path, body=_read(verb, sent, change=True), version=version)
    if verb in _BY_PATCH:
        return Wish(method="PATCH", path=ticket, body=_changed(verb, sent), version=version)
    return Wish(
        method="PUT" if verb is Verb.RCA else "POST",
        path=f"{ticket}/{_PATHS[verb]}",
        body=_asked(verb, sent),
        version=version,
        once=None if verb is Verb.RCA else sent.once,
    )


def _asked(verb: Verb, sent: Sent) -> dict[str, Any]:
    found = _read(verb, sent)
    match verb:
        case Verb.RESOLVE | Verb.COMPLETE | Verb.REOPEN:
            return {**found, "status": _STATUS[verb].value}
        case Verb.ASSIGN:
            return {"assignee": found.get("assignee")}
        case Verb.LABELS:
            put_on = str(found.get("add", "")).split(",")
            return {**found, "add": [one.strip() for one in put_on if one.strip()]}
        case Verb.SLO:
            return {**found, **_fraction(found.get("error_budget_consumed"))}
        case Verb.PUBLISH:
            services = [
                {"code": name.removeprefix(IMPACT), "impact": values[-1]}
                for name, values in sent.typed.items()
                if name.startswith(IMPACT) and values[-1]
            ]
            return {**found, "services": services}
        # What the API requires it names best itself, by its being empty.
        case Verb.NOTE:
            return {"body": "", **found}
        case Verb.REFERENCE | Verb.RCA:
            return {"url": "", **found}
        case Verb.RELATE:
            return {"ticket": "", **found}
        case Verb.ACT:
            return {"label": "", **found}
        case _:
            return found


def _read(verb: Verb, sent: Sent, *, change: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = body(FIELDS[verb], sent.typed, change=change).get(verb.value, {})
    return found


def _fraction(text: object) -> dict[str, float]:
    if text is None:
        return {}
    try:
        share = float(str(text).rstrip("% ")) / 100
    except ValueError:
        share = math.nan
    if not math.isfinite(share):
        field = f"{Verb.SLO.value}.error_budget_consumed"
        raise FieldsWrong({field: "write a number, such as 12.5"})
    return {"error_budget_consumed": round(share, 6)}


def _changed(verb: Verb, sent: Sent) -> dict[str, Any]:
    """The fields that were changed: what still says what it said is not touched, so that nobody's
    change is undone by a form that was open meanwhile."""
    touched = [
        spec
        for spec in FIELDS[verb]
        if (sent.one(f"{WAS}{spec.name}") or _NOTHING) != digest(sent.typed.get(spec.name, ()))
    ]
    found: dict[str, Any] = body(touched, sent.typed, change=True).get(verb.value, {})
    if found.get("reason", "") is None:
        del found["reason"]
    if found.get("force", {}) == {"reason": None}:
        del found["force"]
    return found


def digest(values: tuple[str, ...]) -> str:
    """What a field holds, in brief: the same for the same words, however lines end."""
    lines = [value.replace("\r\n", "\n").strip() for value in values if value.strip()]
    return hashlib.sha256("\0".join(lines).encode()).hexdigest()[:16] if lines else _NOTHING


def began(specs: tuple[Field, ...], begin: Fields) -> dict[str, str]:
    """The hidden fields that say what each of *specs* holds at first."""
    return {f"{WAS}{spec.name}": digest(begin.get(spec.name, ())) for spec in specs}
