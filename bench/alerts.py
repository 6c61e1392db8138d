"""The alerts that are poured in: notifications as Alertmanager sends them, of middling size.

An alert is that of a *key*, a number: one thing that may be wrong at one place. Where a key has
several alerts, each has a *variant* of its own, a label and a fingerprint that no other has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from bench.tickets import SERVICE

KEYS: Final = 1_000

CORRELATION_KEY: Final = "{labels.alertname}/{labels.instance}"
"""What the measured rule makes of an alert: one text for each key."""

POUR_MARK: Final = "p0000000000"
"""Stands in a body, and is replaced in each request by a mark of its own."""

NEW_EVERY: Final = 4


class Mix(Enum):
    """What is poured in: storms, by what each key has; and what goes on for a time."""

    REPEATS = "repeats"
    DISTINCT = "distinct"
    SINGLES = "singles"
    TOO_MUCH = "too much"


_HEAD: Final[dict[str, object]] = {
    "version": "4",
    "groupKey": '{}/{team="network"}:{cluster="backbone"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "tocsin",
    "groupLabels": {"cluster": "backbone"},
    "commonLabels": {"cluster": "backbone", "job": "probe", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.net:9093",
}


def alert(
    key: int, *, variant: int = 0, fingerprint: str | None = None, pour: str | None = None
) -> bytes:
    """One firing alert as JSON, some 450 bytes."""
    instance = f"edge-{key:05d}.example.net:9100"
    labels = {
        "alertname": "PacketLoss",
        "cluster": "backbone",
        "instance": instance,
        "job": "probe",
        "path": f"p{variant:03d}",
        "service": SERVICE,
        "severity": "critical",
    }
    if pour is not None:
        labels["pour"] = pour
    whole = {
        "status": "firing",
        "labels": labels,
        "annotations": {
            "summary": f"Packet loss above one per cent at edge-{key:05d}, path {variant}",
            "runbook_url": "https://runbooks.example.net/loss",
        },
        "startsAt": "2026-11-20T11:02:33.511Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=probe_loss+%3E+0.01",
        "fingerprint": fingerprint or f"{(key << 24) + variant + 1:016x}",
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def notification(alerts: Sequence[bytes]) -> bytes:
    """The body of a webhook that tells of all *alerts*."""
    head = json.dumps(_HEAD, separators=(",", ":")).encode()
    return head[:-1] + b',"alerts":[' + b",".join(alerts) + b"]}"


def repeats(*, keys: int, times: int, batch: int, draw: random.Random) -> Iterator[bytes]:
    """Bodies of *batch* alerts in which the one alert of each key is told *times* times, round
    after round; each round in an order of its own."""
    told = [alert(key) for key in range(keys)]
    for _ in range(times):
        draw.shuffle(told)
        yield from _bodies(told, batch)


def distinct(*, keys: int, times: int, batch: int, draw: random.Random) -> Iterator[bytes]:
    """Bodies of *batch* alerts in which each key has *times* alerts that are each told once, in
    any order."""
    told = [alert(key, variant=variant) for key in range(keys) for variant in range(times)]
    draw.shuffle(told)
    yield from _bodies(told, batch)


def singles(*, keys: int, draw: random.Random) -> list[bytes]:
    """Bodies of one alert, one for each key, in any order."""
    found = [notification([alert(key)]) for key in range(keys)]
    draw.shuffle(found)
    return found


def marked(*, keys: int, batch: int, draw: random.Random) -> bytes:
    """A body of *batch* alerts of different keys. The label ``pour`` of the first of them is
    :data:`POUR_MARK`, and every fourth is known by a fingerprint that begins so: with another mark
    in its place it is an alert that was never heard of, and more work than a repeat."""
    told = []
    for place, key in enumerate(draw.sample(range(keys), batch)):
        is_new = place % NEW_EVERY == 0
        fingerprint = f"{POUR_MARK}{place:05x}" if is_new else None
        told.append(alert(key, fingerprint=fingerprint, pour=None if place else POUR_MARK))
    return notification(told)


def _bodies(told: Sequence[bytes], batch: int) -> Iterator[bytes]:
    for start in range(0, len(told), batch):
        yield notification(told[start : start + batch])
