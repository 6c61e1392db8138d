"""What the monitor finds of links while incidents of the agenda go on: one that flapped through an
evening and is well again, and one that lost its light and still has none. And what shows that the
way of alerts works.

Only errors that were counted make a link impaired; it recovers after half an hour without any.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from tocsin.app.demo.commissioning import carried
from tocsin.app.demo.network import INTERFACES, LINKS

_WINDOW: Final = 30
_LINKS: Final = {link.code: link for link in LINKS}

_WATCHDOG: Final = {"alertname": "Watchdog", "severity": "none"}


def watchdog(at: datetime) -> bytes:
    """What Alertmanager sends again and again so that its silence is noticed, as of *at*."""
    alert = {
        "status": "firing",
        "labels": _WATCHDOG,
        "annotations": {"summary": "An alert that always fires: the whole way of alerts works."},
        "startsAt": (at - timedelta(days=30)).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.org/graph",
        "fingerprint": "7dc5a5a9cf6b0b6f",
    }
    return json.dumps(
        {
            "version": "4",
            "groupKey": '{}:{alertname="Watchdog"}',
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "tocsin",
            "groupLabels": {"alertname": "Watchdog"},
            "commonLabels": _WATCHDOG,
            "commonAnnotations": alert["annotations"],
            "externalURL": "https://alertmanager.example.org",
            "alerts": [alert],
        }
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """At the instant ``at`` the monitor finds the ``link`` to be of that ``health``."""

    at: datetime
    link: str
    health: str
    reasons: tuple[str, ...]


def findings(*, until: datetime, draw: Random) -> Iterator[Finding]:
    """What is found in the thirty days before *until*, by rising instant; *draw* is used up in a
    fixed order."""
    flapping, cut = "lon-1:par-1", "par-1:mad-1"
    began = until - timedelta(days=14) + timedelta(hours=18, minutes=33)
    yield _impaired(flapping, began, side="a", errors=draw.randrange(40, 90))
    yield _healthy(flapping, began + timedelta(hours=4, minutes=58), draw)
    dark = until - timedelta(days=1) + timedelta(hours=21, minutes=16)
    yield _impaired(cut, dark, side="z", errors=draw.randrange(1_200, 4_800))


def _impaired(code: str, at: datetime, *, side: str, errors: int) -> Finding:
    link = _LINKS[code]
    device, interface = (
        (link.a, INTERFACES[code][0]) if side == "a" else (link.z, INTERFACES[code][1])
    )
    since = at - timedelta(minutes=_WINDOW)
    last = at - timedelta(minutes=1)
    counted = f"{errors:,} errors since {since:%Y-%m-%d %H:%M}, the last at {last:%Y-%m-%d %H:%M}"
    return Finding(
        at=at,
        link=code,
        health="impaired",
        reasons=(f"side_{side}: {interface} of {device}: {counted}",),
    )


def _healthy(code: str, at: datetime, draw: Random) -> Finding:
    link = _LINKS[code]
    end_a, end_z = INTERFACES[code]
    return Finding(
        at=at,
        link=code,
        health="healthy",
        reasons=(
            "record: it is activated already",
            "desired: its desired status is activated",
            f"side_a: {carried(link.a, end_a, link.gigabits, draw, minutes=_WINDOW)}",
            f"side_z: {carried(link.z, end_z, link.gigabits, draw, minutes=_WINDOW)}",
            "loss: no latency samples exist for this link",
        ),
    )
