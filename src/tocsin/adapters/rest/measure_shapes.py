"""What measures are asked by and told in: JSON, and the same as CSV (API: measures)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from io import StringIO
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from tocsin.adapters.rest.ticket_bodies import Instant as AnyInstant
from tocsin.adapters.rest.ticket_bodies import Query
from tocsin.core.instants import to_text
from tocsin.core.measures import (
    AVAILABILITY,
    COUNTS,
    MEASURES,
    POPULATION,
    STATISTICS,
    Availability,
    Figures,
    Measure,
)
from tocsin.projections.measures import Measures, Wanted

By = Literal["severity", "status", "service", "contributor", "root_cause", "day", "week", "month"]
ImpactWord = Annotated[
    Literal["no_impact", "reduced_redundancy", "degraded", "outage"],
    Meta(description="Whose incidents make a thing unavailable: outage, unless given."),
]

From = Annotated[
    AnyInstant,
    Meta(
        description="Incidents created at or after; 30 days before to, unless given.",
        examples=["2026-10-01T00:00:00Z"],
    ),
]
To = Annotated[
    AnyInstant,
    Meta(
        description="Incidents created before; now, unless given. At most 366 days after from.",
        examples=["2026-11-01T00:00:00Z"],
    ),
]


class MeasuresQuery(Query):
    """Which incidents, in which groups, and which impact makes a thing unavailable."""

    from_: From | None = msgspec.field(default=None, name="from")
    to: To | None = None
    group_by: Annotated[By, Meta(description="Have the measures of each group, too.")] | None = None
    include_cancelled: Annotated[bool, Meta(description="Count cancelled incidents, too.")] = False
    impact: list[ImpactWord] = msgspec.field(default_factory=list)


class MeasureShape(Struct, kw_only=True):
    """A measure of some incidents: how many have it, and seconds, null where none has."""

    measure: str
    count: int
    mean_seconds: float | None
    median_seconds: float | None
    p95_seconds: float | None


class DefinedMeasure(MeasureShape, kw_only=True):
    """A measure of all incidents, and what it means."""

    definition: str


class CountShape(Struct, kw_only=True):
    """How many incidents have ``key``; null: those that have none."""

    key: str | None
    count: int


class CountsShape(Struct, kw_only=True):
    """Incidents counted by something."""

    by: str
    definition: str
    items: list[CountShape]


class GroupShape(Struct, kw_only=True):
    """The measures of the incidents that have ``key``; null: of those that have none."""

    key: str | None
    count: int
    measures: list[MeasureShape]


class AvailableShape(Struct, kw_only=True):
    """How available a service, device or link was: ``share`` is between 0 and 1.

    ``pubkey`` is null for a service, ``code`` for an asset that is gone.
    """

    code: str | None
    pubkey: str | None
    share: float
    down_seconds: float


class AvailabilityShape(Struct, kw_only=True):
    """Everything that was not available all the time, the worst first."""

    definition: str
    impact: list[str]
    services: list[AvailableShape]
    devices: list[AvailableShape]
    links: list[AvailableShape]


class MeasuresShape(Struct, kw_only=True, rename={"from_": "from"}):
    """Measures of an org, counted up to ``position`` of its log, each with its definition.

    ``statistics`` says what count, mean, median and p95 mean; ``groups`` is empty unless group_by
    asks for it.
    """

    from_: str
    to: str
    position: int
    population: str
    include_cancelled: bool
    count: int
    statistics: dict[str, str]
    measures: list[DefinedMeasure]
    counts: list[CountsShape]
    group_by: str | None
    groups: list[GroupShape]
    availability: AvailabilityShape


def measures_shape(found: Measures, wanted: Wanted) -> MeasuresShape:
    """What was *found* of what was *wanted*."""
    return MeasuresShape(
        from_=to_text(wanted.begin),
        to=to_text(wanted.end),
        position=found.position,
        population=POPULATION,
        include_cancelled=wanted.include_cancelled,
        count=found.count,
        statistics=dict(STATISTICS),
        measures=[
            DefinedMeasure(
                **msgspec.structs.asdict(_measure(measure, found.overall[measure])),
                definition=MEASURES[measure],
            )
            for measure in Measure
        ],
        counts=[
            CountsShape(
                by=grouping.value,
                definition=COUNTS[grouping],
                items=[CountShape(key=key, count=count) for key, count in counted.items()],
            )
            for grouping, counted in found.counts.items()
        ],
        group_by=None if wanted.group_by is None else wanted.group_by.value,
        groups=[
            GroupShape(
                key=group.key,
                count=group.count,
                measures=[_measure(measure, group.measures[measure]) for measure in Measure],
            )
            for group in found.groups
        ],
        availability=AvailabilityShape(
            definition=AVAILABILITY,
            impact=sorted(one.value for one in set(wanted.impacts)),
            services=[
                AvailableShape(
                    code=one.key, pubkey=None, share=one.share, down_seconds=_seconds(one.down)
                )
                for one in found.services
            ],
            devices=_assets(found.devices, found.codes),
            links=_assets(found.links, found.codes),
        ),
    )


def _measure(measure: Measure, figures: Figures) -> MeasureShape:
    return MeasureShape(
        measure=measure.value,
        count=figures.count,
        mean_seconds=_optional_seconds(figures.mean),
        median_seconds=_optional_seconds(figures.median),
        p95_seconds=_optional_seconds(figures.p95),
    )


def _optional_seconds(span: timedelta | None) -> float | None:
    return None if span is None else _seconds(span)


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _assets(found: Sequence[Availability], codes: Mapping[str, str]) -> list[AvailableShape]:
    return [
        AvailableShape(
            code=codes.get(one.key),
            pubkey=one.key,
            share=one.share,
            down_seconds=_seconds(one.down),
        )
        for one in found
    ]


# -- the same as lines -----------------------------------------------------------------------------

COLUMNS: Final = (
    "figure",
    "by",
    "key",
    "count",
    "mean_seconds",
    "median_seconds",
    "p95_seconds",
    "share",
    "down_seconds",
    "definition",
)

Line = dict[str, object]


def csv_of(shape: MeasuresShape) -> bytes:
    """*shape* as CSV with a heading: one figure to a line, its definition at the end.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    written = StringIO()
    lines = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\r\n")
    lines.writeheader()
    for line in _lines(shape):
        lines.writerow({name: _cell(value) for name, value in line.items()})
    return written.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value


def _lines(shape: MeasuresShape) -> Iterator[Line]:
    yield {"figure": "incidents", "count": shape.count, "definition": shape.population}
    definitions = {one.measure: one.definition for one in shape.measures}
    for measure in shape.measures:
        yield _line(measure, definitions)
    for counts in shape.counts:
        for one in counts.items:
            yield {
                "figure": "incidents",
                "by": counts.by,
                "key": one.key,
                "count": one.count,
                "definition": counts.definition,
            }
    for group in shape.groups:
        for of_group in group.measures:
            yield {**_line(of_group, definitions), "by": shape.group_by, "key": group.key}
    for by, found in (
        ("service", shape.availability.services),
        ("device", shape.availability.devices),
        ("link", shape.availability.links),
    ):
        for thing in found:
            yield {
                "figure": "availability",
                "by": by,
                "key": thing.code or thing.pubkey,
                "share": thing.share,
                "down_seconds": thing.down_seconds,
                "definition": shape.availability.definition,
            }


def _line(one: MeasureShape, definitions: Mapping[str, str]) -> Line:
    return {
        "figure": one.measure,
        "count": one.count,
        "mean_seconds": one.mean_seconds,
        "median_seconds": one.median_seconds,
        "p95_seconds": one.p95_seconds,
        "definition": definitions[one.measure],
    }
