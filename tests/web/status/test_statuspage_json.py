"""Statuspage's v2 JSON: every field that its readers know, no other, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given, settings

from tests.web.status.any_picture import pictures
from tests.web.status.pictures import (
    ALL,
    HOUR,
    NOW,
    calm,
    hostile,
    identity,
    incident,
    long_history,
    maintenance,
    several,
)
from tocsin.web.status.document import Document, plain
from tocsin.web.status.statuspage_json import FORMS
from tocsin.web.status.view import Kind, Level, PageView

EXAMPLES = pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())
EVERY_FORM = pytest.mark.parametrize("form", FORMS)

Status = Literal[
    "operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"
]
IncidentStatus = Literal["investigating", "identified", "monitoring", "resolved", "postmortem"]
MaintenanceStatus = Literal["scheduled", "in_progress", "verifying", "completed"]
Impact = Literal["none", "minor", "major", "critical", "maintenance"]
# Written as "2026-11-20T14:05:30.123Z".
Instant = msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
At = Annotated[str, Instant]


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """As the list of fields has it: each of them, and nothing else."""


class Page(Strict):
    id: str
    name: str
    url: str
    time_zone: str
    updated_at: At


class State(Strict):
    indicator: Impact
    description: str


class Component(Strict):
    id: str
    name: str
    status: Status
    created_at: At
    updated_at: At
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: str
    group: bool
    only_show_if_degraded: bool
    components: list[str] | msgspec.UnsetType = msgspec.UNSET


class Affected(Strict):
    code: str
    name: str
    old_status: Status
    new_status: Status


class Update(Strict):
    id: str
    status: IncidentStatus | MaintenanceStatus
    body: str
    incident_id: str
    created_at: At
    updated_at: At
    display_at: At
    affected_components: list[Affected] | None
    deliver_notifications: bool
    custom_tweet: None
    tweet_id: None


class Incident(Strict):
    id: str
    name: str
    status: IncidentStatus
    created_at: At
    updated_at: At
    monitoring_at: At | None
    resolved_at: At | None
    impact: Impact
    shortlink: str
    started_at: At
    page_id: str
    incident_updates: list[Update]
    components: list[Component]


class Maintenance(Strict):
    id: str
    name: str
    status: MaintenanceStatus
    created_at: At
    updated_at: At
    monitoring_at: At | None
    resolved_at: At | None
    impact: Impact
    shortlink: str
    started_at: At
    page_id: str
    incident_updates: list[Update]
    components: list[Component]
    scheduled_for: At
    scheduled_until: At


class Summary(Strict):
    page: Page
    components: list[Component]
    incidents: list[Incident]
    scheduled_maintenances: list[Maintenance]
    status: State


class JustStatus(Strict):
    page: Page
    status: State


class Components(Strict):
    page: Page
    components: list[Component]


class Incidents(Strict):
    page: Page
    incidents: list[Incident]


class Maintenances(Strict):
    page: Page
    scheduled_maintenances: list[Maintenance]


SHAPES: dict[str, type[Strict]] = {
    "summary.json": Summary,
    "status.json": JustStatus,
    "components.json": Components,
    "incidents.json": Incidents,
    "incidents/unresolved.json": Incidents,
    "scheduled-maintenances.json": Maintenances,
    "scheduled-maintenances/upcoming.json": Maintenances,
    "scheduled-maintenances/active.json": Maintenances,
}


def summary(page: PageView) -> Summary:
    return msgspec.json.decode(FORMS["summary.json"](page).body, type=Summary)


def incidents(page: PageView, form: str = "incidents.json") -> list[Incident]:
    return msgspec.json.decode(FORMS[form](page).body, type=Incidents).incidents


def maintenances(page: PageView, form: str = "scheduled-maintenances.json") -> list[Maintenance]:
    return msgspec.json.decode(FORMS[form](page).body, type=Maintenances).scheduled_maintenances


@EVERY_FORM
@EXAMPLES
def test_every_form_has_each_field_and_no_other(form: str, page: PageView) -> None:
    document = FORMS[form](page)

    assert isinstance(msgspec.json.decode(document.body, type=SHAPES[form]), SHAPES[form])
    assert document.content_type == "application/json; charset=utf-8"
    assert document.changed_at >= page.updated_at


@pytest.mark.parametrize(
    ("level", "indicator", "description"),
    [
        (Level.OPERATIONAL, "none", "All Systems Operational"),
        (Level.MAINTENANCE, "maintenance", "Service Under Maintenance"),
        (Level.DEGRADED, "minor", "Partially Degraded Service"),
        (Level.PARTIAL, "major", "Partial System Outage"),
        (Level.MAJOR, "critical", "Major System Outage"),
    ],
)
def test_the_state_of_a_page_is_in_the_words_of_a_statuspage(
    level: Level, indicator: str, description: str
) -> None:
    found = msgspec.json.decode(
        FORMS["status.json"](replace(calm(), level=level)).body, type=JustStatus
    )

    assert (found.status.indicator, found.status.description) == (indicator, description)


def test_a_group_stands_before_its_services_and_names_them() -> None:
    found = summary(incident()).components
    backbone = identity(501)

    assert [one.name for one in found] == [
        "Backbone",
        "Amsterdam – Frankfurt",
        "Frankfurt – Zürich",
        "API",
        "Dashboard",
    ]
    assert [one.group for one in found] == [True, False, False, False, False]
    assert found[0].components == [found[1].id, found[2].id]
    assert found[0].status == "partial_outage"
    assert [one.group_id for one in found] == [None, backbone, backbone, None, None]
    assert all(one.components is msgspec.UNSET for one in found[1:])


def test_a_service_of_a_group_that_is_not_shown_stands_alone() -> None:
    found = summary(replace(calm(), groups=())).components

    assert len(found) == 4
    assert all(one.group_id is None for one in found)


def test_the_summary_has_what_is_open_and_what_is_planned() -> None:
    told = summary(several())

    assert [one.impact for one in told.incidents] == ["critical", "minor", "none"]
    assert [one.status for one in told.incidents] == ["investigating", "monitoring", "identified"]
    assert summary(calm()).incidents == []
    assert [one.status for one in summary(maintenance()).scheduled_maintenances] == [
        "in_progress",
        "scheduled",
        "scheduled",
    ]


def test_updates_are_newest_first_and_join_their_incident_and_their_components() -> None:
    (told, _) = incidents(incident())
    newest, _, first = told.incident_updates

    assert newest.display_at > first.display_at
    assert {one.incident_id for one in told.incident_updates} == {told.id}
    assert first.updated_at > first.created_at == first.display_at
    assert first.affected_components == [
        Affected(
            code=told.components[0].id,
            name="Amsterdam – Frankfurt",
            old_status="operational",
            new_status="partial_outage",
        )
    ]
    assert newest.affected_components is None
    assert told.shortlink.endswith("/incidents/I20261120-0001")
    assert told.started_at == "2026-11-20T12:05:30.123Z"


def test_the_list_has_fifty_newest_first_and_always_what_is_open() -> None:
    busy = long_history()
    old = replace(incident().open[0], created_at=NOW - timedelta(days=800))
    told = incidents(replace(busy, open=(old,)))

    assert len(told) == 50
    assert told == sorted(told, key=lambda one: one.created_at, reverse=True)
    assert told[-1].id == old.id
    newest = max(one.created_at for one in busy.past if one.kind is Kind.INCIDENT)
    assert told[0].created_at[:19] == newest.isoformat()[:19]


def test_unresolved_are_those_that_are_open() -> None:
    form = "incidents/unresolved.json"

    assert len(incidents(several(), form)) == 3
    assert incidents(long_history(), form) == []


def test_maintenances_are_told_by_what_they_do() -> None:
    page = maintenance()
    everything = maintenances(page)

    assert len(everything) == 5
    assert [one.name for one in maintenances(page, "scheduled-maintenances/upcoming.json")] == [
        "Router software, Zürich",
        "Power test",
    ]
    (active,) = maintenances(page, "scheduled-maintenances/active.json")
    assert (active.status, active.impact) == ("in_progress", "maintenance")
    assert active.scheduled_for == "2026-11-20T13:00:00.000Z"
    assert active.scheduled_until == "2026-11-20T15:00:00.000Z"


def test_what_was_cancelled_is_completed_for_its_readers() -> None:
    (called_off,) = [one for one in maintenances(maintenance()) if one.name == "Battery swap"]

    assert called_off.status == "completed"
    assert [one.status for one in called_off.incident_updates] == ["completed", "scheduled"]


def test_a_maintenance_without_a_window_has_the_one_it_took() -> None:
    page = maintenance()
    bare = replace(page.maintenances[0], scheduled_for=None, scheduled_until=None)
    (told,) = maintenances(
        replace(page, maintenances=(bare,)), "scheduled-maintenances/active.json"
    )

    assert told.scheduled_for == told.scheduled_until == told.started_at


def test_hostile_words_come_through_as_they_are() -> None:
    page = hostile()
    told = incidents(page)

    assert {one.name for one in told} == {plain(one.title) for one in page.open}
    assert {one.incident_updates[0].body for one in told} == {
        plain(one.updates[0].body) for one in page.open
    }


@given(pictures())
@settings(max_examples=40, deadline=None)
def test_whatever_the_words_they_are_the_same_when_read(page: PageView) -> None:
    for form, shape in SHAPES.items():
        assert isinstance(msgspec.json.decode(FORMS[form](page).body, type=shape), shape)
    told = summary(page)

    assert told.page.name == plain(page.name)
    assert [one.name for one in told.incidents] == [plain(one.title) for one in page.open]
    assert sorted(one.name for one in told.components if not one.group) == sorted(
        plain(one.name) for one in page.services
    )
    assert [
        [update.body for update in one.incident_updates] for one in told.scheduled_maintenances
    ] == [[plain(update.body) for update in one.updates] for one in page.maintenances]


@EVERY_FORM
@EXAMPLES
def test_the_same_words_are_the_same_bytes_whenever_they_are_looked_at(
    form: str, page: PageView
) -> None:
    write: Callable[[PageView], Document] = FORMS[form]

    assert write(page) == write(replace(page, made_at=NOW + 3 * HOUR))
