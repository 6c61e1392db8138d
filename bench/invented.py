"""Invented tickets: what they say, whom they concern, and what becomes of them.

Everything follows from a ticket's number. One in a thousand is *rare*: it has words, a label, a
device and so on that the others lack. Nineteen of twenty end; those that do not are strewn over the
year, and all of the newest are among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.core.commands import (
    ChangeLabels,
    ChangeStatus,
    Command,
    OpenIncident,
    PlanMaintenance,
)
from tocsin.core.instants import to_text
from tocsin.core.pubkeys import encode

RARE_EVERY: Final = 1_000
RARE_AT: Final = 7
MAINTENANCE_EVERY: Final = 8
MAINTENANCE_AT: Final = 3
LASTING_EVERY: Final = 40
NEWEST_SHARE: Final = 0.97
"""Behind this share of all tickets, none has ended."""

CONTRIBUTORS: Final = 10
DEVICES: Final = 200
SERVICES: Final = 20
MEMBERS: Final = 5

NOUNS: Final = ("router", "switch", "link", "transceiver", "line card", "fibre", "power supply")
TROUBLES: Final = ("packet loss", "flapping", "errors", "high temperature", "no light", "reboot")
PLACES: Final = ("Amsterdam", "Frankfurt", "London", "Paris", "Tokyo", "Singapore", "Chicago")
IMPACTS: Final = ("reduced_redundancy", "degraded", "outage")
LASTING: Final = ("acknowledged", "investigating", "mitigating", "monitoring", "resolved")
CAUSES: Final = ("carrier", "hardware", "software", "configuration", "fiber_cut", "human_error")

COMMON_WORD: Final = "carrier"
RARE_WORD: Final = "quokka"

_REF_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the tickets are about: pubkeys of devices and links, ids of members."""

    devices: tuple[str, ...]
    links: tuple[str, ...]
    members: tuple[str, ...]


def pubkey(name: str) -> str:
    """A pubkey that belongs to nobody, always the same for a *name*."""
    return encode(hashlib.sha256(f"invented for a measurement: {name}".encode()).digest())


def is_rare(number: int) -> bool:
    """Whether the ticket of that number is one of the few."""
    return number % RARE_EVERY == RARE_AT


def is_maintenance(number: int) -> bool:
    """Whether the ticket of that number is planned work."""
    return number % MAINTENANCE_EVERY == MAINTENANCE_AT


def opener(number: int) -> int:
    """The contributor whose key opens it; the last opens the rare ones alone."""
    return CONTRIBUTORS - 1 if is_rare(number) else number % (CONTRIBUTORS - 1)


def opening(
    number: int, *, ticket_id: str, at: datetime, around: Surroundings
) -> OpenIncident | PlanMaintenance:
    """The command that opens the ticket of that number at the instant *at*."""
    rare = is_rare(number)
    noun, trouble = NOUNS[number % len(NOUNS)], TROUBLES[number % len(TROUBLES)]
    place = PLACES[number % len(PLACES)]
    word = RARE_WORD if rare else COMMON_WORD
    device = around.devices[-1 if rare else number * 13 % (len(around.devices) - 1)]
    link = around.links[-1 if rare else number * 7 % (len(around.links) - 1)]
    shared: dict[str, Any] = {
        "ticket_id": ticket_id,
        "refs": (_ref(number, at=at),),
        "title": f"{trouble.capitalize()} on a {noun} in {place}, case {number}",
        "description": (
            f"The {noun} in {place} shows {trouble}; the {word} has been told. Probes"
            f" {number * 7919 % 100_003} and {number * 104_729 % 100_003} see it."
        ),
        "severity": _severity(number),
        "impact": IMPACTS[number % len(IMPACTS)],
        # The last of each kind belongs to the rare ones alone.
        "services": (f"s{SERVICES - 1 if rare else number % (SERVICES - 1)}",),
        "devices": (device,),
        "links": (link,) if rare or number % 3 == 0 else (),
        "environment": "staging" if rare else "production",
        "project_id": "rare" if rare else f"project-{number % 9}",
        "labels": ("rare",) if rare else (f"team-{number % 12}",),
    }
    if is_maintenance(number):
        start = at + timedelta(days=2, minutes=number * 97 % (60 * 24 * 30))
        end = start + timedelta(hours=2 + number % 5)
        return PlanMaintenance(start_at=start, end_at=end, **shared)
    assignee = around.members[-1 if rare else number % (len(around.members) - 1)]
    return OpenIncident(assignee=assignee, correlation_keys=(f"alert-{number}",), **shared)


def life(number: int, *, tickets: int, notes: int) -> Iterator[list[Command]]:
    """What happens to it afterwards, in the order of its stages; *notes* comments among it.

    Planned work is left to the clock, but for what is called off.
    """
    labels = (f"shift-{number % 7}", "seen")
    taken: list[Command] = [ChangeLabels(add=labels)]
    if not is_maintenance(number):
        taken.append(ChangeStatus(status="acknowledged", body="On it."))
    yield taken
    yield [
        ChangeStatus(
            body=f"Case {number}: the {COMMON_WORD} is at work; probe"
            f" {(number + note) * 7919 % 100_003} has been quiet for ten minutes."
        )
        for note in range(notes)
    ]
    yield list(_ending(number, tickets=tickets))


def _ending(number: int, *, tickets: int) -> Iterator[Command]:
    if is_maintenance(number):
        if number % 10 == 1:
            yield ChangeStatus(status="cancelled", reason="moved to another night")
        return
    if number % LASTING_EVERY == 0 or number >= tickets * NEWEST_SHARE:
        yield ChangeStatus(status=LASTING[number // LASTING_EVERY % len(LASTING)])
        return
    cause = CAUSES[number % len(CAUSES)]
    yield ChangeStatus(status="resolved", body="Light is back.", root_cause=cause)
    yield ChangeStatus(status="closed")


def values(around: Surroundings, *, until: datetime) -> dict[str, dict[str, dict[str, str]]]:
    """For each promised filter the parameters of a common question and of a rare one.

    What is common is what many tickets have; ``overlaps`` and ``q`` have kinds of their own.
    """

    def both(name: str, common: str, rare: str) -> dict[str, dict[str, str]]:
        return {"common": {name: common}, "rare": {name: rare}}

    def window(start: datetime, days: int) -> dict[str, str]:
        return {
            "overlaps_from": to_text(start),
            "overlaps_to": to_text(start + timedelta(days=days)),
        }

    return {
        "type": both("type", "incident", "maintenance"),
        "status": both("status", "closed", "mitigating"),
        "severity": both("severity", "sev3", "sev1"),
        "active": both("active", "false", "true"),
        "created_by_contributor": both("created_by_contributor", "c1", "c9"),
        "affects_contributor": both("affects_contributor", "c1", "c9"),
        "mine": both("mine", "true", "true"),
        "device_pubkey": both("device_pubkey", around.devices[13], around.devices[-1]),
        "affected_link_pubkey": both("affected_link_pubkey", around.links[21], around.links[-1]),
        "service": both("service", "s1", f"s{SERVICES - 1}"),
        "environment": both("environment", "production", "staging"),
        "project_id": both("project_id", "project-1", "rare"),
        "assignee": both("assignee", around.members[1], around.members[-1]),
        "label": both("label", "seen", "rare"),
        "correlation_key": both("correlation_key", "alert-8", "alert-no-such"),
        "created_after": both(
            "created_after",
            to_text(until - timedelta(days=300)),
            to_text(until - timedelta(days=1)),
        ),
        "created_before": both(
            "created_before",
            to_text(until - timedelta(days=60)),
            to_text(until - timedelta(days=364)),
        ),
        "overlaps": {
            "this week": window(until - timedelta(days=3), 7),
            "a day last spring": window(until - timedelta(days=200), 1),
            "a year ahead": window(until + timedelta(days=400), 1),
        },
        "q": {
            "rare word": {"q": RARE_WORD},
            "common word": {"q": COMMON_WORD},
            "two common words": {"q": f"router {COMMON_WORD}"},
            "common prefix": {"q": COMMON_WORD[:3]},
            "common with rare": {"q": f"{COMMON_WORD} {RARE_WORD}"},
        },
    }


Values = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Filter → kind of value → parameters of the query."""


def _severity(number: int) -> str:
    """One in a hundred is sev1; sev3 and sev4 are what happens every day."""
    share = number * 7919 % 101
    if share == 0:
        return "sev1"
    if share < 15:
        return "sev2"
    return "sev3" if share < 60 else "sev4"


def _ref(number: int, *, at: datetime) -> str:
    """A public name that no other number has."""
    letter, tail = "M" if is_maintenance(number) else "I", ""
    for _ in range(4):
        number, digit = divmod(number, len(_REF_LETTERS))
        tail = _REF_LETTERS[digit] + tail
    return f"{letter}{at:%Y%m%d}-{tail}"
