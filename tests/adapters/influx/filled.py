"""Stories about interfaces as lines of InfluxDB's line protocol, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.core.provisioning.watching import DAY, Story, samples
from tocsin.core.provisioning.counters import COUNTERS, Interface
from tocsin.core.provisioning.following import Following, begun, followed
from tocsin.core.provisioning.telemetry import Telemetry
from tocsin.core.provisioning.windows import Window, stretches

FIELDS: Final = tuple(counter.value.replace("_", "-") for counter in COUNTERS)

STORIES: Final[Mapping[str, Story]] = {
    "clean": Story(),
    "one_error": Story(errors={90: 1}),
    "missing_five": Story(missing=range(100, 105)),
    "missing_six": Story(missing=[*range(100, 105), 700]),
    "zero_traffic": Story(octets=0),
    "reset": Story(resets=[600], errors={DAY + 5: 8}),
    "sparse": Story(minutes=DAY + 70, sparse_errors=True),
    "sparse_error": Story(minutes=DAY + 70, sparse_errors=True, errors={45: 2}),
    "late": Story(minutes=180),
    "silent": Story(missing=range(1, DAY + 11)),
}
"""A device each, with one interface."""


def interface(name: str) -> Interface:
    """The interface that a story is about: its device, whose name has a quotation mark and a blank
    in it, and its own."""
    return f'{name} "device"', "Ethernet1/1"


INTERFACES: Final = {interface(name): story for name, story in STORIES.items()}


def lines() -> Iterator[str]:
    """What the devices of all stories send."""
    for (device, name), story in INTERFACES.items():
        for at, values in samples(story):
            told = [
                f"{field}={value}i"
                for field, value in zip(FIELDS, values, strict=True)
                if value is not None
            ]
            tag = device.replace(" ", r"\ ")
            yield (
                f"intfCounters,dzd_pubkey={tag},intf={name},model=x {','.join(told)} "
                f"{int(at.timestamp())}"
            )


def day_of(source: Telemetry, window: Window, *, minutes: int = 360) -> Following:
    """*window* as a monitor would read it, in stretches of so many minutes."""
    kept = begun(at=window.start, baseline=source.baseline(before=window.start))
    for stretch in stretches(window, minutes=minutes):
        kept = followed(kept, source.counters(stretch), keep_minutes=window.minutes)
    return kept
