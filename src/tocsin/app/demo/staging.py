"""From the stories and the agenda to a list of turns: who gives which command, and when.

Everything that is left open (a carrier's case number, how many decibels) is drawn here from a
source of numbers that is seeded with the day, so the same day has the same history every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from string import ascii_lowercase, digits
from typing import Final

from tocsin.app.demo.agenda import INCIDENTS, STORIES, Occurrence
from tocsin.app.demo.network import CONTRIBUTORS, DEVICES, INTERFACES, LINKS, ON_CALL
from tocsin.app.demo.planned_sites import AT_SITES
from tocsin.app.demo.planned_work import ON_LINKS, Work
from tocsin.app.demo.telling import Beat, Deed, Scene, Story, maybe, ties, worded
from tocsin.core.commands import OpenIncident, PlanMaintenance
from tocsin.core.ids import uuid7

PLANNED: Final = (*ON_LINKS, *AT_SITES)

SETTLING: Final = timedelta(hours=2)
"""How long after the thirty days begin the first ticket may be opened."""

_TIED_AFTER: Final = 40.0
_FIRST_HOUR, _LAST_HOUR, _EVENING = 8, 16, 18
_NOT_URGENT: Final = 480.0
"""Minutes after which the lead waits for the morning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """At the instant ``at`` the member with the handle ``who`` does ``deed`` to a ticket.

    ``ticket`` is its id; ``opens`` says that the deed makes it.
    """

    at: datetime
    who: str
    ticket: str
    deed: Deed
    scene: Scene
    opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What is affected: the values that it gives to sentences, and who is concerned."""

    values: Mapping[str, str]
    contributor: str
    cast: Mapping[str, str]


_DEVICES: Final = {device.code: device for device in DEVICES}
_LINKS: Final = {link.code: link for link in LINKS}
_VOICES: Final = {contributor.code: contributor.person for contributor in CONTRIBUTORS}


def turns(*, until: datetime, members: Mapping[str, str], draw: Random) -> tuple[Turn, ...]:
    """Everything that is done to tickets in the thirty days before *until*, by rising instant.

    *members* are ids by handle; *draw* is used up in a fixed order.
    """
    tickets: dict[str, str] = {}
    found: list[Turn] = []
    for number, work in enumerate(PLANNED):
        found += _work_turns(work, number, until=until, members=members, tickets=tickets, draw=draw)
    for number, occurrence in enumerate(INCIDENTS):
        found += _incident_turns(
            occurrence, number, until=until, members=members, tickets=tickets, draw=draw
        )
    # Stable: beats of one ticket that fall together stay in the order of their story.
    return tuple(sorted((turn for turn in found if turn.at < until), key=_instant))


def founded_at(until: datetime) -> datetime:
    """When the org is made: long enough before its first ticket for the network to burn in."""
    return _begins_at(until) - timedelta(hours=40)


def _begins_at(until: datetime) -> datetime:
    return until - timedelta(days=30)


def _instant(turn: Turn) -> datetime:
    return turn.at


def _at(until: datetime, day: int, hour: str) -> datetime:
    hours, _, minutes = hour.partition(":")
    return until + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def _ref(letter: str, at: datetime, draw: Random) -> str:
    tail = "".join(draw.choice(ascii_lowercase + digits) for _ in range(4))
    return f"{letter}{at:%Y%m%d}-{tail}"


def _incident_turns(
    occurrence: Occurrence,
    number: int,
    *,
    until: datetime,
    members: Mapping[str, str],
    tickets: dict[str, str],
    draw: Random,
) -> Iterator[Turn]:
    story = STORIES[occurrence.story]
    opened_at = _at(until, occurrence.day, occurrence.at) + timedelta(seconds=draw.randrange(60))
    ticket = uuid7(opened_at, draw.getrandbits(62))
    if occurrence.key is not None:
        tickets[occurrence.key] = ticket
    place = _place(occurrence.place, opened_at, draw)
    told_before = sum(earlier.story == occurrence.story for earlier in INCIDENTS[:number])
    scene = Scene(
        opened_at=opened_at,
        turn=told_before,
        values=place.values,
        on=story.on,
        services=story.services,
        contributor=place.contributor,
        cast=place.cast,
        members=members,
        tickets=tickets,
    )
    ref = _ref("I", opened_at, draw)
    yield Turn(
        at=opened_at,
        who=_player(story.opener, opened_at, scene),
        ticket=ticket,
        deed=lambda scene, at, events: _opening(story, ticket, ref, scene),
        scene=scene,
        opens=True,
    )
    beats = list(story.beats)
    if occurrence.tie is not None:
        kind, key = occurrence.tie
        beats.append(ties(_TIED_AFTER / occurrence.pace, "oncall", kind, key))
    for beat in beats:
        yield _beat_turn(beat, ticket, opened_at, occurrence.pace, scene, draw)


def _opening(story: Story, ticket: str, ref: str, scene: Scene) -> OpenIncident:
    seen_at = scene.opened_at - timedelta(minutes=story.seen)
    values = scene.values
    return OpenIncident(
        ticket_id=ticket,
        refs=(ref,),
        title=worded(scene, story.titles),
        description=worded(scene, story.descriptions),
        severity=story.severity,
        devices=(values["device"],) if story.on == "device" else (),
        links=(values["link"],) if story.on == "link" else (),
        services=story.services,
        impact=story.impact,
        detected_by="monitoring" if story.opener == "monitor" else "user",
        runbook_path=story.runbook,
        labels=story.labels,
        start_at=seen_at if story.seen else None,
    )


def _work_turns(
    work: Work,
    number: int,
    *,
    until: datetime,
    members: Mapping[str, str],
    tickets: dict[str, str],
    draw: Random,
) -> Iterator[Turn]:
    start_at = _at(until, work.day, work.start_at)
    planned_at = _in_working_hours(start_at - timedelta(hours=work.ahead), draw)
    planned_at = max(planned_at, _begins_at(until) + SETTLING + timedelta(minutes=number))
    ticket = uuid7(planned_at, draw.getrandbits(62))
    if work.key is not None:
        tickets[work.key] = ticket
    place = _place(work.place, start_at, draw)
    scene = Scene(
        opened_at=start_at,
        turn=number,
        values=place.values,
        on="link" if work.place in _LINKS else "device",
        services=work.services,
        contributor=place.contributor,
        cast=place.cast,
        members=members,
        tickets=tickets,
    )
    ref = _ref("M", planned_at, draw)
    yield Turn(
        at=planned_at,
        who=_player(work.planner, planned_at, scene),
        ticket=ticket,
        deed=lambda scene, at, events: _planning(work, ticket, ref, scene),
        scene=scene,
        opens=True,
    )
    for beat in work.beats:
        yield _beat_turn(beat, ticket, start_at, 1.0, scene, draw)


def _planning(work: Work, ticket: str, ref: str, scene: Scene) -> PlanMaintenance:
    is_link = work.place in _LINKS
    return PlanMaintenance(
        ticket_id=ticket,
        refs=(ref,),
        title=work.title.format_map(scene.values),
        description=maybe(scene, work.description),
        devices=() if is_link else (work.place,),
        links=(work.place,) if is_link else (),
        services=work.services,
        impact=work.impact,
        labels=work.labels,
        start_at=scene.opened_at,
        end_at=scene.opened_at + timedelta(minutes=work.minutes),
        auto_close_after_hours=work.auto_close_after_hours,
    )


def _in_working_hours(at: datetime, draw: Random) -> datetime:
    """An instant in working hours, not after *at*: planned work is written down by day."""
    hour = at.replace(
        hour=draw.randrange(_FIRST_HOUR, _LAST_HOUR),
        minute=draw.randrange(60),
        second=draw.randrange(60),
    )
    return hour if hour <= at else hour - timedelta(days=1)


def _beat_turn(
    beat: Beat, ticket: str, begun_at: datetime, pace: float, scene: Scene, draw: Random
) -> Turn:
    # Seconds of their own, always some: nobody acts on the full minute.
    at = begun_at + timedelta(minutes=beat.after * pace, seconds=draw.randrange(3, 27))
    if beat.who == "lead" and abs(beat.after) > _NOT_URGENT:
        at = _by_day(at)
    return Turn(at=at, who=_player(beat.who, at, scene), ticket=ticket, deed=beat.deed, scene=scene)


def _by_day(at: datetime) -> datetime:
    """*at*, or the same minute of an hour by day: what is not urgent is not done at night."""
    if at.hour < _FIRST_HOUR:
        return at + timedelta(hours=8)
    return at + timedelta(hours=14) if at.hour >= _EVENING else at


def _player(part: str, at: datetime, scene: Scene) -> str:
    """The handle of whoever plays *part* at the instant *at*; a handle plays itself."""
    if part == "oncall":
        return ON_CALL[at.hour * len(ON_CALL) // 24]
    return scene.cast.get(part, part)


def _place(code: str, at: datetime, draw: Random) -> _Place:
    link = _LINKS.get(code)
    if link is None:
        # For sentences about a device that name a link: one that ends there.
        link = next(known for known in LINKS if code in (known.a, known.z))
        device = far = _DEVICES[code]
    else:
        device, far = _DEVICES[link.a], _DEVICES[link.z]
    a, z = _DEVICES[link.a], _DEVICES[link.z]
    interface_a, interface_z = INTERFACES[link.code]
    # Whose number a case has: the carrier's for a link, a vendor's or building's for a device.
    desk = link.carrier[:3].upper() if code in _LINKS else "SR"
    values = {
        "place": code,
        "slug": code.replace(":", "-"),
        "link": link.code,
        "a": a.code,
        "z": z.code,
        "a_city": a.city,
        "z_city": z.city,
        "z_site": z.site,
        "a_if": interface_a,
        "z_if": interface_z,
        "carrier": link.carrier,
        "circuit": link.circuit,
        "gig": str(link.gigabits),
        "device": device.code,
        "city": device.city,
        "site": device.site,
        "case": f"{desk}-{draw.randrange(200_000, 999_999)}",
        "rx": f"-{draw.randrange(310, 400) / 10}",
        "good_rx": f"-{draw.randrange(62, 118) / 10}",
        "span_km": str(draw.randrange(23, min(940, link.kilometres * 9)) / 10),
        "loss": f"{draw.randrange(12, 68) / 10}",
        "rtt": str(draw.randrange(24, 88)),
        "errors": f"{draw.randrange(900, 48_000):,}",
        "flaps": str(draw.randrange(7, 31)),
        "load": str(draw.randrange(93, 99)),
        "asn": str(draw.randrange(64_496, 64_512)),
        "prefixes": f"{draw.randrange(61_000, 890_000):,}",
        "peers": str(draw.randrange(62, 148)),
        "rate": str(draw.randrange(38, 190)),
        "temperature": str(draw.randrange(38, 49)),
        "slot": str(draw.randrange(1, 9)),
        "hour": f"{at:%H:%M}",
    }
    return _Place(
        values=values,
        contributor=device.contributor,
        cast={
            "owner": _VOICES[device.contributor],
            "far": _VOICES[far.contributor],
            "lead": "tomasz",
            "admin": "ines",
        },
    )
