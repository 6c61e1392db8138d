"""Every page and form of the room."""

from __future__ import annotations

from typing import Final

from tocsin.web.dashboard.addresses import ADMINISTRATION
from tocsin.web.dashboard.administration import deliveries, inbox, interfaces, policy
from tocsin.web.dashboard.administration.followers import SUBSCRIPTIONS
from tocsin.web.dashboard.administration.keys import KEYS
from tocsin.web.dashboard.administration.neighbours import CONNECTORS
from tocsin.web.dashboard.administration.offerings import ENTRY_POINTS, SERVICES, STATUS_PAGES
from tocsin.web.dashboard.administration.outgoing import ROUTES
from tocsin.web.dashboard.administration.overview import overview_of
from tocsin.web.dashboard.administration.parties import CONTRIBUTORS, MEMBERS
from tocsin.web.dashboard.administration.places import LOCATIONS
from tocsin.web.dashboard.administration.records import pages_of
from tocsin.web.dashboard.administration.registry import DEVICES, LINKS
from tocsin.web.dashboard.administration.rules import RULES
from tocsin.web.dashboard.visits import FormAt, PageAt

SHEETS: Final = (
    MEMBERS,
    CONTRIBUTORS,
    KEYS,
    CONNECTORS,
    RULES,
    ENTRY_POINTS,
    ROUTES,
    STATUS_PAGES,
    SUBSCRIPTIONS,
    SERVICES,
    DEVICES,
    LINKS,
    LOCATIONS,
)

PAGES: Final[tuple[PageAt | FormAt, ...]] = (
    PageAt(path=ADMINISTRATION, look=overview_of(SHEETS)),
    *(page for sheet in SHEETS for page in pages_of(sheet)),
    *interfaces.forms_of(DEVICES),
    *inbox.PAGES,
    *deliveries.PAGES,
    *policy.PAGES,
)
