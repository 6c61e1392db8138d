"""All pages and forms of the dashboard, room by room."""

from __future__ import annotations

from typing import Final

from tocsin.web.dashboard import pages
from tocsin.web.dashboard.addresses import HOME, TICKETS
from tocsin.web.dashboard.administration.pages import PAGES as ADMINISTRATION
from tocsin.web.dashboard.measuring.pages import PAGES as MEASURING
from tocsin.web.dashboard.network.pages import PAGES as NETWORK
from tocsin.web.dashboard.opening.pages import PAGES as OPENING
from tocsin.web.dashboard.planning.pages import PAGES as PLANNING
from tocsin.web.dashboard.routes import Route
from tocsin.web.dashboard.visits import PageAt
from tocsin.web.dashboard.warroom.pages import PAGES as WAR_ROOM

ROOMS: Final[tuple[Route, ...]] = (
    PageAt(path=HOME, look=pages.glance_page),
    PageAt(path=TICKETS, look=pages.tickets_page),
    *OPENING,
    *WAR_ROOM,
    *PLANNING,
    *NETWORK,
    *MEASURING,
    *ADMINISTRATION,
)
