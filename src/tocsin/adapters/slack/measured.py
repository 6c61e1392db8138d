"""What ``/incident measures`` answers: how many incidents there were, and how long they took
(Domain: measures). Pure, but for the reading of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from tocsin.adapters.slack.escaping import utc
from tocsin.core.measures import Figures, Grouping, Measure
from tocsin.projections.measures import Measures, TooMany, Wanted, read_measures
from tocsin.store.contract import ReadTurn

UNLESS_SAID: Final = timedelta(days=30)

_SHOWN: Final[Mapping[Measure, str]] = {
    Measure.MTTA: "to acknowledge",
    Measure.MTTR: "to resolve",
}
"""The two that are asked for in a conversation; the rest is on the page of measures."""


def measured(
    turn: ReadTurn, *, org_id: int, span: timedelta, now: datetime, base_url: str | None
) -> str:
    """The incidents created within *span* before *now*, in mrkdwn."""
    wanted = Wanted(begin=now - span, end=now, now=now)
    try:
        found = read_measures(turn, org_id=org_id, wanted=wanted)
    except TooMany:
        return "Those are more incidents than can be measured at once; ask for less of that time."
    return "\n".join(_lines(found, wanted, base_url))


def _lines(found: Measures, wanted: Wanted, base_url: str | None) -> Iterator[str]:
    since = f"since {utc(wanted.begin)}"
    if not found.count:
        yield f"No incident was opened {since}."
    else:
        severities = sorted(
            (str(key), count) for key, count in found.counts[Grouping.SEVERITY].items() if count
        )
        told = ", ".join(f"{count} {severity}" for severity, count in severities)
        noun = "incident" if found.count == 1 else "incidents"
        yield f"*{found.count}* {noun} {since}: {told}"
        for measure, what in _SHOWN.items():
            yield f"*{measure.value.upper()}* ({what}): {_figures(found.overall[measure])}"
    if base_url is not None:
        yield f"<{base_url.rstrip('/')}/measures|All measures>"


def _figures(figures: Figures) -> str:
    if figures.mean is None or figures.median is None:
        return "none so far"
    return (
        f"{_lasting(figures.mean)} on average, median {_lasting(figures.median)}"
        f" (of {figures.count})"
    )


def _lasting(stretch: timedelta) -> str:
    """``40 s``, ``12 min``, ``3 h 53 min``, ``2 d 4 h``: the two greatest units."""
    seconds = round(stretch.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, left = divmod(minutes, 60)
    if hours < 1:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {left} min" if left else f"{hours} h"
    days, left = divmod(hours, 24)
    return f"{days} d {left} h" if left else f"{days} d"
