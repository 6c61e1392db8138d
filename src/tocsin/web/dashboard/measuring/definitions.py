"""What the figures mean, for those who look at them; :mod:`tocsin.core.measures` says the same in
the words of the API, which stand in every CSV."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.core.measures import COUNTS, Grouping, Measure

POPULATION: Final = (
    "Incidents recorded on these days; cancelled ones only where they are asked for. A reopened one"
    " counts once, as it stands now."
)
MEASURES: Final[Mapping[Measure, str]] = MappingProxyType(
    {
        Measure.MTTD: (
            "From when it began to when it was recorded, of incidents whose beginning was told."
        ),
        Measure.MTTA: "From when it was detected to when somebody took it.",
        Measure.MTTM: (
            "From when it began to when it first was watched, resolved or closed: the worst was"
            " over."
        ),
        Measure.MTTR: (
            "From when it began to when it was resolved; for a reopened one, the last time."
        ),
        Measure.MTTC: "From when it began to when its record was closed.",
    }
)
AVAILABILITY: Final = (
    "The share of these days, up to now, without an open incident of that impact. An incident is"
    " open from when it began until it was resolved, closed or cancelled, and again while it is"
    " reopened. Several at once count once. What is not listed was available all the time."
)


def counted(grouping: Grouping) -> str:
    """What is counted by that *grouping*."""
    if grouping is Grouping.ROOT_CAUSE:
        return "Incidents by root cause; “none given” where nobody has said one."
    return COUNTS[grouping]
