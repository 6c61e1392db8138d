"""Telling what telemetry saw: a link and a device, minute by minute, until noon."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.core.telling import MINUTE, NOON
from tocsin.core.provisioning.carrying import Seen, Watched
from tocsin.core.provisioning.counters import (
    COUNTERS,
    Interface,
    Runs,
    microseconds,
    run_of,
)
from tocsin.core.provisioning.coverage import marked
from tocsin.core.provisioning.criteria import Criterion, Terms
from tocsin.core.provisioning.following import Followed, followed, usage
from tocsin.core.provisioning.following import begun as following_begun
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.link_criteria import LinkEvidence
from tocsin.core.provisioning.telemetry import Counted, Origin
from tocsin.core.provisioning.windows import Window, latest_window
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health

DAY = 24 * 60
ORIGIN = Origin(source="test", query="SELECT everything")
EARLIER = NOON - timedelta(days=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An interface, by minutes before noon: where a sample is missing, where errors were counted
    and how many, where the counters began anew, and how much it carries in a minute."""

    minutes: int = DAY + 10
    missing: Collection[int] = ()
    errors: Mapping[int, int] = field(default_factory=dict)
    resets: Collection[int] = ()
    octets: int = 1_000
    sparse_errors: bool = False


def samples(story: Story) -> list[tuple[datetime, tuple[int | None, ...]]]:
    """What a device would send: an instant, and what each of the counters stands at."""
    found: list[tuple[datetime, tuple[int | None, ...]]] = []
    octets = errors = 0
    for before in range(story.minutes, 0, -1):
        if before in story.resets:
            octets = errors = 0
        octets += story.octets
        errors += story.errors.get(before, 0)
        if before not in story.missing:
            at = NOON - before * MINUTE + timedelta(seconds=7)
            tells = not story.sparse_errors or before % 60 == 0 or before in story.errors
            counted = errors if tells else None
            found.append((at, (octets, octets, counted, 0 if tells else None, None)))
    return found


def runs(rows: list[tuple[datetime, tuple[int | None, ...]]]) -> Runs:
    """What the rows come to."""
    return tuple(
        run_of(
            (microseconds(at), value) for at, values in rows if (value := values[place]) is not None
        )
        for place in range(len(COUNTERS))
    )


def counted(window: Window, stories: Mapping[Interface, Story]) -> Counted:
    """What a source answers about *window*."""
    rows = {
        name: [row for row in samples(story) if row[0] in window] for name, story in stories.items()
    }
    return Counted(
        window=window,
        origin=ORIGIN,
        interfaces={name: runs(found) for name, found in rows.items() if found},
        covered={name[0]: marked(window, [at for at, _ in found]) for name, found in rows.items()},
    )


def seen(story: Story, *, window: Window, device: str = "ams-dz01") -> Watched:
    """What is known about *window* of an interface that was followed from before its start."""
    name = (device, "Ethernet1/1")
    before = [row for row in samples(story) if row[0] < window.start]
    baseline = Counted(
        window=Window(start=window.start, end=window.start),
        origin=ORIGIN,
        interfaces={name: runs(before[-61:])} if before else {},
    )
    kept = followed(
        following_begun(at=window.start, baseline=baseline),
        counted(window, {name: story}),
        keep_minutes=max(window.minutes, 1),
    )
    one = kept.interfaces.get(name, Followed((None,) * len(COUNTERS)))
    return Watched(
        device=device,
        interface=name[1],
        usage=usage(one, window),
        covered=kept.covered.get(device, marked(window, ())),
        origin=ORIGIN,
    )


def life(**changed: Any) -> Life:
    """A link or device that was recorded long ago and shall be activated."""
    return replace(
        Life(
            status=AssetStatus.HARD_DRAINED,
            desired=DesiredStatus.ACTIVATED,
            health=Health.PENDING,
            status_since=EARLIER,
            health_since=EARLIER,
        ),
        **changed,
    )


def terms(*, minutes: int = DAY, at: datetime = NOON) -> Terms:
    """What a first activation is held to."""
    return Terms(window=latest_window(at=at, minutes=minutes))


def link(
    side_a: Story | Seen | None = None,
    side_z: Story | Seen | None = None,
    *,
    held_to: Terms | None = None,
    **changed: Any,
) -> LinkEvidence:
    """A link both sides of which are well, unless something else is told."""
    window = (held_to or terms()).window
    sides = [
        seen(side, window=window, device=device) if isinstance(side, Story) else side
        for side, device in (
            (side_a or Story(), "ams-dz01"),
            (side_z or Story(), "fra-dz01"),
        )
    ]
    return LinkEvidence(life=life(**changed), side_a=sides[0], side_z=sides[1], latency=None)


def by_name(criteria: tuple[Criterion, ...]) -> dict[str, Criterion]:
    """The criteria, by their names."""
    return {one.name: one for one in criteria}
