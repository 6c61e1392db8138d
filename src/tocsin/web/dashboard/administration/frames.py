"""What stands around every page of the room: where else one can go, as far as one may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tocsin.core.permissions import may_read
from tocsin.web.dashboard.addresses import ADMINISTRATION
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import NOT_SENT, Filled, Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page that one can go to; ``reads`` is the sort of thing that one has to be allowed to
    read."""

    here: str
    title: str
    reads: str

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{ADMINISTRATION}/{self.here}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Places that belong together."""

    name: str
    title: str
    places: tuple[Place, ...]


CHAPTERS: Final = (
    Chapter(
        name="people",
        title="Who is here",
        places=(
            Place(here="members", title="Members", reads="member"),
            Place(here="contributors", title="Contributors", reads="contributor"),
            Place(here="keys", title="Keys", reads="key"),
        ),
    ),
    Chapter(
        name="signals",
        title="What comes in",
        places=(
            Place(here="connectors", title="Connectors", reads="connector"),
            Place(here="inbox", title="Inbox", reads="inbox"),
            Place(here="rules", title="Rules", reads="rule"),
            Place(here="entry-points", title="Entry points", reads="entry_point"),
        ),
    ),
    Chapter(
        name="messages",
        title="What goes out",
        places=(
            Place(here="routes", title="Routes", reads="route"),
            Place(here="deliveries", title="Deliveries", reads="delivery"),
            Place(here="status-pages", title="Status pages", reads="status_page"),
            Place(here="subscriptions", title="Subscriptions", reads="subscription"),
        ),
    ),
    Chapter(
        name="network",
        title="What it is about",
        places=(
            Place(here="services", title="Services", reads="service"),
            Place(here="devices", title="Devices", reads="device"),
            Place(here="links", title="Links", reads="link"),
            Place(here="locations", title="Locations", reads="location"),
            Place(here="policy", title="Policy", reads="policy"),
        ),
    ),
)


def chapters(visit: Visit) -> tuple[Chapter, ...]:
    """Where the reader may go."""
    found = (
        Chapter(
            name=one.name,
            title=one.title,
            places=tuple(
                place for place in one.places if may_read(visit.admitted.access, place.reads)
            ),
        )
        for one in CHAPTERS
    )
    return tuple(one for one in found if one.places)


def room_page(
    visit: Visit, template: str, *, here: str, filled: Filled = NOT_SENT, **values: Any
) -> Page:
    """A page of this room; *here* is the last part of the address of where one is."""
    found = chapters(visit)
    titles = {place.here: place.title for one in found for place in one.places}
    return page(
        visit,
        f"administration/{template}",
        filled=filled,
        here=here,
        here_title=titles.get(here, "Overview"),
        chapters=found,
        **values,
    )
