"""Example pictures of a status page, from calm to hostile; made by hand, the same at every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Final
from uuid import UUID

from tocsin.web.status.view import (
    DAYS_SHOWN,
    Affected,
    Day,
    GroupView,
    Kind,
    Level,
    Look,
    NoticeView,
    PageView,
    ServiceView,
    UpdateView,
    worst,
)

NOW: Final = datetime(2026, 11, 20, 14, 5, 30, 123456, tzinfo=UTC)
FULL_HOUR: Final = NOW.replace(minute=0, second=0, microsecond=0)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
URL: Final = "https://status.example.org/status/ring"

HOSTILE: Final = (
    '<script>alert("1")</script>',
    "'\"><img src=x onerror=alert(1)>",
    "</title></style></text><svg onload=alert(1)>",
    "[click](javascript:alert(1)) **bold** `code` ![x](https://evil.example/x.png)",
    "&lt;b&gt; &amp; &copy &#60; %2C %3Cscript%3E",
    "]]> <![CDATA[ <!-- --> <?xml ?> &xxe;",
    "a\\nb; c, d: e\\; \\\\ \\N",
    "BEGIN:VEVENT\r\nEND:VCALENDAR\r\nATTACH:https://evil.example/",
    "nul\x00 bell\x07 escape\x1b[31m vertical\x0b del\x7f nel\x85 fffe\ufffe",
    "👩🏽‍🚒 🚨 café e\u0301 漢字",
    "مرحبا بالعالم שלום \u202eevil\u202c",
    "{{ 7 * 7 }} ${7*7} %(name)s {0}",
)
"""Texts that a form must show as they are, and never obey; the ninth holds what XML forbids."""


def identity(number: int) -> str:
    """An id like those that things get, the same at every run."""
    return str(UUID(int=0x01934E00_0000_7000_8000_000000000000 + number))


def days(
    *bad: tuple[int, Level, int], known_for: int = DAYS_SHOWN, notice: str = "I20261110-b0de"
) -> tuple[Day, ...]:
    """The days up to today; *bad* are (days ago, level, seconds); of those before *known_for* days
    ago nothing is known."""
    found = {ago: (level, seconds) for ago, level, seconds in bad}
    rows = []
    for ago in range(DAYS_SHOWN - 1, -1, -1):
        level, seconds = found.get(ago, (Level.OPERATIONAL, 0))
        rows.append(
            Day(
                day=(NOW - ago * DAY).date(),
                level=level,
                seconds=((level, seconds),) if seconds else (),
                notices=(notice,) if seconds else (),
                known=ago < known_for,
            )
        )
    return tuple(rows)


def service(
    number: int,
    name: str,
    *,
    level: Level = Level.OPERATIONAL,
    description: str | None = None,
    group_id: str | None = None,
    history: Sequence[Day] = (),
    uptime: float | None = 1.0,
) -> ServiceView:
    """A service; its code comes from its number, its position too."""
    return ServiceView(
        id=identity(number),
        code=f"service-{number}",
        name=name,
        description=description,
        level=level,
        created_at=NOW - 400 * DAY,
        updated_at=NOW - 3 * DAY,
        position=number,
        group_id=group_id,
        days=tuple(history) or days(),
        uptime=uptime,
    )


def group(number: int, name: str, *members: ServiceView) -> GroupView:
    """The *members*, shown together."""
    return GroupView(
        id=identity(500 + number),
        name=name,
        level=worst([member.level for member in members]),
        position=number,
        services=tuple(member.id for member in members),
    )


def affected(service: ServiceView, *, before: Level, after: Level) -> Affected:
    """What an update says of a service."""
    return Affected(code=service.code, name=service.name, before=before, after=after)


def notice(
    number: int,
    title: str,
    *words: tuple[str, str],
    kind: Kind = Kind.INCIDENT,
    began: datetime = NOW - 2 * HOUR,
    every: timedelta = 20 * MINUTE,
    severity: str = "sev2",
    at_worst: Level = Level.PARTIAL,
    window: tuple[datetime, datetime] | None = None,
    services: Sequence[ServiceView] = (),
    rca_url: str | None = None,
    edited: bool = False,
) -> NoticeView:
    """A notice whose updates are *words*, (status, body), oldest first and *every* apart.

    The first says of *services* that they are at their worst; one that ends it takes that back.
    """
    updates: list[UpdateView] = []
    moments = {status: began + at * every for at, (status, _) in reversed([*enumerate(words)])}
    for at, (status, body) in enumerate(words):
        ends = status in ("resolved", "completed", "cancelled")
        levels = (at_worst, Level.OPERATIONAL) if ends else (Level.OPERATIONAL, at_worst)
        updates.append(
            UpdateView(
                id=identity(10_000 + 100 * number + at),
                status=status,
                body=body,
                posted_at=began + at * every,
                edited_at=began + at * every + MINUTE if edited and at == 0 else None,
                affected=tuple(
                    affected(one, before=levels[0], after=levels[1])
                    for one in services
                    if (at == 0 or ends) and levels[0] is not levels[1]
                ),
            )
        )
    last = updates[-1]
    over = last.status in ("resolved", "completed", "cancelled")
    letter = "M" if kind is Kind.MAINTENANCE else "I"
    return NoticeView(
        id=identity(1_000 + number),
        ref=f"{letter}{began:%Y%m%d}-{number:04d}",
        kind=kind,
        title=title,
        status=last.status,
        severity=severity,
        level=Level.OPERATIONAL if over else at_worst,
        worst=at_worst,
        started_at=window[0] if window else began,
        created_at=began,
        updated_at=max(update.edited_at or update.posted_at for update in updates),
        resolved_at=last.posted_at if over else None,
        monitoring_at=moments.get("monitoring"),
        scheduled_for=window[0] if window else None,
        scheduled_until=window[1] if window else None,
        rca_url=rca_url,
        updates=tuple(reversed(updates)),
        services=tuple(one.id for one in services),
    )


def page(
    *,
    services: Sequence[ServiceView] = (),
    groups: Sequence[GroupView] = (),
    open: Sequence[NoticeView] = (),
    maintenances: Sequence[NoticeView] = (),
    past: Sequence[NoticeView] = (),
    name: str = "Ring of Towns",
    look: Look | None = None,
) -> PageView:
    """The page of *services*; its level is the worst of theirs."""
    changes = [one.updated_at for one in services]
    changes += [one.updated_at for one in (*open, *maintenances, *past)]
    return PageView(
        id=identity(1),
        code="ring",
        name=name,
        url=URL,
        look=look or Look(),
        made_at=NOW,
        updated_at=max(changes, default=NOW - 30 * DAY),
        level=worst([one.level for one in services]),
        services=tuple(services),
        groups=tuple(groups),
        open=tuple(open),
        maintenances=tuple(maintenances),
        past=tuple(past),
    )


def _town(
    *,
    ams: Level = Level.OPERATIONAL,
    fra: Level = Level.OPERATIONAL,
    api: Level = Level.OPERATIONAL,
) -> tuple[tuple[ServiceView, ...], tuple[GroupView, ...]]:
    backbone = identity(501)
    links = (
        service(
            10,
            "Amsterdam – Frankfurt",
            level=ams,
            description="100 Gb/s wavelength, two providers",
            group_id=backbone,
            history=days((10, Level.PARTIAL, 5_400), (41, Level.MAJOR, 600)),
            uptime=0.999_228,
        ),
        service(
            11,
            "Frankfurt – Zürich",
            level=fra,
            group_id=backbone,
            history=days((10, Level.DEGRADED, 3_600), (3, Level.MAINTENANCE, 7_200), known_for=45),
            uptime=1.0,
        ),
    )
    alone = (
        service(12, "API", level=api, description="Gateway for contributors"),
        service(13, "Dashboard", history=days(known_for=0), uptime=None),
    )
    return (*links, *alone), (group(1, "Backbone", *links),)


def _past(services: Sequence[ServiceView]) -> tuple[NoticeView, ...]:
    return (
        notice(
            20,
            "Packet loss between Amsterdam and Frankfurt",
            ("investigating", "We see up to 4% packet loss and are looking into it."),
            ("identified", "A line card misbehaves. Traffic moves to the second path."),
            ("monitoring", "Traffic has moved; loss is gone. We keep watching."),
            ("resolved", "The line card was replaced. All paths carry traffic again."),
            began=NOW - 10 * DAY,
            services=services[:2],
            rca_url="https://example.org/rca/2026-11-10",
        ),
    )


def calm() -> PageView:
    """All is well; something happened ten days ago."""
    services, groups = _town()
    return page(services=services, groups=groups, past=_past(services))


def empty() -> PageView:
    """A page that was made a moment ago: nothing to show yet."""
    return page(name="New page")


def incident() -> PageView:
    """One incident, three updates, one of them edited, and what was ten days ago."""
    services, groups = _town(ams=Level.PARTIAL)
    return page(
        services=services,
        groups=groups,
        open=(
            notice(
                1,
                "Amsterdam – Frankfurt is down on one path",
                ("investigating", "One of two paths lost light at 12:05 UTC. We are looking."),
                ("identified", "A fibre was cut near Arnhem.\n\nThe provider has sent a crew."),
                ("identified", "Splicing has begun; two hours more. https://example.org/map"),
                services=services[:1],
                edited=True,
            ),
        ),
        past=_past(services),
    )


def several() -> PageView:
    """Three incidents at once, the worst first, one of them without a service."""
    services, groups = _town(ams=Level.MAJOR, fra=Level.DEGRADED, api=Level.DEGRADED)
    return page(
        services=services,
        groups=groups,
        open=(
            notice(
                1,
                "Amsterdam – Frankfurt is down",
                ("investigating", "Both paths are dark. Traffic takes the long way."),
                severity="sev1",
                at_worst=Level.MAJOR,
                services=services[:1],
            ),
            notice(
                2,
                "Higher latency towards Zürich",
                ("investigating", "Round trips take 30 ms longer than usual."),
                ("monitoring", "We moved traffic; latency is near normal."),
                began=NOW - 90 * MINUTE,
                at_worst=Level.DEGRADED,
                services=services[1:3],
            ),
            notice(
                3,
                "Invoices are late this month",
                ("identified", "They will be sent on Monday."),
                began=NOW - 3 * DAY,
                severity="sev4",
                at_worst=Level.OPERATIONAL,
            ),
        ),
        past=_past(services),
    )


def maintenance() -> PageView:
    """One maintenance under way, two to come, one that was called off, one completed."""
    services, groups = _town(fra=Level.MAINTENANCE)

    def planned(number: int, title: str, *words: tuple[str, str], hours: float) -> NoticeView:
        return notice(
            number,
            title,
            *words,
            kind=Kind.MAINTENANCE,
            began=NOW - 6 * DAY - number * MINUTE,
            every=DAY,
            severity="sev3",
            at_worst=Level.MAINTENANCE,
            window=(FULL_HOUR + hours * HOUR, FULL_HOUR + (hours + 2) * HOUR),
            services=services[1:2],
        )

    return page(
        services=services,
        groups=groups,
        maintenances=(
            planned(
                31,
                "Optics upgrade in Frankfurt",
                ("scheduled", "We replace optics. Expect short losses."),
                ("in_progress", "Work has begun."),
                hours=-1,
            ),
            planned(32, "Router software, Zürich", ("scheduled", "One reboot, 4 min."), hours=20),
            planned(33, "Power test", ("scheduled", "No loss is expected."), hours=24 * 9.5),
        ),
        past=(
            planned(
                34,
                "Battery swap",
                ("scheduled", "No loss is expected."),
                ("cancelled", "The batteries are late; there will be another date."),
                hours=48,
            ),
            planned(
                35,
                "Cleaning of fibres",
                ("scheduled", "No loss is expected."),
                ("in_progress", "Work has begun."),
                ("completed", "All is clean."),
                hours=-80,
            ),
        ),
    )


def long_history() -> PageView:
    """Ninety days with a hundred and twenty incidents and twenty maintenances behind them."""
    services, groups = _town()
    numbers = count(100)
    past = [
        notice(
            next(numbers),
            f"Loss on path {at}",
            ("investigating", "We see loss."),
            ("resolved", "It is gone."),
            began=NOW - DAY - at * 18 * HOUR,
            services=services[at % 4 : at % 4 + 1],
        )
        for at in range(120)
    ] + [
        notice(
            next(numbers),
            f"Work on path {at}",
            ("scheduled", "No loss is expected."),
            ("completed", "It is done."),
            kind=Kind.MAINTENANCE,
            began=NOW - 2 * DAY - at * 100 * HOUR,
            window=(NOW - DAY - at * 100 * HOUR, NOW - DAY - (at * 100 - 2) * HOUR),
            at_worst=Level.MAINTENANCE,
            services=services[:1],
        )
        for at in range(20)
    ]
    newest_first = sorted(past, key=lambda one: one.resolved_at or NOW, reverse=True)
    return page(services=services, groups=groups, past=newest_first)


def hostile() -> PageView:
    """Every text of the page is one of :data:`HOSTILE`, and each of them is a title and a body."""
    services = tuple(
        service(60 + at, text, description=text, level=Level.PARTIAL, group_id=identity(501))
        for at, text in enumerate(HOSTILE)
    )
    return page(
        name=HOSTILE[0],
        look=Look(about=HOSTILE[1]),
        services=services,
        groups=(group(1, HOSTILE[3], *services),),
        open=[
            notice(40 + at, text, ("investigating", text), services=services[at : at + 1])
            for at, text in enumerate(HOSTILE)
        ],
        maintenances=[
            notice(
                70 + at,
                text,
                ("scheduled", text),
                kind=Kind.MAINTENANCE,
                at_worst=Level.MAINTENANCE,
                window=(NOW + at * HOUR, NOW + (at + 1) * HOUR),
            )
            for at, text in enumerate(HOSTILE)
        ],
    )


ALL: Final[Mapping[str, PageView]] = MappingProxyType(
    {
        made.__name__: made()
        for made in (calm, empty, incident, several, maintenance, long_history, hostile)
    }
)
"""Every example by its name."""
