"""What a source of telemetry is asked and answers: plain values, for all devices at once.

Every question is about a stretch of whole minutes and all devices and interfaces together, so that
the number of queries does not grow with the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tocsin.core.provisioning.counters import Interface, Runs
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.windows import Window


class SourceSilent(Exception):
    """A source that did not answer, or answered nothing that can be read; ``why`` is a sentence
    without anything secret."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where evidence comes from: the name of a source, and what it was asked, as it writes it."""

    source: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the counters of all interfaces came to in ``window``, and in which of its minutes there
    was any sample of a device, by its pubkey."""

    window: Window
    origin: Origin
    interfaces: Mapping[Interface, Runs]
    covered: Mapping[str, Minutes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """In which minutes something was found well, and in which it was found not to be; in a minute
    that is in neither nothing is known."""

    well: Minutes
    ill: Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Marks of all devices in ``window``, by their pubkeys."""

    window: Window
    origin: Origin
    devices: Mapping[str, Marks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """In which minutes the two agents of each device ran."""

    config: Marked
    telemetry: Marked


class Telemetry(Protocol):
    """A source of telemetry. Every method takes bounded time and a number of queries that does not
    depend on how many devices there are; with *only* it is asked for, and answers, no other devices
    than these (pubkeys), which is a small question about a long time.

    Raises, each of them:
        SourceSilent: there is no answer, none that can be read, or the source keeps no such thing.
    """

    @property
    def stretch_minutes(self) -> int:
        """How long a stretch of counters it is best asked about: a longer one is fewer questions,
        and a larger answer."""

    def baseline(self, *, before: datetime, only: frozenset[str] | None = None) -> Counted:
        """What every counter stood at last *before* an instant: runs of one sample. ``covered`` is
        empty."""

    def counters(self, stretch: Window, *, only: frozenset[str] | None = None) -> Counted:
        """What happened in *stretch*: runs, and the minutes that each device was heard in."""

    def pieces(
        self, cuts: Sequence[datetime], *, only: frozenset[str] | None = None
    ) -> tuple[Counted, ...]:
        """What happened between each of *cuts* and the next, each as :meth:`counters` tells it, for
        no more queries than one of them takes."""

    def agents(self, stretch: Window, *, only: frozenset[str] | None = None) -> Agents:
        """In which minutes of *stretch* the agents ran."""

    def qa(self, stretch: Window, *, only: frozenset[str] | None = None) -> Marked:
        """In which minutes of *stretch* a QA test passed, and in which one failed."""
