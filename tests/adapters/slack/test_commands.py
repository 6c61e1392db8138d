"""Slash commands: what each does, what it says to who asked, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.slack.desk import Desk, slack_desk
from tests.projections.histories import follow
from tests.servers.slack import signing
from tocsin.adapters.slack.answering import Asked, tell
from tocsin.adapters.slack.contract import Spoken, conversation
from tocsin.adapters.slack.measured import measured
from tocsin.adapters.slack.people import UNKNOWN
from tocsin.core.commands import AddReference, ChangeStatus, PlanMaintenance, ReferenceDraft
from tocsin.core.membership import link_code_digest
from tocsin.core.record_commands import (
    CreateEntryPoint,
    IssueLinkCode,
    RemoveMember,
    UpdateMember,
)
from tocsin.core.records import EntryPoint
from tocsin.core.ticket import Ticket
from tocsin.core.triage import Suggestion
from tocsin.core.words import Severity, Status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk to ask at."""
    with slack_desk(tmp_path) as made:
        yield made


def test_create_with_words_opens_an_incident_in_the_name_of_who_asked(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")

    answer = desk.say(anna, "/incident", "create api is *down* <now> & “here” 🔥 שלום")

    opened = desk.only()
    assert answer.ok
    assert opened.title == "api is *down* <now> & “here” 🔥 שלום"
    assert (opened.severity, opened.created_by.name, opened.via) == (Severity.SEV3, "anna", "slack")
    assert opened.ref in desk.last(anna)
    assert "&lt;now&gt; &amp;" in desk.last(anna)


def test_an_entry_point_says_how_bad_it_is_and_whose(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.person("bert", role="member")
    entry_point(desk, "payments", words=("checkout",), severity="sev2", assignee="bert")

    desk.say(anna, "/incident", "create Checkout is broken")
    desk.home.system("member", RemoveMember(), org_id=desk.net, subject=desk.member("bert").id)
    desk.say(anna, "/incident", "create the CHECKOUT again")

    first, second = desk.tickets()
    assert first.assignee is not None
    assert (first.severity, second.severity, second.assignee) == (
        Severity.SEV2,
        Severity.SEV2,
        None,
    )


def test_a_model_that_answers_afterwards_betters_what_was_opened(tmp_path: Path) -> None:
    class Thinker:
        def suggest(self, text: str, entry_points: Sequence[EntryPoint]) -> Suggestion | None:
            (chosen,) = (one for one in entry_points if one.name == "payments")
            return Suggestion(entry_point_id=chosen.id, title="Payments time out")

    with slack_desk(tmp_path, model=Thinker()) as desk:
        anna = desk.person("anna", role="member")
        entry_point(desk, "payments", severity="sev1", prompt="payments")

        desk.say(anna, "/incident", "create people cannot pay since noon")

        opened = desk.only()
        assert (opened.title, opened.severity) == ("Payments time out", Severity.SEV1)
        assert "people cannot pay since noon" in opened.description
        assert "people cannot pay since noon" in desk.last(anna)


def entry_point(desk: Desk, name: str, *, assignee: str | None = None, **given: Any) -> None:
    """An entry point of that name."""
    command = CreateEntryPoint(
        entry_point_id=desk.home.fresh(),
        name=name,
        assignee=None if assignee is None else desk.member(assignee).id,
        **given,
    )
    desk.home.ask("admin", command, sort="entry_point")


def test_plain_create_of_the_crash_bot_does_the_same(desk: Desk) -> None:
    anna = desk.person("anna", role="member")

    desk.say(anna, "/create", "login is slow")

    assert desk.only().title == "login is slow"


def test_a_command_that_slack_sends_twice_is_done_once(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    answer = desk.say(anna, "/incident", "create api is down")

    # What is signed alike is a replay; this is signed at a second of its own.
    headers = signing.signed(answer.request.body, at=time.time() - 10)
    desk.slack.outbox.deliver(answer.request, headers=headers)
    desk.hands.settle()

    opened = desk.only()
    assert len(desk.events(opened)) == 1
    assert "already" in desk.last(anna)


def test_the_life_of_an_incident_in_commands(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    ticket = desk.incident()
    ref = ticket.ref

    for text, status in (
        (f"ack {ref}", Status.ACKNOWLEDGED),
        (f"status {ref} investigating looking at the card", Status.INVESTIGATING),
        (f"status {ref} monitoring it holds", Status.MONITORING),
        (f"resolve {ref} fibre spliced", Status.RESOLVED),
        (f"reopen {ref} dark again", Status.INVESTIGATING),
        (f"close {ref} fibre replaced", Status.CLOSED),
        (f"reopen {ref} and again", Status.INVESTIGATING),
        (f"cancel {ref} invalid it was the test bench", Status.CANCELLED),
    ):
        desk.say(anna, "/incident", text)
        assert desk.now(ticket).status is status, desk.last(anna)

    assert desk.last(anna) == f"*{ref}* is cancelled now."
    said = [getattr(event.payload, "resolution", None) for event in desk.events(ticket)]
    assert [one for one in dict.fromkeys(said) if one] == ["fibre spliced", "fibre replaced"]
    reasons = [getattr(event.payload, "reason", None) for event in desk.events(ticket)]
    assert {"dark again", "and again", "it was the test bench"} <= set(reasons)


def test_words_severity_assignee_and_analysis_in_commands(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    bert = desk.person("bert", role="member")
    ticket = desk.incident()
    ref = ticket.ref

    desk.say(anna, "/incident", f"update {ref} the splice team is on its way")
    desk.say(anna, "/incident", f"severity {ref} sev1")
    desk.say(anna, "/incident", f"assign {ref} <@{bert.id}|bert>")
    assert desk.last(anna) == f"*{ref}* is given to bert now."
    desk.say(anna, "/incident", f"assign {ref} beta")
    desk.say(anna, "/incident", f"rca {ref} https://rca.example/1")

    now = desk.now(ticket)
    assert (now.severity, now.rca_url) == (Severity.SEV1, "https://rca.example/1")
    assert now.assignee is not None
    assert now.assignee.kind == "contributor"
    kinds = [event.kind for event in desk.events(ticket)]
    assert kinds.count("incident.assignee_changed") == 2
    assert "incident.note_added" in kinds


def test_assigning_takes_names_and_addresses_and_says_who_is_not_there(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    eve = desk.person("eve", role=None)
    ticket = desk.incident()

    for whom, name in (("me", "anna"), ("teammate", "teammate"), ("nobody", "nobody")):
        desk.say(anna, "/incident", f"assign {ticket.ref} {whom}")
        assert f"is given to {name} now" in desk.last(anna)
    desk.say(anna, "/incident", f"assign {ticket.ref} zorro")
    assert "no member or contributor here is called zorro" in desk.last(anna)
    desk.say(anna, "/incident", f"assign {ticket.ref} <@{eve.id}|eve>")
    assert "eve is no member here yet" in desk.last(anna)
    assert desk.now(ticket).assignee is None


def test_the_same_again_says_that_nothing_changed(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    ticket = desk.incident()
    desk.say(anna, "/incident", f"ack {ticket.ref}")
    before = len(desk.events(ticket))

    desk.say(anna, "/incident", f"ack {ticket.ref}")

    assert len(desk.events(ticket)) == before
    assert "nothing has changed" in desk.last(anna)


def test_list_shows_the_worst_first_and_what_it_was_asked_for(desk: Desk) -> None:
    anna = desk.person("anna", role="viewer")
    desk.incident("Slow <disk>", severity="sev3")
    worst = desk.incident("Core down", severity="sev1")
    gone = desk.incident("Old news", severity="sev1")
    desk.ask(gone, ChangeStatus(status="closed", resolution="done"))

    desk.say(anna, "/incident", "list")
    lines = desk.last(anna).splitlines()
    assert [worst.ref in lines[0], "Slow &lt;disk&gt;" in lines[1], len(lines)] == [True, True, 2]

    desk.say(anna, "/incident", "list over")
    assert gone.ref in desk.last(anna)
    desk.say(anna, "/maintenance", "list")
    assert desk.last(anna).startswith("Nothing")


def test_planned_work_is_listed_by_its_windows(desk: Desk) -> None:
    anna = desk.person("anna", role="viewer")
    noon = desk.home.clock()
    later, sooner, past = (
        planned_maintenance(desk, f"M20261120-000{number}", start_at=noon + timedelta(hours=hours))
        for number, hours in ((1, 48), (2, 24), (3, 2))
    )
    desk.ask(past, ChangeStatus(status="closed"))

    desk.say(anna, "/maintenance", "list")
    assert desk.last(anna).splitlines() == [
        f"*{one.ref}* · sev3 · Splice · planned · {day} 12:00 UTC to {day} 14:00 UTC · ams-1, api"
        for one, day in ((sooner, "2026-11-21"), (later, "2026-11-22"))
    ]

    desk.say(anna, "/maintenance", "list all")
    assert [line[1:15] for line in desk.last(anna).splitlines()] == [
        later.ref,
        sooner.ref,
        past.ref,
    ]


def planned_maintenance(desk: Desk, ref: str, *, start_at: datetime) -> Ticket:
    """Two hours of work on a device and a service."""
    outcome = desk.home.ask(
        "admin",
        PlanMaintenance(
            ticket_id=desk.home.fresh(),
            refs=(ref,),
            title="Splice",
            start_at=start_at,
            end_at=start_at + timedelta(hours=2),
            devices=("ams-1",),
            services=("api",),
            formal=False,
        ),
    )
    assert isinstance(outcome.state, Ticket)
    return outcome.state


def test_measures_are_told_to_who_asks(desk: Desk) -> None:
    anna = desk.person("anna", role="viewer")
    desk.incident("An old one", severity="sev1")
    desk.home.clock.pass_by(timedelta(days=31))
    taken, left = desk.incident("Fibre cut", severity="sev2"), desk.incident(severity="sev3")
    desk.home.clock.pass_by(timedelta(minutes=12))
    desk.ask(taken, ChangeStatus(status="acknowledged"))
    desk.home.clock.pass_by(timedelta(hours=3))
    desk.ask(taken, ChangeStatus(status="resolved"))
    desk.ask(left, ChangeStatus(status="acknowledged"))
    follow(desk.home)

    desk.say(anna, "/incident", "measures")
    assert desk.last(anna).splitlines() == [
        "*2* incidents since 2026-11-21 15:12 UTC: 1 sev2, 1 sev3",
        "*MTTA* (to acknowledge): 1 h 42 min on average, median 1 h 42 min (of 2)",
        "*MTTR* (to resolve): 3 h 12 min on average, median 3 h 12 min (of 1)",
    ]

    desk.say(anna, "/incident", "measures 60d")
    assert "*3* incidents" in desk.last(anna)
    desk.say(anna, "/incident", "measures 1h")
    assert desk.last(anna) == "No incident was opened since 2026-12-21 14:12 UTC."
    with desk.home.store.reading() as turn:
        told = measured(
            turn,
            org_id=desk.net,
            span=timedelta(days=1),
            now=desk.home.clock(),
            base_url="https://tocsin.example/",
        )
    assert told.splitlines()[-1] == "<https://tocsin.example/measures|All measures>"


def test_a_viewer_an_unmapped_user_and_who_has_gone_are_refused_alone(desk: Desk) -> None:
    vera = desk.person("vera", role="viewer")
    eve = desk.person("eve", role=None)
    ticket = desk.incident()
    channel = desk.slack.channel("#general")
    refusals = {
        f"ack {ticket.ref}": "needs the role member; yours is viewer",
        f"update {ticket.ref} hm": "needs the role member; yours is viewer",
        "create api is down": "needs the role member; yours is viewer",
        "create": "needs the role member; yours is viewer",
        f"publish {ticket.ref}": "needs the role oncall_engineer; yours is viewer",
    }

    for text, sentence in refusals.items():
        desk.say(vera, "/incident", text)
        assert sentence in desk.last(vera)
        desk.say(eve, "/incident", text)
        assert desk.last(eve) == UNKNOWN
    desk.say(eve, "/incident", "list")

    assert desk.last(eve) == UNKNOWN
    assert len(desk.told(vera)) == len(refusals)
    assert len(desk.told(eve)) == len(refusals) + 1
    assert (channel.everything, desk.slack.open_views(vera)) == ([], [])
    assert len(desk.events(ticket)) == 1


def test_a_mail_address_makes_nobody_more_than_a_member(desk: Desk) -> None:
    anna = desk.person("anna", role=None)
    desk.home.invite("chief", org="net", role="org_admin")
    address = UpdateMember(email="anna@acme.example")
    desk.home.ask("admin", address, subject=desk.member("chief").id, sort="member")
    ticket = desk.incident()

    desk.say(anna, "/incident", f"severity {ticket.ref} sev3")

    assert "lowering the severity needs the role sre_lead; yours is member" in desk.last(anna)


def test_another_orgs_ticket_is_not_there(desk: Desk) -> None:
    anna = desk.person("anna", role="org_admin")
    theirs = desk.home.ask(
        "stranger", desk.home.incident(devices=(), services=("api",)), org="elsewhere"
    )
    assert isinstance(theirs.state, Ticket)

    desk.say(anna, "/incident", f"ack {theirs.state.ref}")
    said = desk.last(anna)
    desk.say(anna, "/incident", "ack I20200101-zzzz")

    assert said == f"there is no ticket {theirs.state.ref} here"
    assert desk.last(anna) == "there is no ticket I20200101-zzzz here"


def test_a_channel_that_speaks_to_another_org_opens_there(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.home.invite("anna there", org="elsewhere", role="member")
    desk.tie(anna, "anna there", org="elsewhere")
    channel = desk.slack.channel("#elsewhere")
    desk.places.given[channel.id] = desk.home.orgs["elsewhere"]

    desk.say(anna, "/incident", "create their api is down", at=channel)

    assert desk.tickets() == []
    assert [one.title for one in desk.tickets("elsewhere")] == ["their api is down"]


def test_what_is_not_understood_says_what_would_be(desk: Desk) -> None:
    anna = desk.person("anna", role="member")

    for command, text, sentence in (
        ("/incident", "frobnicate", "I do not know `frobnicate`"),
        ("/incident", "ack", "Which ticket?"),
        ("/incident", "help", "*Incidents*"),
        ("/tocsin", "help", "/tocsin link CODE"),
        ("/tocsin", "", "/tocsin link CODE"),
        ("/tocsin", "mttr", "`/incident create …` opens an incident"),
        ("/maintenance", "frobnicate", "`/maintenance create` opens the form"),
    ):
        desk.say(anna, command, text)
        assert sentence in desk.last(anna), desk.last(anna)


def test_over_long_text_is_cut_with_words_or_refused_with_words(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")

    desk.say(anna, "/incident", "create " + "ä" * 3_900)
    opened = desk.only()
    assert len(opened.title) == 120
    assert opened.description == "ä" * 3_900

    desk.say(anna, "/incident", f"cancel {opened.ref} " + "x" * 3_000)
    assert "3,000 characters; at most 2,000" in desk.last(anna)
    desk.say(anna, "/incident", f"rca {opened.ref} https://a.example/" + "x" * 2_500)
    assert desk.now(opened).rca_url is None
    assert "2,000" in desk.last(anna)


def test_a_maintenance_in_commands(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    start = desk.home.clock() + timedelta(hours=1)
    planned = planned_maintenance(desk, "M20261120-0001", start_at=start)

    desk.say(anna, "/maintenance", f"start {planned.ref}")
    assert desk.now(planned).status is Status.IN_PROGRESS
    desk.say(anna, "/maintenance", f"extend {planned.ref} 2h")
    assert desk.now(planned).end_at == start + timedelta(hours=4)
    assert desk.last(anna) == f"*{planned.ref}* is planned until 2026-11-20 17:00 UTC now."
    desk.say(anna, "/maintenance", f"complete {planned.ref} all spliced")
    assert desk.now(planned).status is Status.COMPLETED
    desk.say(anna, "/maintenance", f"close {planned.ref} done")
    assert desk.now(planned).status is Status.CLOSED


def test_in_a_tickets_own_channel_the_ref_may_be_left_out(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    ticket = desk.incident()
    channel = desk.slack.channel("#inc-i20261120")
    identity = conversation(desk.team.id, channel.id)
    reference = ReferenceDraft(kind="chat", url="https://acme.slack.com/a", external_id=identity)
    desk.home.system(
        "ticket", AddReference(reference=reference), org_id=desk.net, subject=ticket.id
    )

    desk.say(anna, "/incident", "ack", at=channel)

    assert desk.now(ticket).status is Status.ACKNOWLEDGED


def test_who_cannot_be_told_one_way_is_told_another(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    inside, outside = (
        desk.slack.channel("#general"),
        desk.slack.channel("#secret", bot=False, private=True),
    )
    asked = Asked(
        workspace=desk.places.workspace,
        org_id=desk.net,
        team_id=desk.team.id,
        user_id=anna.id,
        channel=inside.id,
        response_url=f"{desk.slack.address}/response/none",
    )

    tell(asked, Spoken("one"), desk.surroundings)
    tell(replace(asked, channel=outside.id), Spoken("two"), desk.surroundings)
    tell(replace(asked, channel=None), Spoken("x" * 5_000), desk.surroundings)

    (ephemeral,) = desk.slack.ephemerals_to(anna)
    assert (ephemeral.text, ephemeral.how) == ("one", "chat.postEphemeral")
    direct = [message.text for message in desk.slack.direct(anna).everything]
    assert direct[0] == "two"
    assert direct[1] == "x" * 2_999 + "…"


def test_a_code_ties_a_user_to_a_member_once(desk: Desk) -> None:
    eve = desk.person("eve", role=None)
    issue = IssueLinkCode(digest=link_code_digest("abcdefghijklmnop"))
    desk.home.ask("owner", issue, subject=desk.member("owner").id, sort="member")

    desk.say(eve, "/tocsin", "link net.wrongcode")
    assert "this code is not good" in desk.last(eve)
    desk.say(eve, "/tocsin", "link net.abcdefghijklmnop")
    assert desk.last(eve) == "You are *owner* from now on."

    member = desk.member("owner")
    assert (member.slack_team_id, member.slack_user_id) == (desk.team.id, eve.id)
    desk.say(eve, "/tocsin", "link net.abcdefghijklmnop")
    assert "this code is not good" in desk.last(eve)


def test_only_an_org_admin_there_gives_a_channel_to_an_org(desk: Desk) -> None:
    anna = desk.person("anna", role="org_admin")
    channel = desk.slack.channel("#elsewhere")

    desk.say(anna, "/tocsin", "use elsewhere", at=channel)
    assert "there is no org elsewhere that you are a member of" in desk.last(anna)
    desk.say(anna, "/tocsin", "use nowhere", at=channel)
    assert "there is no org nowhere that you are a member of" in desk.last(anna)

    desk.home.invite("anna there", org="elsewhere", role="sre_lead")
    desk.tie(anna, "anna there", org="elsewhere")
    desk.say(anna, "/tocsin", "use elsewhere", at=channel)
    assert "needs the role org_admin; yours is sre_lead" in desk.last(anna)
    with desk.home.store.reading() as turn:
        assert list(turn.slack_channels()) == []

    desk.home.system(
        "member",
        UpdateMember(role="org_admin"),
        org_id=desk.home.orgs["elsewhere"],
        subject=desk.member("anna there", org="elsewhere").id,
    )
    desk.say(anna, "/tocsin", "use elsewhere", at=channel)
    with desk.home.store.reading() as turn:
        (row,) = turn.slack_channels()
    assert (row.channel_id, row.org_id) == (channel.id, desk.home.orgs["elsewhere"])


def test_fifty_commands_at_once_are_all_acknowledged_in_time(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    channel = desk.slack.channel("#general")

    answers = desk.slack.together(
        50, lambda: desk.slack.command(anna, channel, "/incident", "create api is down")
    )
    desk.hands.settle()

    assert all(answer.ok for answer in answers)
    assert desk.slack.slow_answers == []
    assert len(desk.tickets()) == 50
