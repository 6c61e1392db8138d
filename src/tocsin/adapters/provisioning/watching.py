"""What is known of the network's telemetry, kept between rounds (Provisioning: sources).

A cold start asks for the past in stretches, as far as the time of a round goes, and goes on in the
next one; a steady round asks only for what is new. The last minutes are asked for every time, since
samples come late. While the past is not known, and while a source does not answer, there is a
silence in place of evidence; what was known before is kept.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Final, Generic, TypeVar

from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.criteria import Silence
from tocsin.core.provisioning.following import Following, begun, followed, followed_marks
from tocsin.core.provisioning.judging import Counters, Known, Marking, Measuring
from tocsin.core.provisioning.latency import LatencySource
from tocsin.core.provisioning.telemetry import Agents, Counted, Marked, SourceSilent, Telemetry
from tocsin.core.provisioning.windows import Window, minute_of, stretches

MARKS_STRETCH_MINUTES: Final = 240
"""How much of the past of agents and tests is asked for at once, of which there is less to tell
than of counters."""

SHORTEST_STRETCH_MINUTES: Final = 5
"""A source that did not answer in time is asked for half as much of the past, but for no less."""

AT_ONCE: Final = 2
SETTLED_MINUTES: Final = 3
"""What is younger is asked for in every round."""

SETTLED_AT_ONCE: Final = 5
"""So many minutes that no sample comes for any more are kept together: a question costs by the
number of interfaces much more than by minutes, and asking again for a few is cheaper than one for
every minute."""

LATE: Final = timedelta(seconds=20)
"""How long after its minute a sample may arrive and still be seen in time."""

TEST_REACH_MINUTES: Final = 60
"""Tests before a window say how things stood when it began."""

ROUND_SECONDS: Final = 90.0
"""How long one round asks for the past."""

K = TypeVar("K")
N = TypeVar("N")
Only = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who is asked for what; None where nobody is."""

    counters: Telemetry | None = None
    agents: Telemetry | None = None
    qa: Telemetry | None = None
    latency: LatencySource | None = None

    @property
    def any(self) -> bool:
        """Whether anybody is asked at all."""
        known = (self.counters, self.agents, self.qa, self.latency)
        return any(one is not None for one in known)


NO_SOURCE: Final = "no source of it is set up"


class _Unfinished(Exception):
    """The time of a round is over; the past is known until ``reached``."""

    def __init__(self, reached: datetime) -> None:
        super().__init__(reached)
        self.reached = reached


class _Track(Generic[K, N]):
    """One question that is asked stretch after stretch, and what is kept of the answers."""

    def __init__(
        self,
        *,
        of: str,
        begin: Callable[[datetime], K | None],
        ask: Callable[[Window], N],
        join: Callable[[K | None, N, int], K],
        window: Callable[[K], Window],
        stretch_minutes: int,
    ) -> None:
        self._of = of
        self._begin, self._ask, self._join, self._window = begin, ask, join, window
        self._stretch = self._asked_for = stretch_minutes
        self._kept: K | None = None

    def known(self, *, until: datetime, minutes: int, over: Callable[[], bool]) -> K | Silence:
        """What is known of the last *minutes* before *until*; when the time is *over*, as much as
        has been asked for is kept for the next round."""
        start = until - minutes * MINUTE
        try:
            known = self._caught_up(start, until, over)
        except SourceSilent as silent:
            self._asked_for = max(self._asked_for // 2, SHORTEST_STRETCH_MINUTES)
            return Silence(source=silent.source, why=silent.why)
        except _Unfinished as unfinished:
            reached = f"{unfinished.reached:%Y-%m-%d %H:%M}"
            return Silence(
                source=self._of, why=f"its past is still being read, until {reached} so far"
            )
        self._asked_for = self._stretch
        return known

    def _caught_up(self, start: datetime, until: datetime, over: Callable[[], bool]) -> K:
        if self._kept is not None:
            window = self._window(self._kept)
            # Too late, too short, or the clock went back: what is kept is of no use.
            if window.start > start or not start <= window.end <= until:
                self._kept = None
        if self._kept is None:
            self._kept = self._begin(start)
        keep = (until - start) // MINUTE + SETTLED_MINUTES + SETTLED_AT_ONCE
        reached = start if self._kept is None else self._window(self._kept).end
        settled = max(reached, until - SETTLED_MINUTES * MINUTE)
        if start < reached and settled - reached < SETTLED_AT_ONCE * MINUTE:
            settled = reached
        fresh = Window(start=settled, end=until)
        if fresh.minutes == 0 and self._kept is not None:
            return self._kept
        past = stretches(Window(start=reached, end=settled), minutes=self._asked_for)
        pieces = chain(past, (fresh,))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="telemetry") as asking:
            # The source has always something to do while an answer is joined to the others.
            asked = deque(
                (piece, asking.submit(self._ask, piece)) for piece in islice(pieces, AT_ONCE)
            )
            try:
                while asked:
                    piece, answer = asked.popleft()
                    new = answer.result()
                    if not over():
                        asked.extend(
                            (piece, asking.submit(self._ask, piece)) for piece in islice(pieces, 1)
                        )
                    known = self._join(self._kept, new, keep)
                    if piece is fresh:
                        return known
                    self._kept = known
            finally:
                for _, one in asked:
                    one.cancel()
        raise _Unfinished(reached if self._kept is None else self._window(self._kept).end)


class Watch:
    """Knows what the *sources* tell of all devices, or of *only* a few, and of all links, or of
    *only_links*; for one thread.

    ``stretch_minutes`` is how much of the past is asked for at once, None for as much as the source
    of counters is best asked about; ``seconds`` is how long a look asks for the past, by the
    *timer*.
    """

    def __init__(
        self,
        sources: Sources,
        *,
        only: Only = None,
        only_links: Only = None,
        stretch_minutes: int | None = None,
        seconds: float = ROUND_SECONDS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._timer = seconds, timer
        self._stopped = False
        marks_stretch = max(stretch_minutes or 0, MARKS_STRETCH_MINUTES)
        self._counters = (
            None if sources.counters is None else _counters(sources.counters, only, stretch_minutes)
        )
        self._agents = (
            None if sources.agents is None else _agents(sources.agents, only, marks_stretch)
        )
        self._qa = None if sources.qa is None else _qa(sources.qa, only, marks_stretch)
        self._latency = (
            None if sources.latency is None else sources.latency.samples(links=only_links)
        )

    def stop(self) -> None:
        """Ask for no more of the past, in a look that is under way too; from any thread."""
        self._stopped = True

    def look(self, *, at: datetime, minutes: int) -> Known:
        """What is known *at* an instant of the last *minutes*."""
        until = until_of(at)
        ends = self._timer() + self._seconds

        def over() -> bool:
            return self._stopped or self._timer() >= ends

        config, telemetry = self.agents(until=until, minutes=minutes, over=over)
        return Known(
            until=until,
            counters=self.counters(until=until, minutes=minutes, over=over),
            config_agent=config,
            telemetry_agent=telemetry,
            qa=self.qa(until=until, minutes=minutes, over=over),
            latency=self.latency(until=until, minutes=minutes, over=over),
        )

    def counters(self, *, until: datetime, minutes: int, over: Callable[[], bool]) -> Counters:
        """What interfaces counted."""
        if self._counters is None:
            return Silence(source="interface counters", why=NO_SOURCE)
        return self._counters.known(until=until, minutes=minutes, over=over)

    def agents(
        self, *, until: datetime, minutes: int, over: Callable[[], bool]
    ) -> tuple[Marking, Marking]:
        """When the config agents ran, and the telemetry agents."""
        if self._agents is None:
            silence = Silence(source="agents", why=NO_SOURCE)
            return silence, silence
        found = self._agents.known(until=until, minutes=minutes, over=over)
        return (found, found) if isinstance(found, Silence) else (found.config, found.telemetry)

    def qa(self, *, until: datetime, minutes: int, over: Callable[[], bool]) -> Marking:
        """How the tests went."""
        if self._qa is None:
            return Silence(source="QA tests", why=NO_SOURCE)
        reach = minutes + TEST_REACH_MINUTES
        return self._qa.known(until=until, minutes=reach, over=over)

    def latency(self, *, until: datetime, minutes: int, over: Callable[[], bool]) -> Measuring:
        """What latency samples of links there are."""
        if self._latency is None:
            return None
        window = Window(start=until - minutes * MINUTE, end=until)
        try:
            return self._latency.read(window, over=over)
        except SourceSilent as silent:
            return Silence(source=silent.source, why=silent.why)


def until_of(at: datetime) -> datetime:
    """Until when samples can be expected to have arrived *at* an instant."""
    return minute_of(at - LATE)


def _counters(source: Telemetry, only: Only, stretch: int | None) -> _Track[Following, Counted]:
    """Counters have to be known from before the window on: a baseline comes first."""

    def join(kept: Following | None, new: Counted, keep: int) -> Following:
        assert kept is not None
        return followed(kept, new, keep_minutes=keep)

    return _Track(
        of="interface counters",
        begin=lambda at: begun(at=at, baseline=source.baseline(before=at, only=only)),
        ask=lambda window: source.counters(window, only=only),
        join=join,
        window=lambda kept: kept.window,
        stretch_minutes=stretch or source.stretch_minutes,
    )


def _agents(source: Telemetry, only: Only, stretch: int) -> _Track[Agents, Agents]:
    def join(kept: Agents | None, new: Agents, keep: int) -> Agents:
        before = (None, None) if kept is None else (kept.config, kept.telemetry)
        return Agents(
            config=followed_marks(before[0], new.config, keep_minutes=keep),
            telemetry=followed_marks(before[1], new.telemetry, keep_minutes=keep),
        )

    return _Track(
        of="agents",
        begin=lambda at: None,
        ask=lambda window: source.agents(window, only=only),
        join=join,
        window=lambda kept: kept.config.window,
        stretch_minutes=stretch,
    )


def _qa(source: Telemetry, only: Only, stretch: int) -> _Track[Marked, Marked]:
    return _Track(
        of="QA tests",
        begin=lambda at: None,
        ask=lambda window: source.qa(window, only=only),
        join=lambda kept, new, keep: followed_marks(kept, new, keep_minutes=keep),
        window=lambda kept: kept.window,
        stretch_minutes=stretch,
    )
