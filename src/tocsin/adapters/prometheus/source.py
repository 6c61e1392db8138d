"""A Prometheus as a source of telemetry: a query for each question, whatever the number of devices
(Provisioning: sources).

Counters are not summed up with ``increase()``: it stretches what it finds to the ends of its
window, so that one error may be 1.02 or none, and after a reset it counts what the counter fell to.
Instead what a counter stands at is asked for minute by minute, and folded here as samples of any
other source are.
"""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

from tocsin.adapters.prometheus import questions
from tocsin.adapters.prometheus.questions import Only, Queries
from tocsin.core.asking import FORM, Asking, NoAnswer, OpenAsking
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.counters import (
    COUNTERS,
    Interface,
    Run,
    instant,
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

NAME: Final = "Prometheus"
_MINUTE: Final = 60_000_000
_END_OF_MINUTE: Final = _MINUTE - 1_000

_Pair: TypeAlias = tuple[float, str]


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[_Pair] = []
    value: _Pair | None = None


class _Data(msgspec.Struct):
    result_type: Literal["matrix", "vector"] = msgspec.field(name="resultType")
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: Literal["success"]
    data: _Data


_ANSWER = msgspec.json.Decoder(_Answer)

_Points: TypeAlias = tuple[Sequence[int], Sequence[int]]
"""Instants (the beginnings of minutes) and values, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """Where it is and how it is asked. With ``user`` goes ``password``; a ``token`` is in place of
    both. ``seconds`` and ``largest_answer`` (bytes) bound each query."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    queries: Queries = field(default_factory=Queries)
    seconds: float = 60.0
    largest_answer: int = 128 * 1024 * 1024


class Prometheus:
    """The :class:`~tocsin.core.provisioning.telemetry.Telemetry` of a Prometheus. ``queries``
    counts what it was asked; many threads may ask at once."""

    # An answer is held as a whole until it is read.
    stretch_minutes: Final = 30

    def __init__(
        self,
        settings: PrometheusSettings,
        *,
        opening: OpenAsking,
    ) -> None:
        """Raises ValueError for an address or a token that nothing can be sent with."""

        def asking(path: str) -> Asking:
            return opening(
                settings.url,
                below=path,
                content=FORM,
                headers=_authorization(settings),
                seconds=settings.seconds,
                largest=settings.largest_answer,
            )

        self._settings = settings
        self._range = asking("/api/v1/query_range")
        self._instant = asking("/api/v1/query")
        self.queries = 0
        self._counting = threading.Lock()

    def baseline(self, *, before: datetime, only: Only = None) -> Counted:
        """What every counter stood at last before an instant; the samples are said to be of the
        start of that stretch, since the instants are not answered."""
        queries = self._settings.queries
        asked_at = microseconds(before) - 1_000
        at = instant(microseconds(before) - 1)
        found: dict[Interface, list[Run | None]] = {}
        for place, counter in enumerate(COUNTERS):
            asked = questions.among(queries.counters[counter], only)
            query = questions.reaching_back(asked, days=queries.baseline_days)
            form = {"query": query, "time": _seconds(asked_at)}
            for series in self._asked(self._instant, form):
                name = self._interface(series.metric, only)
                if name is not None and series.value is not None:
                    value = _number(series.value[1])
                    if value is not None:
                        runs = found.setdefault(name, [None] * len(COUNTERS))
                        runs[place] = Run(at, value, at, value)
        return Counted(
            window=Window(start=before, end=before),
            origin=_origin(queries.counters[COUNTERS[0]], only),
            interfaces={name: tuple(runs) for name, runs in found.items()},
        )

    def counters(self, stretch: Window, *, only: Only = None) -> Counted:
        """What happened in *stretch*."""
        (found,) = self.pieces((stretch.start, stretch.end), only=only)
        return found

    def pieces(self, cuts: Sequence[datetime], *, only: Only = None) -> tuple[Counted, ...]:
        """What happened between each of *cuts* and the next."""
        queries = self._settings.queries
        stretch, parts = Window(start=cuts[0], end=cuts[-1]), between(cuts)
        found: tuple[dict[Interface, list[Run | None]], ...] = tuple({} for _ in parts)
        bits: dict[str, int] = {}
        for place, counter in enumerate(COUNTERS):
            told = set()
            for labels, (instants, values) in self._by_minute(
                queries.counters[counter], stretch, only
            ):
                name = self._interface(labels, only)
                if name is not None:
                    if name in told:
                        raise SourceSilent(NAME, "it has several series of one counter: sum them")
                    told.add(name)
                    for into, span in zip(found, slices(instants, parts), strict=True):
                        run = run_of_columns(instants[span], values[span])
                        if run is not None:
                            into.setdefault(name, [None] * len(COUNTERS))[place] = run
                    bits[name[0]] = bits.get(name[0], 0) | _bits(instants, stretch)
        if queries.heartbeat is not None:
            for labels, (instants, _) in self._by_minute(queries.heartbeat, stretch, only):
                device = self._device(labels, only)
                if device is not None:
                    bits[device] = bits.get(device, 0) | _bits(instants, stretch)
        heard = {device: Minutes(window=stretch, bits=marked) for device, marked in bits.items()}
        return tuple(
            Counted(
                window=part,
                origin=_origin(queries.counters[COUNTERS[0]], only),
                interfaces={name: tuple(runs) for name, runs in into.items()},
                covered={device: within(minutes, part) for device, minutes in heard.items()},
            )
            for part, into in zip(parts, found, strict=True)
        )

    def agents(self, stretch: Window, *, only: Only = None) -> Agents:
        """In which minutes of *stretch* the agents ran."""
        queries = self._settings.queries
        config = self._marked(queries.config_agent, stretch, only, of="the config agent")
        if queries.config_agent_errors is not None:
            config = self._with_errors(config, queries.config_agent_errors, only)
        return Agents(
            config=config,
            telemetry=self._marked(
                queries.telemetry_agent, stretch, only, of="the telemetry agent"
            ),
        )

    def qa(self, stretch: Window, *, only: Only = None) -> Marked:
        """In which minutes of *stretch* QA tests passed, and in which one failed."""
        return self._marked(self._settings.queries.qa, stretch, only, of="QA tests")

    def _marked(self, query: str | None, stretch: Window, only: Only, *, of: str) -> Marked:
        if query is None:
            raise SourceSilent(NAME, f"there is no query for {of}")
        well: dict[str, int] = {}
        ill: dict[str, int] = {}
        for labels, (instants, values) in self._by_minute(query, stretch, only):
            device = self._device(labels, only)
            if device is not None:
                pairs = tuple(zip(instants, values, strict=True))
                for marks, chosen in (
                    (well, [at for at, value in pairs if value > 0]),
                    (ill, [at for at, value in pairs if value <= 0]),
                ):
                    marks[device] = marks.get(device, 0) | _bits(chosen, stretch)
        return Marked(
            window=stretch,
            origin=_origin(query, only),
            devices={
                device: Marks(
                    # Of several that are asked about one is enough to find it ill.
                    well=Minutes(window=stretch, bits=well[device] & ~ill[device]),
                    ill=Minutes(window=stretch, bits=ill[device]),
                )
                for device in well
            },
        )

    def _with_errors(self, marked: Marked, query: str, only: Only) -> Marked:
        """*marked*, in which the minutes are ill in which the counter of *query* rose."""
        stretch = marked.window
        earlier = Window(start=stretch.start - MINUTE, end=stretch.end)
        devices = dict(marked.devices)
        for labels, (instants, values) in self._by_minute(query, earlier, only):
            device = self._device(labels, only)
            rose = [
                at
                for at, before, value in zip(instants[1:], values, values[1:], strict=False)
                if value > before
            ]
            if device is not None and rose:
                nothing = Minutes(window=stretch)
                marks = devices.get(device, Marks(well=nothing, ill=nothing))
                ill = marks.ill.bits | _bits(rose, stretch)
                devices[device] = Marks(
                    well=Minutes(window=stretch, bits=marks.well.bits & ~ill),
                    ill=Minutes(window=stretch, bits=ill),
                )
        return Marked(window=stretch, origin=marked.origin, devices=devices)

    # -- asking ------------------------------------------------------------------------------------

    def _by_minute(
        self, query: str, stretch: Window, only: Only
    ) -> Iterator[tuple[Mapping[str, str], _Points]]:
        """What *query* answers for each minute of *stretch*, series by series."""
        start = microseconds(stretch.start)
        if stretch.minutes == 0:
            return
        form = {
            "query": questions.by_minute(questions.among(query, only)),
            "start": _seconds(start + _END_OF_MINUTE),
            "end": _seconds(microseconds(stretch.end) - 1_000),
            "step": "60",
        }
        for series in self._asked(self._range, form):
            instants, values = [], []
            for seconds, text in series.values:
                value = _number(text)
                if value is not None:
                    values.append(value)
                    instants.append(_minute(seconds))
            if instants:
                if instants[0] < start or instants[-1] >= microseconds(stretch.end):
                    raise SourceSilent(NAME, "its answer has samples of another time")
                yield series.metric, (instants, values)

    def _asked(self, asking: Asking, form: Mapping[str, str]) -> Sequence[_Series]:
        """The series that are answered.

        Raises:
            SourceSilent: there is no answer, or none that can be read.
        """
        with self._counting:
            self.queries += 1
        limit = f"{max(1, math.ceil(self._settings.seconds))}s"
        try:
            asked = urlencode({**form, "timeout": limit}).encode()
            return _ANSWER.decode(asking.answer(asked)).data.result
        except NoAnswer as wrong:
            raise SourceSilent(NAME, wrong.reason) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SourceSilent(NAME, "its answer is none that a query has") from None

    def _device(self, labels: Mapping[str, str], only: Only) -> str | None:
        """The device that *labels* name; None where it is not one that was asked about."""
        names = self._settings.queries.device_labels
        found = next((labels[name] for name in names if labels.get(name)), None)
        # A query of one's own may be about all of them.
        return found if only is None or found in only else None

    def _interface(self, labels: Mapping[str, str], only: Only) -> Interface | None:
        device = self._device(labels, only)
        interface = labels.get(self._settings.queries.interface_label)
        return (device, interface) if device and interface else None


def _authorization(settings: PrometheusSettings) -> dict[str, str]:
    if settings.token is not None:
        return {"authorization": f"Bearer {settings.token}"}
    if settings.user is not None:
        pair = f"{settings.user}:{settings.password or ''}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _origin(query: str, only: Only) -> Origin:
    return Origin(source=NAME, query=questions.by_minute(questions.among(query, only)))


def _seconds(at: int) -> str:
    """Microseconds since 1970 as seconds with milliseconds."""
    return f"{at // 1_000_000}.{at % 1_000_000 // 1_000:03d}"


def _minute(seconds: float) -> int:
    """The beginning of the minute that is evaluated at its end, in microseconds."""
    if not math.isfinite(seconds):
        raise SourceSilent(NAME, "its answer has something else where an instant should be")
    return round(seconds * 1_000) * 1_000 - _END_OF_MINUTE


def _number(text: str) -> int | None:
    """What a counter stands at; None for what is no number."""
    try:
        value = float(text)
    except ValueError:
        raise SourceSilent(NAME, "its answer has something else where a number should be") from None
    if not math.isfinite(value):
        return None
    # A share between 0 and 1 is more than 0, as one that is well has to be.
    return math.ceil(value)


def _bits(instants: Sequence[int], window: Window) -> int:
    start = microseconds(window.start)
    bits = 0
    for at in instants:
        bits |= 1 << (at - start) // _MINUTE
    return bits
