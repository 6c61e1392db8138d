"""What forms bring back: commands, or what is wrong with them, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.slack.filling import filled
from tests.handler.acting import NOON, House, house, pubkey
from tocsin.adapters.slack import fields, forms
from tocsin.adapters.slack.choices import ticket_options
from tocsin.adapters.slack.fields import Carried
from tocsin.adapters.slack.submitted import (
    Analysed,
    Published,
    Updated,
    Wrong,
    analysed,
    closed,
    errors_of,
    opened_incident,
    planned_maintenance,
    published,
    status_changed,
    updated,
)
from tocsin.core.commands import (
    ChangeSeverity,
    ChangeStatus,
    Command,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    ServiceImpactDraft,
)
from tocsin.core.errors import Forbidden, Invalid, InvalidTransition, Refusal
from tocsin.core.ticket import Ticket
from tocsin.core.words import RootCause, Severity, Status, TicketType

TODAY = NOON.date()
REFS = ("I20261120-af36", "I20261120-af36af36")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def opened(view: dict[str, Any], *, now: datetime = NOON) -> OpenIncident | Wrong:
    return opened_incident(view, now=now, ticket_id="0193", refs=REFS)


def planned(view: dict[str, Any]) -> PlanMaintenance | Wrong:
    return planned_maintenance(view, now=NOON, ticket_id="0193", refs=REFS)


def incident_form(**draft: Any) -> dict[str, Any]:
    return forms.incident_form(today=TODAY, levels=4, draft=forms.IncidentDraft(**draft))


# -- incidents ------------------------------------------------------------------------------------


def test_five_past_midnight_in_the_picker_is_five_past_midnight_in_utc() -> None:
    view = filled(
        incident_form(),
        title="Portal is slow",
        reported_date="2026-11-20",
        reported_time="00:05",
        severity="sev1",
        devices=["dev1", "dev1"],
        services=["api"],
        description=" *slow* & <b> \u05e9\u05dc\u05d5\u05dd :fire: \U0001f525 ",
        reporter="Ada",
    )
    # Whoever picked it lives in Kolkata; Slack sends what stood in the picker.
    view["user"] = {"tz": "Asia/Kolkata", "tz_offset": 19_800}
    command = opened(view)
    assert isinstance(command, OpenIncident)
    assert command.start_at == datetime(2026, 11, 20, 0, 5, tzinfo=UTC)
    assert command.devices == ("dev1",)
    assert command.services == ("api",)
    assert command.severity == "sev1"
    assert command.description == "*slow* & <b> \u05e9\u05dc\u05d5\u05dd :fire: \U0001f525"
    assert command.reporter_name == "Ada"
    assert not command.formal


def test_a_time_of_report_that_is_left_empty_is_now() -> None:
    command = opened(filled(incident_form(title="api is down")))
    assert isinstance(command, OpenIncident)
    assert command.start_at is None
    assert command.description is None
    assert command.severity == "sev3"


@pytest.mark.parametrize(
    ("day", "time", "block"),
    [
        ("2026-11-19", None, fields.REPORTED_TIME),
        (None, "10:00", fields.REPORTED_DATE),
        ("2026-11-20", "12:02", fields.REPORTED_TIME),
        ("2026-11-21", "00:05", fields.REPORTED_TIME),
        ("someday", "10:00", fields.REPORTED_DATE),
        ("2026-11-20", "25:00", fields.REPORTED_TIME),
    ],
)
def test_half_a_time_and_one_to_come_are_refused_with_words(
    day: str | None, time: str | None, block: str
) -> None:
    view = filled(incident_form(title="x"), reported_date=day, reported_time=time)
    command = opened(view)
    assert isinstance(command, Wrong)
    assert set(command.errors) == {block}
    if day == "2026-11-21":
        assert command.errors[block] == (
            "2026-11-21 00:05 UTC lies in the future; it is now 2026-11-20 12:00 UTC."
        )


def test_everything_that_is_missing_is_said_at_once() -> None:
    command = opened(filled(incident_form(), title=" \n ", severity=None))
    assert isinstance(command, Wrong)
    assert set(command.errors) == {fields.TITLE, fields.SEVERITY}


# -- maintenance ----------------------------------------------------------------------------------


def test_a_maintenance_ends_after_it_starts() -> None:
    form = forms.maintenance_form(draft=forms.MaintenanceDraft(title="Swap"))
    when = {"start_date": "2026-11-21", "start_time": "22:00", "end_date": "2026-11-22"}
    command = planned(filled(form, **when, end_time="00:05", impact="no_impact", links=["l1"]))
    assert isinstance(command, PlanMaintenance)
    assert command.start_at == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert command.end_at == datetime(2026, 11, 22, 0, 5, tzinfo=UTC)
    assert (command.impact, command.links) == ("no_impact", ("l1",))

    upside_down = planned(filled(form, **(when | {"end_date": "2026-11-21"}), end_time="22:00"))
    assert upside_down == Wrong(
        {fields.END_TIME: "The end must be after the start, 2026-11-21 22:00 UTC."}
    )
    assert isinstance(empty := planned(filled(form)), Wrong)
    assert set(empty.errors) == {"start_date", "start_time", "end_date", "end_time"}


# -- updates --------------------------------------------------------------------------------------


def update_form() -> dict[str, Any]:
    return forms.update_form(levels=4, carried=Carried(org_id=1))


def test_an_update_may_say_everything_at_once() -> None:
    view = filled(
        update_form(),
        ticket="0193-7",
        comment="fan replaced",
        status="resolved",
        severity="sev4",
        resolution="a new fan",
        root_cause="hardware",
        resolved_date="2026-11-20",
        resolved_time="00:05",
    )
    assert updated(view, now=NOON) == Updated(
        ticket="0193-7",
        commands=(
            ChangeSeverity(severity="sev4"),
            ChangeStatus(
                status="resolved",
                body="fan replaced",
                resolution="a new fan",
                root_cause="hardware",
                at=datetime(2026, 11, 20, 0, 5, tzinfo=UTC),
            ),
        ),
    )


def test_an_update_that_says_nothing_is_refused_with_words() -> None:
    nothing = updated(filled(update_form(), ticket=None), now=NOON)
    assert isinstance(nothing, Wrong)
    assert set(nothing.errors) == {fields.TICKET, fields.COMMENT}
    late = filled(
        update_form(), ticket="t", comment="x", resolved_date="2026-11-20", resolved_time="10:00"
    )
    assert isinstance(wrong := updated(late, now=NOON), Wrong)
    assert set(wrong.errors) == {fields.RESOLVED_TIME}
    words = updated(filled(update_form(), ticket="t", resolution="a fan"), now=NOON)
    assert isinstance(words, Updated)
    assert words.commands == (ChangeStatus(body="a fan", resolution="a fan"),)


def test_a_resolution_to_come_is_refused_with_words() -> None:
    view = filled(forms.close_form(), ticket="t", resolved_date="2026-11-20", resolved_time="12:30")
    assert closed(view, now=NOON) == Wrong(
        {
            fields.RESOLVED_TIME: (
                "2026-11-20 12:30 UTC lies in the future; it is now 2026-11-20 12:00 UTC."
            )
        }
    )
    # The minute that is under way is now: the picker knows no seconds.
    now = NOON + timedelta(minutes=30, seconds=20)
    assert closed(view, now=now) == Updated(ticket="t", commands=(ChangeStatus(status="closed"),))


# -- what the core says ---------------------------------------------------------------------------


def test_a_refusal_is_told_where_it_belongs(home: House) -> None:
    view = filled(incident_form(title="api is down"), devices=["nowhere-1"])
    command = opened(view)
    assert isinstance(command, OpenIncident)
    with pytest.raises(Invalid) as refused:
        home.ask("owner", command)
    assert errors_of(refused.value, view) == {
        fields.DEVICES: 'No device with the pubkey or code "nowhere-1" is registered here.'
    }


def test_a_refusal_that_belongs_nowhere_is_told_first(home: House) -> None:
    refusal = Forbidden("only an sre_lead may")
    assert errors_of(refusal, incident_form()) == {fields.TITLE: "Only an sre_lead may."}
    stream = home.ask("owner", home.incident()).stream
    with pytest.raises(InvalidTransition) as refused:
        home.ask("admin", ChangeStatus(status="open"), subject=_moved_on(home, stream))
    assert "may become" in errors_of(refused.value, forms.close_form())[fields.TICKET]


def _moved_on(home: House, stream: str) -> str:
    identity = stream.partition(":")[2]
    home.ask("admin", ChangeStatus(status="monitoring"), subject=identity)
    return identity


# -- the crashbot document: report, update, close, and an analysis when it is over -----------------


def ask(home: House, asked: Updated | Analysed | Published | Wrong) -> Ticket:
    """Do as the form says; the ticket as it stands then."""
    assert not isinstance(asked, Wrong), asked.errors
    commands: tuple[Command, ...] = (
        asked.commands if isinstance(asked, Updated) else (asked.command,)
    )
    *_, state = [home.ask("admin", one, subject=asked.ticket).state for one in commands]
    assert isinstance(state, Ticket)
    return state


def picked(home: House, typed: str, *, over_too: bool = False) -> list[str]:
    """What the picker offers."""
    with home.store.reading() as turn:
        options = ticket_options(turn, org_id=home.orgs["net"], typed=typed, over_too=over_too)
    return [one["value"] for one in options]


def test_report_update_close_and_link_the_analysis(home: House) -> None:
    view = filled(
        incident_form(),
        title="Portal is down",
        severity="sev1",
        reported_date="2026-11-20",
        reported_time="00:05",
        devices=[pubkey(11)],
        reporter="Ada of support",
    )
    command = opened_incident(view, now=NOON, ticket_id=home.fresh(), refs=REFS)
    assert isinstance(command, OpenIncident)
    outcome = home.ask("admin", command)
    reported = outcome.state
    assert isinstance(reported, Ticket)
    assert reported.start_at == datetime(2026, 11, 20, 0, 5, tzinfo=UTC)
    assert (reported.severity, reported.reporter_name) == (Severity.SEV1, "Ada of support")

    home.clock.pass_by(timedelta(hours=2))
    now = home.clock()
    (chosen,) = picked(home, "portal")
    view = filled(
        update_form(), ticket=chosen, comment="We found it", severity="sev2", status="monitoring"
    )
    moved = ask(home, updated(view, now=now))
    assert (moved.status, moved.severity) == (Status.MONITORING, Severity.SEV2)

    (chosen,) = picked(home, reported.ref)
    view = filled(
        forms.close_form(),
        ticket=chosen,
        resolution="A new certificate",
        root_cause="configuration",
        resolved_date="2026-11-20",
        resolved_time="13:59",
    )
    # The last word was at 14:00: an end before it is refused, and at the picker.
    with pytest.raises(Refusal) as refused:
        ask(home, closed(view, now=now))
    assert set(errors_of(refused.value, view)) == {fields.RESOLVED_TIME}
    over = ask(home, closed(filled(view, resolved_time="14:01"), now=now + timedelta(minutes=1)))
    assert over.status is Status.CLOSED
    assert over.root_cause is RootCause.CONFIGURATION
    assert over.resolution == "A new certificate"

    assert picked(home, "portal") == []
    (chosen,) = picked(home, "portal", over_too=True)
    view = filled(forms.rca_form(), any_ticket=chosen, rca_url="https://rca.example/1?a=1&b=2")
    analysis = ask(home, analysed(view, now=now))
    assert analysis.rca_url == "https://rca.example/1?a=1&b=2"
    assert analysis.status is Status.CLOSED


def test_an_address_that_is_none_is_refused_with_words(home: House) -> None:
    outcome = home.ask("owner", home.incident())
    assert isinstance(outcome.state, Ticket)
    view = filled(forms.rca_form(ticket=outcome.state), rca_url="javascript:alert(1)")
    with pytest.raises(Invalid) as refused:
        ask(home, analysed(view, now=NOON))
    assert set(errors_of(refused.value, view)) == {fields.RCA_URL}


def test_a_card_asks_for_the_message_of_a_move(home: House) -> None:
    outcome = home.ask("owner", home.incident())
    assert isinstance(outcome.state, Ticket)
    view = filled(forms.status_form(ticket=outcome.state, status="mitigating"), comment="on it")
    asked = status_changed(view, now=NOON)
    assert asked == Updated(
        ticket=outcome.state.id, commands=(ChangeStatus(status="mitigating", body="on it"),)
    )
    done = forms.status_form(ticket=ask(home, asked), status="resolved", text="a new fan")
    resolved = ask(home, status_changed(filled(done, root_cause="hardware"), now=NOON))
    assert (resolved.status, resolved.resolution) == (Status.RESOLVED, "a new fan")
    lost = status_changed(filled(forms.close_form(), ticket="t"), now=NOON)
    assert isinstance(lost, Wrong)


def test_words_for_the_public_are_a_persons_own(home: House) -> None:
    outcome = home.ask("owner", home.incident(services=("api", "web")))
    assert isinstance(outcome.state, Ticket)
    form = forms.publish_form(
        kind=TicketType.INCIDENT, ticket=outcome.state, template="investigating"
    )
    view = filled(form, title="Trouble in Paris", major=["api"], degraded=["web"])
    asked = published(view, now=NOON)
    assert isinstance(asked, Published)
    assert asked.command == PostPublicUpdate(
        status="investigating",
        body="We are investigating reports of a problem and will say more as soon as we know it.",
        title="Trouble in Paris",
        services=(
            ServiceImpactDraft(code="api", impact="major"),
            ServiceImpactDraft(code="web", impact="degraded"),
        ),
    )
    assert ask(home, asked).public_title == "Trouble in Paris"

    twice = published(filled(view, degraded=["api"]), now=NOON)
    assert isinstance(twice, Wrong)
    assert set(twice.errors) == {fields.DEGRADED}
    empty = published(filled(form, title=None, body=None, status=None), now=NOON)
    assert isinstance(empty, Wrong)
    # What a template filled has its own id, and that is where Slack looks for the sentence.
    assert set(empty.errors) == {"body:investigating", "status:investigating"}
    untitled = published(filled(form, title=None), now=NOON)
    assert isinstance(untitled, Published)


# -- laws -----------------------------------------------------------------------------------------

MINUTES = st.integers(0, 199 * 365 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(MINUTES)
def test_a_picked_minute_is_that_minute_in_utc(at: datetime) -> None:
    view = filled(
        incident_form(title="x"), reported_date=f"{at:%Y-%m-%d}", reported_time=f"{at:%H:%M}"
    )
    command = opened(view, now=at)
    assert isinstance(command, OpenIncident)
    assert command.start_at == at
    # And what a form is filled with comes back as it was.
    command = opened(filled(incident_form(title="x", reported_at=at)), now=at)
    assert isinstance(command, OpenIncident)
    assert command.start_at == at


ANY_VALUE = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.just({"value": "x"}),
    st.just({"text": {}}),
    st.lists(st.sampled_from([{"value": "x"}, {}, {"value": 1}, "x", None]), max_size=2),
    st.integers(),
)
ANY_ELEMENT = st.dictionaries(
    st.sampled_from(
        ["type", "value", "selected_option", "selected_options", "selected_date", "selected_time"]
    ),
    ANY_VALUE,
    max_size=4,
)
ANY_STATE = st.dictionaries(
    st.sampled_from(
        [name for name, one in vars(fields).items() if name.isupper() and isinstance(one, str)]
    ).map(lambda name: str(getattr(fields, name))),
    st.dictionaries(st.just("value"), ANY_ELEMENT | st.none(), max_size=1),
)


@given(state=ANY_STATE, metadata=st.none() | st.text(max_size=20) | st.just('{"status":"closed"}'))
def test_whatever_comes_back_is_read_or_refused(state: Any, metadata: str | None) -> None:
    view: dict[str, Any] = {"private_metadata": metadata, "state": {"values": state}, "blocks": []}
    for read in (updated, closed, status_changed, analysed, published):
        found = read(view, now=NOON)
        assert isinstance(found, Wrong | Updated | Analysed | Published)
        if isinstance(found, Wrong):
            assert found.errors
            assert all(found.errors.values())
    assert isinstance(opened(view), OpenIncident | Wrong)
    assert isinstance(planned(view), PlanMaintenance | Wrong)
