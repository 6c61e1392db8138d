"""What ``amtool`` and dashboards read of an Alertmanager (Alertmanager API v2). Pure.

Every shape has all the members that the interface requires: its clients read them without asking
whether they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tocsin.adapters.alertmanager.filters import Asked, labels_fit, receiver_fits
from tocsin.core.instants import to_text
from tocsin.core.matching import Match
from tocsin.core.patterns import Effort

Json = dict[str, Any]

RECEIVER: Final = "tocsin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """One alert as it stands; ``silenced_by`` and ``inhibited_by`` are ids of what holds it back.

    ``group`` has the labels that its group shares; it may be empty.
    """

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    generator_url: str | None = None
    receivers: tuple[str, ...] = (RECEIVER,)
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    group: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMatcher:
    """One comparison of a silence."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSilence:
    """What holds alerts back, from ``starts_at`` to ``ends_at``: a maintenance, seen as a
    silence."""

    id: str
    matchers: tuple[ShownMatcher, ...]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStatus:
    """The instance that answers: its version, when it began, and its configuration as text."""

    version: str
    started_at: datetime
    revision: str = ""
    configuration: str = ""
    cluster_name: str = ""
    peers: tuple[tuple[str, str], ...] = ()
    """Name and address of each."""


def alerts(
    shown: Iterable[ShownAlert], asked: Asked, *, now: datetime, effort: Effort
) -> list[Json]:
    """``GET /api/v2/alerts``: those asked for that are not over by *now*, by fingerprint.

    Raises:
        TooMuchEffort: the patterns take more than *effort* has left.
    """
    return [_alert(one) for one in _wanted(shown, asked, now, effort)]


def groups(
    shown: Iterable[ShownAlert], asked: Asked, *, now: datetime, effort: Effort
) -> list[Json]:
    """``GET /api/v2/alerts/groups``: the same, by receiver and the labels that a group shares.

    Raises:
        TooMuchEffort: the patterns take more than *effort* has left.
    """
    together: dict[tuple[tuple[tuple[str, str], ...], str], list[Json]] = {}
    for one in _wanted(shown, asked, now, effort):
        for receiver in one.receivers:
            if receiver_fits(asked.receiver, (receiver,), effort):
                key = (tuple(sorted(one.group.items())), receiver)
                together.setdefault(key, []).append(_alert(one))
    return [
        {"labels": dict(labels), "receiver": {"name": receiver}, "alerts": members}
        for (labels, receiver), members in sorted(together.items(), key=lambda item: item[0])
    ]


def _wanted(
    shown: Iterable[ShownAlert], asked: Asked, now: datetime, effort: Effort
) -> list[ShownAlert]:
    return sorted(
        (
            one
            for one in shown
            if one.ends_at > now
            and _state_wanted(one, asked)
            and receiver_fits(asked.receiver, one.receivers, effort)
            and labels_fit(asked.match, one.labels, effort)
        ),
        key=lambda one: one.fingerprint,
    )


def _state_wanted(one: ShownAlert, asked: Asked) -> bool:
    if not one.silenced_by and not one.inhibited_by:
        return asked.active
    return (asked.silenced or not one.silenced_by) and (asked.inhibited or not one.inhibited_by)


def _alert(one: ShownAlert) -> Json:
    shown: Json = {
        "annotations": dict(sorted(one.annotations.items())),
        "endsAt": to_text(one.ends_at),
        "fingerprint": one.fingerprint,
        "receivers": [{"name": name} for name in one.receivers],
        "startsAt": to_text(one.starts_at),
        "status": {
            "inhibitedBy": list(one.inhibited_by),
            "mutedBy": [],
            "silencedBy": list(one.silenced_by),
            "state": "suppressed" if one.silenced_by or one.inhibited_by else "active",
        },
        "updatedAt": to_text(one.updated_at),
        "labels": dict(sorted(one.labels.items())),
    }
    if one.generator_url:
        shown["generatorURL"] = one.generator_url
    return shown


def receivers(names: Iterable[str] = (RECEIVER,)) -> list[Json]:
    """``GET /api/v2/receivers``."""
    return [{"name": name} for name in sorted(set(names))]


def status(shown: ShownStatus) -> Json:
    """``GET /api/v2/status``; a cluster without peers is one that is not clustered."""
    cluster: Json = {
        "name": shown.cluster_name,
        "peers": [{"address": address, "name": name} for name, address in shown.peers],
        "status": "ready" if shown.peers else "disabled",
    }
    return {
        "cluster": cluster,
        "config": {"original": shown.configuration},
        "uptime": to_text(shown.started_at),
        "versionInfo": {
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": shown.revision,
            "version": shown.version,
        },
    }


def silences(
    shown: Iterable[ShownSilence], match: Match, *, now: datetime, effort: Effort
) -> list[Json]:
    """``GET /api/v2/silences``: those whose matchers' values fit *match*.

    Active ones come first, soonest over first, then pending, then expired ones.

    Raises:
        TooMuchEffort: the patterns take more than *effort* has left.
    """
    wanted = (
        one
        for one in shown
        if labels_fit(match, {matcher.name: matcher.value for matcher in one.matchers}, effort)
    )
    return [_silence(one, now) for one in sorted(wanted, key=lambda one: _rank(one, now))]


_STATES: Final = ("active", "pending", "expired")


def _rank(one: ShownSilence, now: datetime) -> tuple[int, datetime, str]:
    state = silence_state(one, now=now)
    return (_STATES.index(state), one.starts_at if state == "pending" else one.ends_at, one.id)


def silence_state(one: ShownSilence, *, now: datetime) -> str:
    """``pending`` before it starts, ``expired`` from its end on, ``active`` between."""
    if now >= one.ends_at:
        return "expired"
    return "active" if now >= one.starts_at else "pending"


def _silence(one: ShownSilence, now: datetime) -> Json:
    return {
        "id": one.id,
        "status": {"state": silence_state(one, now=now)},
        "updatedAt": to_text(one.updated_at),
        "comment": one.comment,
        "createdBy": one.created_by,
        "endsAt": to_text(one.ends_at),
        "matchers": [
            {
                "isEqual": matcher.is_equal,
                "isRegex": matcher.is_regex,
                "name": matcher.name,
                "value": matcher.value,
            }
            for matcher in one.matchers
        ],
        "startsAt": to_text(one.starts_at),
    }


def bad_request(errors: Sequence[str]) -> str:
    """The body of a 400: one text, which the answer writes as a JSON string."""
    return "\n".join(errors)
