"""Forms are what Slack accepts, whatever they are filled with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.slack.facts import ACTOR, INSTANTS, TEXTS, TITLES, any_ticket
from tests.adapters.slack.filling import filled
from tests.servers.slack.rules import check_view
from tocsin.adapters.slack import fields, forms
from tocsin.adapters.slack.fields import Carried, carried_by, metadata_of, option
from tocsin.adapters.slack.submitted import public_words
from tocsin.adapters.slack.templates import TEMPLATES, template_named
from tocsin.core.ticket import PublicUpdate, ServiceImpact, Ticket
from tocsin.core.words import (
    Impact,
    PublicImpact,
    RootCause,
    Severity,
    Status,
    TicketType,
    statuses_of,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON.date()


def element(view: dict[str, Any], name: str) -> dict[str, Any]:
    """The element of the block of that name."""
    (found,) = (
        block["element"]
        for block in view["blocks"]
        if block.get("block_id", "").partition(":")[0] == name
    )
    assert isinstance(found, dict)
    return found


def ticket(status: Status = Status.OPEN, **changes: Any) -> Ticket:
    kind = changes.pop("type", TicketType.INCIDENT)
    made = Ticket(
        id="0193a000-0000-7000-8000-000000000001",
        ref="I20261120-af36",
        type=kind,
        title="Fibre cut",
        description="No light",
        severity=Severity.SEV2,
        status=status,
        created_at=NOON,
        updated_at=NOON,
        version=1,
        created_by=ACTOR,
        via="api",
        start_at=NOON,
        detected_at=NOON,
        last_status_at=NOON,
        last_word_at=NOON,
    )
    return replace(made, **changes)


def test_the_form_of_an_incident_is_filled_from_what_is_known() -> None:
    view = forms.incident_form(
        today=TODAY,
        levels=3,
        draft=forms.IncidentDraft(
            title="api is\ndown",
            description="since noon",
            severity=Severity.SEV4,
            reported_at=datetime(2026, 11, 20, 1, 5, tzinfo=timezone(timedelta(hours=1))),
            devices=(option("ams-1", "dev1"),),
            reporter="Ada",
        ),
    )
    check_view(view)
    assert element(view, fields.TITLE)["initial_value"] == "api is down"
    assert element(view, fields.TITLE)["max_length"] == 200
    # The org has three levels: its mildest stands for one milder than that.
    assert element(view, fields.SEVERITY)["initial_option"]["value"] == "sev3"
    assert len(element(view, fields.SEVERITY)["options"]) == 3
    assert element(view, fields.REPORTED_DATE)["initial_date"] == "2026-11-20"
    assert element(view, fields.REPORTED_TIME)["initial_time"] == "00:05"
    assert element(view, fields.DEVICES)["initial_options"][0]["value"] == "dev1"
    assert element(view, fields.REPORTER)["initial_value"] == "Ada"


def test_every_picker_of_a_time_says_that_it_is_in_utc() -> None:
    views = [
        forms.incident_form(today=TODAY, levels=4),
        forms.maintenance_form(),
        forms.update_form(levels=4),
        forms.close_form(),
    ]
    pickers = [
        block
        for view in views
        for block in view["blocks"]
        if block.get("element", {}).get("type") in ("timepicker", "datepicker")
    ]
    assert len(pickers) == 10
    for block in pickers:
        assert "(UTC)" in block["label"]["text"]
        if block["element"]["type"] == "timepicker":
            assert block["element"]["timezone"] == "Etc/UTC"


@pytest.mark.parametrize("kind", list(TicketType))
def test_only_moves_that_the_lifecycle_has_are_offered(kind: TicketType) -> None:
    for status in statuses_of(kind):
        view = forms.update_form(levels=4, ticket=ticket(status, type=kind))
        check_view(view)
        offered = {one["value"] for one in element(view, fields.STATUS)["options"]}
        assert offered
        assert (status.value in offered) == (
            kind is TicketType.MAINTENANCE and status in (Status.CLOSED, Status.CANCELLED)
        )
    view = forms.update_form(levels=4, ticket=ticket(Status.MONITORING))
    offered = {one["value"] for one in element(view, fields.STATUS)["options"]}
    assert {"resolved", "closed", "investigating", "declined"} <= offered
    assert "acknowledged" not in offered


def test_a_template_fills_the_form_and_takes_the_place_of_what_was_typed() -> None:
    told = ticket(
        public_title="Trouble in Paris",
        public_updates=(PublicUpdate(id="1", status="identified", posted_at=NOON),),
        public_impacts=(
            ServiceImpact(code="api", impact="major"),
            ServiceImpact(code="web", impact=None),
        ),
    )
    view = forms.publish_form(
        kind=TicketType.INCIDENT, ticket=told, service_names={"api": "The API"}
    )
    check_view(view)
    assert element(view, fields.TITLE)["initial_value"] == "Trouble in Paris"
    assert element(view, fields.STATUS)["initial_option"]["value"] == "identified"
    (major,) = element(view, fields.MAJOR)["initial_options"]
    assert (major["text"]["text"], major["value"]) == ("The API", "api")

    typed = filled(view, body="half a sentence", title="Trouble in Lyon", degraded=["web"])
    again = forms.publish_form(
        kind=TicketType.INCIDENT, ticket=told, draft=public_words(typed), template="resolved"
    )
    check_view(again)
    # What the template fills has another id: Slack keeps what was typed while the id stays.
    assert {one.get("block_id") for one in again["blocks"]} >= {"body:resolved", "status:resolved"}
    template = template_named(TicketType.INCIDENT, "resolved")
    assert template is not None
    assert element(again, fields.BODY)["initial_value"] == template.body
    assert element(again, fields.STATUS)["initial_option"]["value"] == "resolved"
    assert element(again, fields.TITLE)["initial_value"] == "Trouble in Lyon"
    assert element(again, fields.DEGRADED)["initial_options"][0]["value"] == "web"
    assert carried_by(again).template == "resolved"


def test_the_public_title_is_asked_for_the_first_time() -> None:
    def optional(told: Ticket | None) -> bool:
        view = forms.publish_form(kind=TicketType.INCIDENT, ticket=told)
        (block,) = (one for one in view["blocks"] if one.get("block_id") == fields.TITLE)
        return bool(block["optional"])

    assert not optional(ticket())
    assert optional(ticket(public_title="Trouble"))
    assert optional(None)


def test_the_templates_say_nothing_of_a_tickets_own() -> None:
    for kind, templates in TEMPLATES.items():
        keys = [one.key for one in templates]
        assert len(set(keys)) == len(keys)
        view = forms.publish_form(kind=kind, ticket=ticket(type=kind), template=keys[0])
        body = element(view, fields.BODY)["initial_value"]
        assert "Fibre" not in body
        assert "light" not in body


def test_what_a_form_carries_comes_back() -> None:
    carried = Carried(
        org_id=7, ticket="t", channel="C1", thread="1.2", permalink="https://a/\u05e9"
    )
    assert carried_by({"private_metadata": metadata_of(carried)}) == carried
    long = replace(carried, permalink="https://a/" + "x" * 4_000)
    assert carried_by({"private_metadata": metadata_of(long)}) == replace(carried, permalink=None)
    for unreadable in ("", "{", "[]", '{"ticket": 5, "org_id": "x", "later": 1}', None):
        assert carried_by({"private_metadata": unreadable}) == Carried()


def test_root_causes_all_fit() -> None:
    options = element(forms.close_form(), fields.ROOT_CAUSE)["options"]
    assert [one["value"] for one in options] == [one.value for one in RootCause]


CARRIED = st.builds(
    Carried,
    org_id=st.integers(1, 2**53),
    ticket=st.none() | st.text(max_size=36),
    channel=st.none() | st.just("C0123456789"),
    thread=st.none() | st.just("1700000000.000100"),
    permalink=st.none() | TEXTS,
)
OPTIONS = st.lists(st.builds(option, TEXTS, st.text(min_size=1, max_size=64)), max_size=3).map(
    tuple
)


@given(
    carried=CARRIED,
    title=TEXTS,
    text=TEXTS,
    severity=st.sampled_from(Severity),
    at=st.none() | INSTANTS,
    levels=st.integers(3, 5),
    options=OPTIONS,
)
def test_any_new_ticket_has_a_form_that_slack_takes(
    carried: Carried,
    title: str,
    text: str,
    severity: Severity,
    at: datetime | None,
    levels: int,
    options: tuple[fields.Option, ...],
) -> None:
    incident = forms.incident_form(
        today=date(2026, 11, 20),
        levels=levels,
        carried=carried,
        draft=forms.IncidentDraft(
            title=title,
            description=text,
            severity=severity,
            reported_at=at,
            devices=options,
            links=options,
            services=options,
            reporter=title,
        ),
    )
    maintenance = forms.maintenance_form(
        carried=carried,
        draft=forms.MaintenanceDraft(
            title=title,
            description=text,
            start_at=at,
            end_at=at,
            impact=Impact.OUTAGE,
            devices=options,
            reporter=text,
        ),
    )
    for view in (incident, maintenance):
        check_view(view)
        json.dumps(view, ensure_ascii=False).encode()


@given(
    carried=CARRIED,
    ticket=any_ticket(),
    text=TEXTS,
    title=st.none() | TITLES,
    template=st.none() | st.sampled_from([one.key for some in TEMPLATES.values() for one in some]),
    impacts=st.lists(
        st.tuples(st.text(min_size=1, max_size=32), st.sampled_from(PublicImpact)), max_size=4
    ),
)
def test_any_ticket_has_forms_that_slack_takes(
    carried: Carried,
    ticket: Ticket,
    text: str,
    title: str | None,
    template: str | None,
    impacts: list[tuple[str, PublicImpact]],
) -> None:
    told = replace(
        ticket,
        public_title=title,
        public_impacts=tuple(ServiceImpact(code=code, impact=shown) for code, shown in impacts),
    )
    views = [
        forms.update_form(levels=4, carried=carried, ticket=told, comment=text),
        forms.close_form(carried=carried, ticket=told, resolution=text),
        forms.rca_form(carried=carried, ticket=told, url=text),
        forms.publish_form(
            kind=told.type, carried=carried, ticket=told, template=template, draft=None
        ),
        forms.update_form(levels=5, carried=carried, comment=text),
        forms.close_form(carried=carried, resolution=text),
        forms.rca_form(carried=carried, url=text),
        forms.publish_form(kind=told.type, carried=carried),
        *(
            forms.status_form(ticket=told, status=status, carried=carried, text=text)
            for status in statuses_of(told.type)
        ),
    ]
    for view in views:
        check_view(view)
        json.dumps(view, ensure_ascii=False).encode()
