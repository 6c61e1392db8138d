"""The pages of planned work."""

from __future__ import annotations

from typing import Final

from tocsin.core.errors import Forbidden
from tocsin.core.permissions import may_read
from tocsin.web.dashboard.addresses import MAINTENANCE
from tocsin.web.dashboard.planning.almanac import FILTERS, almanac
from tocsin.web.dashboard.planning.planner import PLAN, plan
from tocsin.web.dashboard.planning.wanted import SPECS
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import Page, PageAt, Visit


def calendar_page(visit: Visit) -> Page:
    """The calendar.

    Raises:
        Forbidden: the reader may not read maintenance.
    """
    _require_reading(visit)
    found = almanac(visit.turn, visit.admitted, visit.fields, at=visit.at)
    return page(
        visit,
        "planning/calendar.html",
        filled=found.filled,
        status=400 if found.filled.errors else 200,
        almanac=found,
        specs=FILTERS,
        plan_address=PLAN,
    )


def planner_page(visit: Visit) -> Page:
    """The planner.

    Raises:
        Forbidden: the reader may not read maintenance.
    """
    _require_reading(visit)
    found = plan(visit.turn, visit.admitted, visit.fields, at=visit.at)
    return page(
        visit,
        "planning/plan.html",
        filled=found.filled,
        status=400 if found.filled.errors else 200,
        plan=found,
        specs={spec.name: spec for spec in SPECS},
        plan_address=PLAN,
    )


def _require_reading(visit: Visit) -> None:
    if not may_read(visit.admitted.access, "maintenance"):
        raise Forbidden("the calendar is for those who may read maintenance")


PAGES: Final[tuple[PageAt, ...]] = (
    PageAt(path=MAINTENANCE, look=calendar_page),
    PageAt(path=PLAN, look=planner_page),
)
