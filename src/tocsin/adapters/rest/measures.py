"""The endpoint of measures: how long things take, how many there are, how available it all was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.measure_shapes import (
    MeasuresQuery,
    MeasuresShape,
    csv_of,
    measures_shape,
)
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.adapters.rest.ticket_commands import optional_utc
from tocsin.core.errors import Invalid, invalid
from tocsin.core.measures import Grouping
from tocsin.core.words import Impact
from tocsin.projections.measures import LONGEST, MOST_INCIDENTS, TooMany, Wanted, read_measures
from tocsin.store.contract import ReadTurn

UNLESS_GIVEN: Final = timedelta(days=30)
CSV: Final = "text/csv"
_CSV: Final[Header] = (b"content-type", b"text/csv; charset=utf-8; header=present")

_encode = msgspec.json.Encoder().encode


def _wanted(query: MeasuresQuery, *, now: datetime) -> Wanted:
    """What is asked for.

    Raises:
        Invalid: it ends before it begins, or is too long.
    """
    end = optional_utc(query.to, field="to") or now
    begin = optional_utc(query.from_, field="from")
    if begin is None:
        begin = max(end, datetime.min.replace(tzinfo=UTC) + UNLESS_GIVEN) - UNLESS_GIVEN
    if begin >= end:
        raise invalid("from", "wrong_order", "must be before to")
    if end - begin > LONGEST:
        raise _too_much(f"at most {LONGEST.days} days after from; ask for one part after another")
    return Wanted(
        begin=begin,
        end=end,
        now=now,
        group_by=None if query.group_by is None else Grouping(query.group_by),
        include_cancelled=query.include_cancelled,
        impacts=tuple(Impact(one) for one in query.impact) or (Impact.OUTAGE,),
    )


def _too_much(detail: str) -> Invalid:
    return invalid("to", "too_long", detail)


def _measures(turn: ReadTurn, call: Call[MeasuresQuery, None]) -> Reply:
    wanted = _wanted(call.query, now=call.now())
    try:
        found = read_measures(turn, org_id=call.org_id, wanted=wanted)
    except TooMany:
        raise _too_much(
            f"there are more than {MOST_INCIDENTS} incidents in that time; ask for less of it"
        ) from None
    shape = measures_shape(found, wanted)
    if CSV in (call.header("accept") or ""):
        return Reply(status=200, body=csv_of(shape), content_type=_CSV)
    return Reply(status=200, body=_encode(shape))


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/measures",
        tag="measures",
        summary="Measure incidents: times to detect, acknowledge, mitigate, resolve and close.",
        description=(
            "Counts, means, medians and 95th percentiles of the incidents created from from to to,"
            " and the availability of services, devices and links, each with its definition."
            " Durations are in seconds. What was done a moment ago may be missing: position says"
            " up to where the log was counted. With Accept: text/csv one figure to a line."
        ),
        query=MeasuresQuery,
        answer=MeasuresShape,
        also=(CSV,),
        look=_measures,
        reads="ticket",
    ),
)
