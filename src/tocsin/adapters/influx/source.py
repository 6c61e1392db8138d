"""An InfluxDB as a source of telemetry: a query for each question, whatever the number of devices
(Provisioning: sources).

Samples are read as they are and summed up here. On the Debian package of InfluxDB 1.6 that is three
times faster than letting it sum up differences in subqueries, and it tells the minutes that devices
were heard in at the same time; where samples come more often than once a minute, or the database is
far away, ``summed_there`` has it do the sums, with the same result.
"""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias, assert_never
from urllib.parse import urlencode

import msgspec

from tocsin.adapters.influx import questions
from tocsin.adapters.influx.questions import Names
from tocsin.core.asking import FORM, NoAnswer, OpenAsking
from tocsin.core.provisioning.counters import (
    COUNTERS,
    NOTHING_COUNTED,
    Interface,
    Run,
    Runs,
    instant,
    joined_runs,
    microseconds,
    run_of_columns,
)
from tocsin.core.provisioning.courses import between, slices
from tocsin.core.provisioning.coverage import Minutes, within
from tocsin.core.provisioning.telemetry import (
    Agents,
    Counted,
    Marked,
    Marks,
    Origin,
    SourceSilent,
)
from tocsin.core.provisioning.windows import Window

NAME: Final = "InfluxDB"
_MINUTE: Final = 60_000_000
_FROM_THERE: Final = 120
"""Characters of what the database says of itself that an operator is shown."""

_Value: TypeAlias = int | float | bool | str | None
_Column: TypeAlias = Sequence[_Value]


class _Series(msgspec.Struct):
    tags: dict[str, str] = {}
    values: list[list[_Value]] = []
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str | None = None
    partial: bool = False


class _Answer(msgspec.Struct):
    results: list[_Result]


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxSettings:
    """Where the database is and how it is asked. With ``user`` goes ``password``; a ``token`` is in
    place of both. ``seconds`` and ``largest_answer`` (bytes) bound each query."""

    url: str
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    names: Names = field(default_factory=Names)
    seconds: float = 60.0
    largest_answer: int = 128 * 1024 * 1024
    summed_there: bool = False


class Influx:
    """The :class:`~tocsin.core.provisioning.telemetry.Telemetry` of an InfluxDB; it keeps nothing
    about agents. ``queries`` counts what it was asked; many threads may ask at once."""

    # It reads whole blocks of samples, however few of them are asked for, and the answer is never
    # held as a whole; what bounds a stretch is the time that a query may take.
    stretch_minutes: Final = 60

    def __init__(
        self,
        settings: InfluxSettings,
        *,
        opening: OpenAsking,
    ) -> None:
        """Raises ValueError for an address or a token that nothing can be sent with."""
        self._settings = settings
        self._asking = opening(
            settings.url,
            below="/query",
            content=FORM,
            headers=_authorization(settings),
            seconds=settings.seconds,
            largest=settings.largest_answer,
        )
        self.queries = 0
        self._counting = threading.Lock()

    def baseline(self, *, before: datetime, only: frozenset[str] | None = None) -> Counted:
        """What every counter stood at last before an instant; the samples are said to be of the
        start of that stretch, since the database does not tell the instants of several."""
        query = questions.last_samples(self._settings.names, before, only)
        at = instant(microseconds(before) - 1)
        found: dict[Interface, Runs] = {}
        for name, columns in self._by_interface(self._asked(query)[0], len(COUNTERS)):
            values = (_counters(column)[0] for column in columns[1:])
            found[name] = tuple(
                None if value is None else Run(at, value, at, value) for value in values
            )
        return Counted(
            window=Window(start=before, end=before), origin=_origin(query), interfaces=found
        )

    def counters(self, stretch: Window, *, only: frozenset[str] | None = None) -> Counted:
        """What happened in *stretch*."""
        if self._settings.summed_there:
            return self._summed(stretch, only)
        query = questions.samples(self._settings.names, stretch, only)
        fields = len(COUNTERS) + len(self._settings.names.heartbeat_fields)
        interfaces: dict[Interface, Runs] = {}
        bits: dict[str, int] = {}
        for name, columns in self._by_interface(self._told(query), fields):
            instants = _instants(columns[0])
            values = columns[1 : 1 + len(COUNTERS)]
            runs = tuple(run_of_columns(instants, _counters(column)) for column in values)
            if runs != NOTHING_COUNTED:
                # A series that is long comes in several parts, the oldest first.
                before = interfaces.get(name)
                interfaces[name] = runs if before is None else joined_runs(before, runs)
            bits[name[0]] = bits.get(name[0], 0) | _bits(instants, stretch)
        return Counted(
            window=stretch,
            origin=_origin(query),
            interfaces=interfaces,
            covered=_minutes(bits, stretch),
        )

    def pieces(
        self, cuts: Sequence[datetime], *, only: frozenset[str] | None = None
    ) -> tuple[Counted, ...]:
        """What happened between each of *cuts* and the next, from samples as they are."""
        stretch, parts = Window(start=cuts[0], end=cuts[-1]), between(cuts)
        query = questions.samples(self._settings.names, stretch, only)
        fields = len(COUNTERS) + len(self._settings.names.heartbeat_fields)
        found: tuple[dict[Interface, Runs], ...] = tuple({} for _ in parts)
        bits: dict[str, int] = {}
        for name, columns in self._by_interface(self._asked(query)[0], fields):
            instants = _instants(columns[0])
            values = [_counters(column) for column in columns[1 : 1 + len(COUNTERS)]]
            for into, span in zip(found, slices(instants, parts), strict=True):
                runs = tuple(run_of_columns(instants[span], one[span]) for one in values)
                if runs != NOTHING_COUNTED:
                    into[name] = runs
            bits[name[0]] = bits.get(name[0], 0) | _bits(instants, stretch)
        heard = _minutes(bits, stretch)
        return tuple(
            Counted(
                window=part,
                origin=_origin(query),
                interfaces=into,
                covered={device: within(minutes, part) for device, minutes in heard.items()},
            )
            for part, into in zip(parts, found, strict=True)
        )

    def agents(self, stretch: Window, *, only: frozenset[str] | None = None) -> Agents:
        """Raises SourceSilent: nothing about agents is kept here."""
        raise SourceSilent(NAME, "nothing about agents is kept there")

    def qa(self, stretch: Window, *, only: frozenset[str] | None = None) -> Marked:
        """In which minutes of *stretch* QA tests passed, and in which one failed."""
        query = questions.qa_tests(self._settings.names, stretch, only)
        devices = {}
        for tags, columns in _series(self._asked(query)[0], 1):
            tests = list(zip(_instants(columns[0]), columns[1], strict=True))
            passed = [at for at, value in tests if _truth(value)]
            failed = [at for at, value in tests if not _truth(value)]
            if device := tags.get(self._settings.names.qa_device_tag):
                devices[device] = Marks(
                    well=Minutes(window=stretch, bits=_bits(passed, stretch)),
                    ill=Minutes(window=stretch, bits=_bits(failed, stretch)),
                )
        return Marked(window=stretch, origin=_origin(query), devices=devices)

    # -- summed up there ---------------------------------------------------------------------------

    def _summed(self, stretch: Window, only: frozenset[str] | None) -> Counted:
        query = questions.sums(self._settings.names, stretch, only)
        coverage = questions.covered_minutes(self._settings.names, stretch, only)
        results = self._asked(query)
        size = questions.STATEMENTS_OF_A_SUM
        interfaces: dict[Interface, list[Run | None]] = {}
        for place in range(len(COUNTERS)):
            first, last, rises, changes, rose = (
                dict(self._by_interface(result, 2 if number == _RISES else 1))
                for number, result in enumerate(results[place * size : (place + 1) * size])
            )
            for name in first.keys() & last.keys():
                runs = interfaces.setdefault(name, [None] * len(COUNTERS))
                runs[place] = _run(
                    first[name],
                    last[name],
                    rises=rises.get(name),
                    changes=changes.get(name),
                    rose=rose.get(name),
                )
        fields = len(COUNTERS) + len(self._settings.names.heartbeat_fields)
        bits: dict[str, int] = {}
        for tags, columns in _series(self._asked(coverage)[0], fields):
            if device := tags.get(self._settings.names.device_tag):
                marked = [
                    at
                    for at, *counts in zip(_instants(columns[0]), *columns[1:], strict=True)
                    if any(counts)
                ]
                bits[device] = bits.get(device, 0) | _bits(marked, stretch)
        return Counted(
            window=stretch,
            origin=_origin(query.partition(";")[0]),
            interfaces={name: tuple(runs) for name, runs in interfaces.items()},
            covered=_minutes(bits, stretch),
        )

    # -- asking ------------------------------------------------------------------------------------

    def _asked(self, query: str) -> Sequence[Sequence[_Series]]:
        """The answers to the statements of *query*.

        Raises:
            SourceSilent: there are none.
        """
        results = _results(b"".join(self._pieces(query, chunked=False)))
        if any(_is_partial(result) for result in results):
            raise SourceSilent(NAME, _IN_PART)
        if len(results) != query.count(";") + 1:
            raise SourceSilent(NAME, _NOT_ANSWERED)
        return [result.series for result in results]

    def _told(self, query: str) -> Iterator[_Series]:
        """The answer to the one statement of *query*, series by series as they come, so that it is
        never held as a whole; a long series comes in parts.

        Raises:
            SourceSilent: there is none, or it ends before it is complete.
        """
        is_partial: bool | None = None
        for line in _lines(self._pieces(query, chunked=True)):
            for result in _results(line):
                is_partial = _is_partial(result)
                yield from result.series
        if is_partial is None:
            raise SourceSilent(NAME, _NOT_ANSWERED)
        if is_partial:
            raise SourceSilent(NAME, _IN_PART)

    def _pieces(self, query: str, *, chunked: bool) -> Iterator[bytes]:
        with self._counting:
            self.queries += 1
        form = {
            "db": self._settings.database,
            "epoch": "u",
            "chunked": "true" if chunked else "false",
            "q": query,
        }
        try:
            yield from self._asking.pieces(urlencode(form).encode())
        except NoAnswer as wrong:
            raise SourceSilent(NAME, wrong.reason) from None

    def _by_interface(
        self, answer: Iterable[_Series], fields: int
    ) -> Iterator[tuple[Interface, Sequence[_Column]]]:
        """The columns of each interface, as :func:`_series`; what has no name is left out."""
        names = self._settings.names
        for tags, columns in _series(answer, fields):
            device, interface = tags.get(names.device_tag), tags.get(names.interface_tag)
            if device and interface:
                yield (device, interface), columns


def _authorization(settings: InfluxSettings) -> dict[str, str]:
    if settings.token is not None:
        return {"authorization": f"Token {settings.token}"}
    if settings.user is not None:
        pair = f"{settings.user}:{settings.password or ''}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _origin(query: str) -> Origin:
    return Origin(source=NAME, query=questions.as_text(query))


def _minutes(bits: dict[str, int], window: Window) -> dict[str, Minutes]:
    return {device: Minutes(window=window, bits=marked) for device, marked in bits.items()}


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:_FROM_THERE])


# -- reading ---------------------------------------------------------------------------------------


_IN_PART: Final = "it answers in part only: a limit of its own"
_NOT_ANSWERED: Final = "it leaves a question without an answer"


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that *pieces* make up, but for empty ones: each is a part of an answer."""
    begun: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        if others:
            yield from filter(None, (b"".join(begun), *others[:-1]))
            begun = [others[-1]]
    yield from filter(None, (b"".join(begun),))


def _results(text: bytes) -> list[_Result]:
    """What *text* answers.

    Raises:
        SourceSilent: it is no answer, or a refusal.
    """
    try:
        results = _ANSWER.decode(text).results
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SourceSilent(NAME, "its answer is none that InfluxQL has") from None
    for result in results:
        if result.error is not None:
            raise SourceSilent(NAME, f"it refuses: {_printable(result.error)}")
    return results


def _is_partial(result: _Result) -> bool:
    """Whether something is still to come, or was left out."""
    return result.partial or any(series.partial for series in result.series)


_RISES: Final = 2
"""Which of the statements of a sum answers two columns."""


def _series(
    answer: Iterable[_Series], fields: int
) -> Iterator[tuple[dict[str, str], Sequence[_Column]]]:
    """The tags and the columns of each series that has rows: the instants, and so many *fields*.

    Raises:
        SourceSilent: a row has more columns, or fewer.
    """
    for series in answer:
        if set(map(len, series.values)) - {fields + 1}:
            raise SourceSilent(NAME, "its answer has other columns than it was asked for")
        if series.values:
            yield series.tags, tuple(zip(*series.values, strict=True))


def _run(
    first: Sequence[_Column],
    last: Sequence[_Column],
    *,
    rises: Sequence[_Column] | None,
    changes: Sequence[_Column] | None,
    rose: Sequence[_Column] | None,
) -> Run | None:
    begins, ends = _counter(first[1][0]), _counter(last[1][0])
    if begins is None or ends is None:
        return None
    increase, not_fallen = (_counter(column[0]) or 0 for column in (rises or _ZEROS)[1:])
    changed = _counter((changes or _ZEROS)[1][0]) or 0
    return Run(
        instant(_instants(first[0])[0]),
        begins,
        instant(_instants(last[0])[0]),
        ends,
        increase,
        changed - not_fallen,
        None if rose is None else instant(_instants(rose[0])[0]),
    )


_ZEROS: Final[Sequence[_Column]] = ((0,), (0,), (0,))


def _bits(instants: Sequence[int], window: Window) -> int:
    """The minutes of *window* that the *instants* are in.

    Raises:
        SourceSilent: one is outside.
    """
    start = microseconds(window.start)
    places = {(at - start) // _MINUTE for at in instants}
    if places and not (min(places) >= 0 and max(places) < window.minutes):
        raise SourceSilent(NAME, "its answer has samples of another time")
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


def _instants(column: _Column) -> Sequence[int]:
    if set(map(type, column)) != {int}:
        raise SourceSilent(NAME, "its answer has something else where an instant should be")
    return column  # type: ignore[return-value]


def _counters(column: _Column) -> Sequence[int | None]:
    if set(map(type, column)) <= _WHOLE:
        return column  # type: ignore[return-value]
    return [_counter(value) for value in column]


_WHOLE: Final = frozenset({int, type(None)})


def _counter(value: _Value) -> int | None:
    """What a counter stands at; a fraction is cut, as no counter has one."""
    if value is None:
        return None
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise SourceSilent(NAME, "its answer has something else where a counter should be")
    return int(value)


def _truth(value: _Value) -> bool:
    match value:
        case bool():
            return value
        case int() | float():
            return value > 0
        case str():
            return value.strip().lower() in ("true", "t", "yes", "1", "pass", "passed", "success")
        case None:
            return False
        case _:
            assert_never(value)
