"""What is done to a cluster under load: a plan by chance, and each step of it."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.cluster_ledger import QUIET, WORKERS, Ledger
from bench.cluster_members import Member, Pair
from tocsin.app.background import ALL_DUTIES
from tocsin.store.leasing import LEASE_SECONDS

EVENTS_A_KILL: Final = 250
EVENTS_A_FAILOVER: Final = 2_500
LEAST_KILLS: Final = 4
STILLBORN: Final = 0.2
"""Share of the kills after which the process is killed once more before it is ready."""

LONGEST_AWAY: Final = 0.5
"""Seconds a killed process stays away at most."""

WRITES_WITHIN: Final = 90.0
"""Seconds in which writes must go on after anything that was done."""

TURNED_AWAY_WITHIN: Final = 60.0
TAKEN_OVER_WITHIN: Final = 60.0
WATCH_SECONDS: Final = 0.25

Say = Callable[[str], None]


PAUSE_SECONDS: Final = LEASE_SECONDS + 2.0
"""So long that all duties of a paused dispatcher are another's by the time it wakes."""


def plan(events: int, chance: random.Random) -> list[str]:
    """What to do in the course of so many events, in order; each kill at least once."""
    kills = max(LEAST_KILLS, events // EVENTS_A_KILL)
    rare = events // EVENTS_A_FAILOVER
    steps = ["gateway", "dispatcher"] * (kills // 2) + ["pause"] * rare
    steps += ["failover", "standby"] * max(1, rare)
    chance.shuffle(steps)
    return steps


@dataclass(slots=True)
class Chaos:
    """A run under way: the parts that can be killed, and what was seen of it."""

    pair: Pair
    parts: Sequence[Member]
    ledger: Ledger
    chance: random.Random
    say: Say
    kills: Counter[str] = field(default_factory=Counter)
    vouched_alone: list[str] = field(default_factory=list)
    """Keys that were acknowledged while there was no standby."""

    stops_told: int = 0
    """How often a client was told (503) that there was no writing without a standby."""

    resumed: dict[str, float] = field(default_factory=dict)
    """The longest time from the end of a step to the next acknowledgement, by what was done."""

    taken_over: list[float] = field(default_factory=list)
    not_taken_over: int = 0
    watchers: list[threading.Thread] = field(default_factory=list)

    def step(self, name: str) -> None:
        """Do one thing of the plan, and wait until writes go on.

        Raises:
            ProcessFailed: they do not, or a part has ended by itself.
        """
        self.ledger.phase = name
        # Somebody must want to write all the while, or a stop would not be seen.
        before = self.ledger.started
        self.ledger.allow(float("inf"))
        if name == "failover":
            self._fail_over()
        elif name == "standby":
            self._lose_standby()
        elif name == "pause":
            self._pause(self._one_of("dispatcher"))
        else:
            self._kill(self._one_of(name))
        mended = time.monotonic()
        so_far = self.ledger.acknowledged
        self.ledger.wait_for_acknowledged(so_far + 1, within=WRITES_WITHIN)
        self.resumed[name] = max(self.resumed.get(name, 0.0), time.monotonic() - mended)
        self.ledger.wait_for_acknowledged(so_far + WORKERS, within=WRITES_WITHIN)
        self.ledger.phase = QUIET
        self.say(f"{name}: {self.ledger.started - before} writes begun meanwhile")

    def _one_of(self, role: str) -> Member:
        return self.chance.choice([one for one in self.parts if one.role == role])

    def _kill(self, part: Member) -> None:
        """Kill a process and start it again, perhaps twice."""
        again = self.chance.random() < STILLBORN
        self._strike(part)
        time.sleep(self.chance.uniform(0.0, LONGEST_AWAY))
        part.start()
        if again:
            time.sleep(self.chance.uniform(0.0, LONGEST_AWAY))
            part.kill()
            self.kills[part.role] += 1
            part.start()
        part.wait()

    def _pause(self, part: Member) -> None:
        """Have a dispatcher stand still, and wake as one whose duties are another's."""
        part.signal(signal.SIGSTOP)
        self.kills["paused"] += 1
        time.sleep(PAUSE_SECONDS)
        part.signal(signal.SIGCONT)

    def _strike(self, part: Member) -> None:
        part.kill()
        self.kills[part.role] += 1
        if part.role == "dispatcher":
            watcher = threading.Thread(target=self._watch, args=(time.time(), time.monotonic()))
            self.watchers.append(watcher)
            watcher.start()

    def _watch(self, killed_at: float, began: float) -> None:
        """Until each duty is held by somebody who was heard of after the kill."""
        while time.monotonic() - began < TAKEN_OVER_WITHIN:
            expiries = self.pair.expiries()
            if all(expiries.get(one, 0.0) > killed_at + LEASE_SECONDS for one in ALL_DUTIES):
                self.taken_over.append(time.monotonic() - began)
                return
            time.sleep(WATCH_SECONDS)
        self.not_taken_over += 1

    def _fail_over(self) -> None:
        """Kill the primary, perhaps with a process, and promote its standby."""
        part = self._one_of("dispatcher") if self.chance.random() < 0.5 else None
        if part is not None:
            self._strike(part)
        self.pair.fail_over()
        self.kills["primary"] += 1
        if part is not None:
            part.start()
        self.pair.replace_standby()
        if part is not None:
            part.wait()

    def _lose_standby(self) -> None:
        """Kill the only standby, perhaps with a gateway; nothing may be acknowledged without."""
        part = self._one_of("gateway") if self.chance.random() < 0.5 else None
        self.pair.standby.kill()
        self.kills["standby"] += 1
        away = time.monotonic()
        if part is not None:
            self._strike(part)
            part.start()
        told = self.ledger.wait_for_turning_away(within=TURNED_AWAY_WITHIN)
        # What was begun before may have been on both disks by then.
        with self.ledger.changed:
            self.vouched_alone += [
                one.key
                for one in self.ledger.writes.values()
                if one.began > away and one.answered is not None
            ]
        self.stops_told += told
        self.pair.standby.start()
        self.pair.wait_for_standby()
        if part is not None:
            part.wait()
