"""All pages and forms of the dashboard, room by room."""

from __future__ import annotations

from typing import Final

from tocsin.web.dashboard import pages
from tocsin.web.dashboard.addresses import HOME, TICKETS
from tocsin.web.dashboard.routes import Route
from tocsin.web.dashboard.visits import PageAt

ROOMS: Final[tuple[Route, ...]] = (
    PageAt(path=HOME, look=pages.glance_page),
    PageAt(path=TICKETS, look=pages.tickets_page),
)
