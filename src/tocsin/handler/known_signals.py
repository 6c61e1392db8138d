"""The alerts that a turn of the writer can see: those in the store, and over them what the turn has
heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from tocsin.core.words import SignalState
from tocsin.store.arrivals import HeardAgain, KnownSignal, signals_in
from tocsin.store.contract import Batch, WriteTurn


class KnownSignals:
    """One org's alerts, for one turn. What is put here goes into the batch at its end."""

    def __init__(self, turn: WriteTurn, org_id: int, *, expected: int) -> None:
        """*expected* bounds how many things this turn hears."""
        self._turn = turn
        self._org_id = org_id
        self._expected = expected
        self._rows: dict[str, KnownSignal | None] = {}
        self._changed: dict[str, KnownSignal] = {}
        self._repeats: dict[str, HeardAgain] = {}
        self._found: dict[tuple[str, str], list[str]] = {}
        self._firing: dict[str, set[str]] = {}
        self._new: dict[tuple[str, int], int] = {}

    def load(self, fingerprints: Iterable[str]) -> None:
        """Read those that are not read yet, in one go."""
        missing = [one for one in dict.fromkeys(fingerprints) if one not in self._rows]
        if missing:
            self._rows.update(dict.fromkeys(missing))
            self._remember(signals_in(self._turn, self._org_id, "fingerprint", missing))

    def _remember(self, rows: Iterable[KnownSignal]) -> None:
        for row in rows:
            # What the turn has heard since is newer.
            if self._rows.get(row.fingerprint) is None:
                self._rows[row.fingerprint] = row

    def get(self, fingerprint: str) -> KnownSignal | None:
        """The alert as it stands now."""
        if fingerprint not in self._rows:
            self.load((fingerprint,))
        return self._rows[fingerprint]

    @property
    def rows(self) -> Collection[KnownSignal]:
        """All that were looked at so far."""
        return [row for row in self._rows.values() if row is not None]

    def with_value(self, column: str, value: str) -> list[KnownSignal]:
        """Those whose ``correlation_key`` or ``trace_id``, by *column*, is *value*."""
        place = (column, value)
        if place not in self._found:
            rows = signals_in(self._turn, self._org_id, column, (value,))
            self._remember(rows)
            self._found[place] = [row.fingerprint for row in rows]
        names = dict.fromkeys(self._found[place])
        names.update(
            (name, None) for name, row in self._changed.items() if getattr(row, column) == value
        )
        found = (self._rows[name] for name in names)
        return [row for row in found if row is not None and getattr(row, column) == value]

    def named(self, key: str) -> list[KnownSignal]:
        """Those that a source means by *key*: it is their correlation key, or their fingerprint,
        where a rule gave them a key of its own."""
        found = self.with_value("correlation_key", key)
        own = self.get(key)
        if own is not None and own.correlation_key != key:
            found.append(own)
        return found

    def put(self, row: KnownSignal) -> None:
        """The alert stands so from now on."""
        before = self._rows.get(row.fingerprint)
        for stream in {row.stream, None if before is None else before.stream}:
            if stream is not None and stream in self._firing:
                firing = row.state == SignalState.FIRING.value and row.stream == stream
                (self._firing[stream].add if firing else self._firing[stream].discard)(
                    row.fingerprint
                )
        if row.new_at is not None and (before is None or before.new_at != row.new_at):
            for (rule_id, since), count in self._new.items():
                if rule_id == row.rule_id and row.new_at >= since:
                    self._new[rule_id, since] = count + 1
        again = self._repeats.pop(row.fingerprint, None)
        if again is not None:
            row = replace(row, times=row.times + again.times)
            if again.arrival > row.arrival:
                # Made of how it stood before it was heard again: when it was stays true.
                row = replace(
                    row,
                    arrival=again.arrival,
                    last_seen=again.last_seen,
                    expires_at=None if row.expires_at is None else again.expires_at,
                )
        self._rows[row.fingerprint] = row
        self._changed[row.fingerprint] = row

    def repeated(
        self, row: KnownSignal, *, number: int, at: datetime, expires_at: datetime | None
    ) -> None:
        """The alert was heard again, and says nothing new."""
        name = row.fingerprint
        if name in self._changed:
            self._changed[name] = self._rows[name] = replace(
                row, times=row.times + 1, arrival=number, last_seen=at, expires_at=expires_at
            )
            return
        before = self._repeats.get(name)
        self._repeats[name] = HeardAgain(
            org_id=self._org_id,
            fingerprint=name,
            times=1 if before is None else before.times + 1,
            arrival=number,
            last_seen=at,
            expires_at=expires_at,
        )

    def seen_last(self, row: KnownSignal) -> int:
        """The number of the newest payload that told of it."""
        again = self._repeats.get(row.fingerprint)
        return row.arrival if again is None else max(again.arrival, row.arrival)

    def expires_at(self, row: KnownSignal) -> datetime | None:
        """When it is over unless it is heard again, by its newest word."""
        again = self._repeats.get(row.fingerprint)
        return row.expires_at if again is None else again.expires_at

    def others_fire(self, stream: str, *, besides: str) -> bool:
        """Whether another alert than *besides* is firing on the ticket *stream*."""
        firing = self._firing.get(stream)
        if firing is None:
            # No more can end in this turn than it hears, so that one more is enough to know.
            limit = self._expected + len(self._changed) + 1
            rows = self._turn.select(
                "SELECT fingerprint FROM signals WHERE org_id = ? AND stream = ? AND state = ?"
                " LIMIT ?",
                (self._org_id, stream, SignalState.FIRING.value, limit),
                org_id=self._org_id,
            )
            firing = {name for (name,) in rows}
            for name, row in self._changed.items():
                if row.stream == stream and row.state == SignalState.FIRING.value:
                    firing.add(name)
                else:
                    firing.discard(name)
            self._firing[stream] = firing
        return bool(firing - {besides})

    def new_under(self, rule_id: str, *, since: int, limit: int) -> int:
        """How many keys were new under that rule from the number *since* on; at most *limit*, and
        what this turn has added."""
        place = (rule_id, since)
        if place not in self._new:
            rows: Any = self._turn.select(
                "SELECT count(*) FROM (SELECT 1 FROM signals WHERE org_id = ? AND rule_id = ?"
                " AND new_at >= ? AND new_at IS NOT NULL LIMIT ?) AS found",
                (self._org_id, rule_id, since, limit),
                org_id=self._org_id,
            )
            self._new[place] = rows[0][0] + sum(
                row.rule_id == rule_id and row.new_at is not None and row.new_at >= since
                for row in self._changed.values()
            )
        return self._new[place]

    def into(self, batch: Batch) -> None:
        """Hand over what has changed; nothing is heard after that."""
        batch.signals += self._changed.values()
        batch.repeats += self._repeats.values()
