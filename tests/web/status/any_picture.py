"""Any picture of a page that can be: every text anything, every level, every instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.web.status.pictures import HOSTILE, NOW, URL, identity
from tocsin.core.provisioning.public_facts import PublicFact, PublicState
from tocsin.web.status.view import (
    Affected,
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

TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(min_size=1, max_size=30),
    # Halves of pairs of surrogates, which no text in UTF-8 can hold.
    st.text("a\ud83d\udea8\udfff", min_size=1, max_size=10),
    st.text("<>&\"'\\;,:%n\r\n\t[]()*`# ]\x00\u2028é漢🚨\u200f\u202e", min_size=1, max_size=30),
    st.text("a€🚨", min_size=60, max_size=120),
)
INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LEVELS = st.sampled_from(Level)
INCIDENT_WORDS = ("investigating", "identified", "monitoring", "resolved", "cancelled")
MAINTENANCE_WORDS = ("scheduled", "in_progress", "verifying", "completed", "cancelled")


@st.composite
def services(draw: st.DrawFn, number: int) -> ServiceView:
    """A service, in the one group or in none."""
    created = draw(INSTANTS)
    return ServiceView(
        id=identity(number),
        code=f"service-{number}",
        name=draw(TEXTS),
        description=draw(st.none() | TEXTS),
        level=draw(LEVELS),
        created_at=created,
        updated_at=created + timedelta(hours=draw(st.integers(0, 9))),
        position=draw(st.integers(0, 5)),
        group_id=draw(st.sampled_from([None, identity(500), identity(999)])),
    )


@st.composite
def notices(draw: st.DrawFn, number: int, kind: Kind, known: list[ServiceView]) -> NoticeView:
    """A notice of one to three updates."""
    words = INCIDENT_WORDS if kind is Kind.INCIDENT else MAINTENANCE_WORDS
    created = draw(INSTANTS)
    updates = tuple(
        UpdateView(
            id=identity(10_000 + number * 10 + at),
            status=draw(st.sampled_from(words)),
            body=draw(TEXTS),
            posted_at=created + timedelta(minutes=at),
            edited_at=draw(st.none() | st.just(created + timedelta(minutes=at, seconds=3))),
            affected=tuple(
                Affected(code=one.code, name=draw(TEXTS), before=draw(LEVELS), after=draw(LEVELS))
                for one in known[:1]
            ),
        )
        for at in reversed(range(draw(st.integers(1, 3))))
    )
    planned = kind is Kind.MAINTENANCE and draw(st.booleans())
    return NoticeView(
        id=identity(1_000 + number),
        ref=f"I20261120-{number:04d}",
        kind=kind,
        title=draw(TEXTS),
        status=updates[0].status,
        severity=draw(st.sampled_from(["sev1", "sev2", "sev3", "sev4", "sev5"])),
        level=draw(LEVELS),
        worst=draw(LEVELS),
        started_at=created,
        created_at=created,
        updated_at=updates[0].edited_at or updates[0].posted_at,
        resolved_at=draw(st.none() | st.just(created + timedelta(hours=1))),
        monitoring_at=draw(st.none() | INSTANTS),
        scheduled_for=created + timedelta(hours=1) if planned else None,
        scheduled_until=created + timedelta(hours=draw(st.integers(0, 4))) if planned else None,
        rca_url=draw(st.none() | TEXTS | st.just("https://example.org/rca")),
        updates=updates,
        services=tuple(one.id for one in known[: draw(st.integers(0, 3))]),
    )


def facts() -> st.SearchStrategy[PublicFact]:
    """A device or link as the public may know it, by any code."""
    return st.builds(
        PublicFact,
        code=TEXTS,
        kind=st.sampled_from(["device", "link"]),
        state=st.sampled_from(PublicState),
        since=st.none() | INSTANTS,
    )


@st.composite
def pictures(draw: st.DrawFn) -> PageView:
    """A page of up to three services and up to six notices."""
    known = [draw(services(number)) for number in range(draw(st.integers(0, 3)))]
    numbers = iter(range(100))

    def some(kind: Kind, *, over: bool) -> tuple[NoticeView, ...]:
        found = [draw(notices(next(numbers), kind, known)) for _ in range(draw(st.integers(0, 2)))]
        return tuple(notice for notice in found if notice.is_over is over)

    return PageView(
        id=identity(1),
        code="ring",
        name=draw(TEXTS),
        url=URL,
        look=Look(about=draw(st.none() | TEXTS)),
        made_at=NOW,
        updated_at=draw(INSTANTS),
        level=worst([one.level for one in known]),
        services=tuple(known),
        groups=(
            GroupView(
                id=identity(500),
                name=draw(TEXTS),
                level=draw(LEVELS),
                position=draw(st.integers(0, 5)),
                services=tuple(one.id for one in known if one.group_id == identity(500)),
            ),
        ),
        open=some(Kind.INCIDENT, over=False),
        maintenances=some(Kind.MAINTENANCE, over=False),
        past=some(Kind.INCIDENT, over=True) + some(Kind.MAINTENANCE, over=True),
        network=draw(st.none() | st.lists(facts(), max_size=3).map(tuple)),
    )
