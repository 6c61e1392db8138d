"""The crash bot's document: report, update, close, and the link of the analysis on a closed one, by
``/create``, ``/update`` and ``/close``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.slack.desk import Desk, slack_desk
from tocsin.adapters.slack import fields
from tocsin.adapters.slack.contract import PICK_DEVICE, PICK_TICKET
from tocsin.core.words import RootCause, Severity, Status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk to ask at; it is noon of 20 November 2026 there."""
    with slack_desk(tmp_path) as made:
        yield made


def test_an_incident_is_reported_updated_closed_and_analysed(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead", contributor=None)

    desk.say(anna, "/create")
    form = desk.slack.top_view(anna)
    desk.slack.options(anna, form, PICK_DEVICE, "ams")
    (device,) = [one["value"] for one in form.offered[PICK_DEVICE]]
    sent = desk.fill(
        anna,
        {
            fields.TITLE: "Marketplace does not load 🔥",
            fields.SEVERITY: "sev2",
            fields.REPORTED_DATE: "2026-11-20",
            fields.REPORTED_TIME: "00:05",
            fields.DESCRIPTION: "*Every* page is blank since midnight.",
            fields.REPORTER: "Carol of support",
            fields.DEVICES: [device],
        },
    )

    assert (sent.ok, sent.errors, desk.slack.open_views(anna)) == (True, {}, [])
    opened = desk.only()
    assert opened.title == "Marketplace does not load 🔥"
    assert opened.description == "*Every* page is blank since midnight."
    assert opened.start_at == datetime(2026, 11, 20, 0, 5, tzinfo=UTC)
    assert (opened.severity, opened.reporter_name) == (Severity.SEV2, "Carol of support")
    assert opened.devices == (device,)
    assert opened.ref in desk.last(anna)

    desk.say(anna, "/update")
    form = desk.slack.top_view(anna)
    (choice,) = desk.slack.options(anna, form, PICK_TICKET, "market")
    desk.fill(
        anna,
        {
            fields.TICKET: choice["value"],
            fields.COMMENT: "The cache is refilling.",
            fields.STATUS: "monitoring",
            fields.SEVERITY: "sev1",
        },
    )
    now = desk.now(opened)
    assert (now.status, now.severity) == (Status.MONITORING, Severity.SEV1)
    assert "incident.note_added" in [event.kind for event in desk.events(opened)]

    desk.say(anna, "/close")
    form = desk.slack.top_view(anna)
    desk.slack.options(anna, form, PICK_TICKET, opened.ref)
    desk.fill(
        anna,
        {
            fields.TICKET: opened.id,
            fields.RESOLUTION: "The cache is full again.",
            fields.ROOT_CAUSE: "capacity",
        },
    )
    now = desk.now(opened)
    assert (now.status, now.root_cause) == (Status.CLOSED, RootCause.CAPACITY)
    assert now.resolution == "The cache is full again."

    desk.say(anna, "/incident", "rca")
    form = desk.slack.top_view(anna)
    (choice,) = desk.slack.options(anna, form, PICK_TICKET, opened.ref)
    desk.fill(
        anna, {fields.ANY_TICKET: choice["value"], fields.RCA_URL: "https://rca.example/market"}
    )
    assert desk.now(opened).rca_url == "https://rca.example/market"


def test_all_of_it_in_words(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")

    desk.say(anna, "/create", "Marketplace does not load")
    opened = desk.only()
    desk.say(anna, "/update", f"{opened.ref} the cache is refilling")
    desk.say(anna, "/close", f"{opened.ref} the cache is full again")
    desk.say(anna, "/incident", f"rca {opened.ref} https://rca.example/market")

    now = desk.now(opened)
    assert (now.status, now.resolution) == (Status.CLOSED, "the cache is full again")
    assert now.rca_url == "https://rca.example/market"


def test_a_closed_one_is_offered_for_its_analysis_only(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    desk.say(anna, "/create", "Marketplace does not load")
    opened = desk.only()
    desk.say(anna, "/close", f"{opened.ref} done")

    offered = {}
    for command, text in (("/update", ""), ("/close", ""), ("/incident", "rca")):
        desk.say(anna, command, text)
        form = desk.slack.top_view(anna)
        offered[command] = desk.slack.options(anna, form, PICK_TICKET, opened.ref)

    assert (offered["/update"], offered["/close"]) == ([], [])
    assert [one["value"] for one in offered["/incident"]] == [opened.id]


def test_a_time_of_report_in_the_future_is_refused_in_the_form(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")

    sent = desk.fill(
        anna,
        {
            fields.TITLE: "From tomorrow",
            fields.REPORTED_DATE: "2026-11-20",
            fields.REPORTED_TIME: "23:55",
        },
    )

    assert list(sent.errors) == [fields.REPORTED_TIME]
    assert "2026-11-20 23:55 UTC lies in the future" in sent.errors[fields.REPORTED_TIME]
    assert desk.tickets() == []
    again = desk.fill(anna, {fields.TITLE: "From tomorrow", fields.REPORTED_TIME: "00:05"})
    assert (again.errors, desk.only().title) == ({}, "From tomorrow")
