"""The picture of a page is what the public was told, and in the order people look for it."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.web.status.told import DAY, HOUR, NOON, notice, page, service, words, work
from tocsin.core.public_notices import PublicNotice
from tocsin.web.status.picture import picture
from tocsin.web.status.view import Affected, Level, PageView, worst

API, WEB, DNS = service("api"), service("web"), service("dns")
URL = "https://status.example.org/status/ring"


def seen(
    *notices: PublicNotice,
    services: tuple[str, ...] = ("web", "api"),
    groups: dict[str, tuple[str, ...]] | None = None,
    now: datetime = NOON,
) -> PageView:
    """The page with *notices* at *now*."""
    made = page(services=services, groups=groups)
    return picture(made, [API, WEB, DNS], notices, now=now, url=URL + "/")


def levels(view: PageView) -> dict[str, Level]:
    return {one.code: one.level for one in view.services}


def test_a_calm_page_shows_its_services_in_its_order() -> None:
    view = seen()
    assert [(one.code, one.name, one.position) for one in view.services] == [
        ("web", "Web", 1),
        ("api", "Api", 2),
    ]
    assert view.level is Level.OPERATIONAL
    assert (view.open, view.maintenances, view.past) == ((), (), ())
    assert (view.id, view.code, view.name, view.url) == ("ring-id", "ring", "Ring of Towns", URL)
    assert (view.look.accent, view.look.logo) == ("#1f6feb", None)
    assert (view.made_at, view.updated_at) == (NOON, NOON - 300 * DAY)
    for one in view.services:
        assert len(one.days) == 90
        assert one.days[-1].day == NOON.date()
        assert one.uptime == 1.0
        assert one.description == f"What {one.code} is"


def test_an_open_incident_takes_its_services_down() -> None:
    first = words(0, "investigating", services={"api": "partial", "web": "degraded"})
    second = words(1, "identified", services={"api": "major"})
    view = seen(notice(1, first, second))
    assert levels(view) == {"web": Level.DEGRADED, "api": Level.MAJOR}
    assert view.level is Level.MAJOR
    (told,) = view.open
    assert (told.title, told.status, told.severity) == ("Title 1", "identified", "sev2")
    assert (told.level, told.worst, told.resolved_at) == (Level.MAJOR, Level.MAJOR, None)
    assert told.created_at == told.started_at == first.posted_at
    assert told.updated_at == view.updated_at == second.posted_at
    assert [one.body for one in told.updates] == ["Body 1", "Body 0"]
    assert told.updates[0].affected == (
        Affected(code="api", name="Api", before=Level.PARTIAL, after=Level.MAJOR),
    )
    assert told.updates[1].affected == (
        Affected(code="api", name="Api", before=Level.OPERATIONAL, after=Level.PARTIAL),
        Affected(code="web", name="Web", before=Level.OPERATIONAL, after=Level.DEGRADED),
    )
    assert set(told.services) == {"api-id", "web-id"}
    api = view.services[1]
    assert dict(api.days[-1].seconds) == {Level.PARTIAL: 60, Level.MAJOR: 59 * 60}
    assert api.days[-1].notices == (told.ref,)
    assert api.updated_at == second.posted_at


def test_what_is_over_is_past_and_its_services_are_well_again() -> None:
    first = words(0, "investigating", services={"api": "major"})
    second = words(1, "monitoring")
    third = words(2, "resolved", services={"api": None})
    view = seen(notice(1, first, second, third))
    assert view.level is Level.OPERATIONAL
    assert view.open == ()
    (told,) = view.past
    assert (told.level, told.worst) == (Level.OPERATIONAL, Level.MAJOR)
    assert (told.resolved_at, told.monitoring_at) == (third.posted_at, second.posted_at)
    assert told.updates[0].affected == (
        Affected(code="api", name="Api", before=Level.MAJOR, after=Level.OPERATIONAL),
    )
    assert dict(view.services[1].days[-1].seconds) == {Level.MAJOR: 120}


def test_one_that_comes_back_is_open_again() -> None:
    over = words(1, "resolved", services={"api": None})
    view = seen(
        notice(
            1,
            words(0, "investigating", services={"api": "major"}),
            over,
            words(2, "investigating", services={"api": "degraded"}),
        )
    )
    assert view.past == ()
    assert [(one.level, one.worst, one.resolved_at) for one in view.open] == [
        (Level.DEGRADED, Level.MAJOR, None)
    ]


def test_the_worst_of_two_notices_wins_and_the_other_stays_when_it_ends() -> None:
    mild = notice(1, words(0, "investigating", services={"api": "degraded"}))
    bad = words(1, "investigating", services={"api": "major"})
    ended = words(2, "resolved", services={"api": None})
    assert levels(seen(mild, notice(2, bad)))["api"] is Level.MAJOR
    assert levels(seen(mild, notice(2, bad, ended)))["api"] is Level.DEGRADED


def test_work_is_only_announced_until_it_is_under_way() -> None:
    planned = words(0, "scheduled", services={"api": "major"})
    begun = words(1, "in_progress")
    done = words(2, "completed", services={"api": None})
    before = seen(work(1, planned, start_at=NOON))
    assert levels(before)["api"] is Level.OPERATIONAL
    (told,) = before.maintenances
    assert (told.scheduled_for, told.scheduled_until) == (NOON, NOON + 2 * HOUR)
    assert (told.started_at, told.created_at) == (NOON, planned.posted_at)
    assert told.services == ("api-id",)
    during = seen(work(1, planned, begun, start_at=NOON))
    assert levels(during)["api"] is Level.MAINTENANCE
    assert during.maintenances[0].updates[0].affected == (
        Affected(code="api", name="Api", before=Level.OPERATIONAL, after=Level.MAINTENANCE),
    )
    assert during.services[1].uptime == 1.0
    after = seen(work(1, planned, begun, done, start_at=NOON))
    assert levels(after)["api"] is Level.OPERATIONAL
    assert [one.status for one in after.past] == ["completed"]


def test_lists_are_in_the_order_people_look_for() -> None:
    def incident(number: int, impact: str, hours: int) -> PublicNotice:
        at = NOON - hours * HOUR
        return notice(number, words(number, "investigating", at=at, services={"api": impact}))

    def over(number: int, hours: int) -> PublicNotice:
        at = NOON - hours * HOUR
        return notice(
            number,
            words(number, "investigating", at=at - HOUR, services={"api": "major"}),
            words(number + 50, "resolved", at=at),
        )

    def planned(number: int, hours: int) -> PublicNotice:
        return work(number, words(number, "scheduled"), start_at=NOON + hours * HOUR)

    view = seen(
        over(1, 9),
        over(2, 3),
        incident(3, "degraded", 8),
        incident(4, "major", 2),
        incident(5, "major", 5),
        planned(6, 30),
        planned(7, 4),
    )
    assert [one.id for one in view.open] == ["i5", "i4", "i3"]
    assert [one.id for one in view.maintenances] == ["m7", "m6"]
    assert [one.id for one in view.past] == ["i2", "i1"]


def test_what_belongs_on_other_pages_is_not_here() -> None:
    other = notice(1, words(0, "investigating", services={"dns": "major"}))
    both = notice(2, words(1, "investigating", services={"dns": "major", "api": "degraded"}))
    view = seen(other, both)
    (told,) = view.open
    assert told.id == "i2"
    assert [one.code for one in told.updates[0].affected] == ["api"]
    assert view.level is told.level is told.worst is Level.DEGRADED


def test_a_title_that_was_given_elsewhere_stays_there() -> None:
    here = words(0, "investigating", services={"api": "major"})
    there = words(1, "resolved", services={"api": None}, pages=("other",))
    (told,) = seen(notice(1, here, there)).past
    assert told.title == "Title 0"
    assert [one.body for one in told.updates] == ["Body 0"]
    assert (told.status, told.resolved_at) == ("resolved", there.posted_at)


def test_a_page_that_lists_nothing_shows_what_its_updates_name() -> None:
    one = notice(1, words(0, "investigating", services={"dns": "major", "api": "partial"}))
    elsewhere = notice(2, words(1, "investigating", services={"web": "major"}, pages=("other",)))
    view = seen(one, elsewhere, services=())
    assert levels(view) == {"api": Level.PARTIAL, "dns": Level.MAJOR}
    assert {service.description for service in view.services} == {None}


def test_services_are_shown_in_their_groups() -> None:
    down = notice(1, words(0, "investigating", services={"api": "major"}))
    view = seen(down, services=("dns", "web", "api"), groups={"Edge": ("web", "api"), "None": ()})
    (group,) = view.groups
    assert (group.name, group.level, group.position) == ("Edge", Level.MAJOR, 2)
    assert group.services == ("web-id", "api-id")
    assert [one.group_id for one in view.services] == [None, group.id, group.id]


def test_nothing_is_known_of_a_service_before_it_was_made() -> None:
    young = service("api", age=36 * HOUR)
    view = picture(page(services=("api",)), [young], [], now=NOON, url=URL, days=4)
    assert [one.known for one in view.services[0].days] == [False, False, True, True]


def test_a_service_that_is_gone_is_left_out_but_still_called_by_its_code() -> None:
    down = notice(1, words(0, "investigating", services={"gone": "major"}))
    view = seen(down, services=("gone", "api"))
    assert [one.code for one in view.services] == ["api"]
    assert view.open[0].updates[0].affected[0].name == "gone"
    assert view.open[0].services == ()


# -- whatever was told -----------------------------------------------------------------------------

STATUSES = {
    True: ("scheduled", "in_progress", "verifying", "completed", "cancelled", "a later word"),
    False: ("investigating", "identified", "monitoring", "resolved", "a later word"),
}
CODES = ("api", "web", "dns", "gone")


@st.composite
def tickets(draw: st.DrawFn, number: int) -> PublicNotice:
    """Anything that a ticket may have told, in the last hundred days."""
    is_work = draw(st.booleans())
    at = NOON - draw(st.integers(0, 100 * 24)) * HOUR
    updates = []
    for index in range(draw(st.integers(1, 4))):
        services = draw(
            st.dictionaries(
                st.sampled_from(CODES), st.sampled_from(("degraded", "partial", "major", None, "?"))
            )
        )
        updates.append(
            words(
                10 * number + index,
                draw(st.sampled_from(STATUSES[is_work])),
                at=at,
                services=services,
                pages=draw(st.sampled_from(((), (), ("ring",), ("other",)))),
            )
        )
        at += draw(st.integers(0, 48)) * HOUR
    if is_work:
        return work(number, *updates, start_at=at)
    return notice(number, *updates)


@settings(max_examples=60, deadline=None)
@for_all(
    found=st.lists(st.integers(), max_size=4).flatmap(
        lambda some: st.tuples(*(tickets(number) for number in range(len(some))))
    ),
    services=st.sampled_from(((), ("api",), ("web", "api", "gone"))),
)
def test_a_picture_agrees_with_itself(
    found: tuple[PublicNotice, ...], services: tuple[str, ...]
) -> None:
    view = seen(*found, services=services)
    told = [*view.open, *view.maintenances, *view.past]
    assert len({one.id for one in told}) == len(told)
    assert not any(one.is_over for one in (*view.open, *view.maintenances))
    assert all(one.is_over and one.level is Level.OPERATIONAL for one in view.past)
    assert view.level is worst([one.level for one in view.services])
    ids = {one.id for one in view.services}
    for one in told:
        assert one.updates
        assert {*one.services} <= ids
        assert one.worst.rank >= one.level.rank
        for later, earlier in pairwise(one.updates):
            assert later.posted_at >= earlier.posted_at
    refs = {one.ref for one in told}
    for service_view in view.services:
        assert service_view.uptime is not None
        assert 0 <= service_view.uptime <= 1
        for day in service_view.days:
            assert sum(seconds for _, seconds in day.seconds) <= 86_400
            assert {*day.notices} <= refs
            assert all(day.level.rank >= level.rank for level, _ in day.seconds)
