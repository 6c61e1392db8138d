"""The bodies of status pages, and the shape in which they are answered (API: status pages)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tocsin.adapters.rest.record_bodies import Id, Name
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.core.logos import LONGEST_LOGO
from tocsin.core.record_reading import LONGEST_URL
from tocsin.core.status_pages import (
    LONGEST_ABOUT,
    LONGEST_SLUG,
    LONGEST_ZONE,
    MOST_GROUPS,
    MOST_SHOWN,
)

Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_SLUG,
        description="Part of the public address, so unique on this server: a-z, 0-9 and hyphens.",
    ),
]
Shown = Annotated[
    list[Id], Meta(max_length=MOST_SHOWN, description="By code, in the order they are shown.")
]
Zone = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_ZONE, description="Of its days, such as Europe/Berlin."),
]
About = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_ABOUT, description="What stands at its top.")
]
Support = Annotated[
    str, Meta(max_length=LONGEST_URL, description="Where users ask; begins with https://.")
]
Network = Annotated[
    bool,
    Meta(
        description=(
            "Whether it shows which devices and links are healthy, in maintenance or in an"
            " incident: their codes, that word and since when, and nothing else."
        )
    ),
]
Accent = Annotated[str, Meta(max_length=7, description="A colour, such as #1f6feb.")]


LogoText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_LOGO,
        description="A PNG or WebP of at most 64 KiB and 2,048 pixels a side, in base64.",
    ),
]


class GroupBody(Body):
    """Services that the page shows together; each is in one group at most."""

    name: Name
    services: Annotated[list[Id], Meta(max_length=MOST_SHOWN)]


Groups = Annotated[list[GroupBody], Meta(max_length=MOST_GROUPS)]


class StatusPagePut(Body):
    """A status page as it shall be; the code is in the path."""

    name: Name
    code: Slug | None = None
    services: Shown = field(default_factory=list)
    groups: Groups = field(default_factory=list)
    time_zone: Zone = "UTC"
    about: About | None = None
    support_url: Support | None = None
    accent: Accent | None = None
    logo: LogoText | None = None
    shows_network: Network = False


class StatusPageBody(StatusPagePut):
    """A new status page; without services it is about the whole org."""

    code: Slug


class StatusPagePatch(Body):
    """Changed fields; null empties. What leaves ``services`` leaves its group."""

    code: Slug | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    services: Shown | UnsetType = UNSET
    groups: Groups | UnsetType = UNSET
    time_zone: Zone | UnsetType = UNSET
    about: About | None | UnsetType = UNSET
    support_url: Support | None | UnsetType = UNSET
    accent: Accent | None | UnsetType = UNSET
    logo: LogoText | None | UnsetType = UNSET
    shows_network: Network | UnsetType = UNSET


class GroupShape(Struct, kw_only=True):
    """Services (codes) that the page shows together."""

    name: str
    services: list[str]


class LogoShape(Struct, kw_only=True):
    """The page's own picture, at ``path`` of this server."""

    path: str
    content_type: str
    width: int
    height: int


class StatusPageShape(Struct, kw_only=True):
    """What the public is shown, at ``path`` of this server; ``services`` are codes."""

    id: str
    code: str
    name: str
    path: str
    services: list[str]
    groups: list[GroupShape]
    time_zone: str
    about: str | None
    support_url: str | None
    accent: str | None
    logo: LogoShape | None
    shows_network: bool
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET
