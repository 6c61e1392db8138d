"""Stories: what a card shows of a ticket, and what can be done on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.adapters.slack.facts import NAMES, TownNames, read, with_slack
from tests.core.telling import (
    ADA,
    AMS,
    FIBRE_SWAP,
    HOUR,
    NOON,
    OUTAGE,
    ROOT,
    Story,
    given,
    incident_open,
    maintenance_planned,
    under,
)
from tocsin.adapters.slack.cards import card
from tocsin.adapters.slack.contract import Spoken
from tocsin.core.commands import Assign, ChangeStatus, PostPublicUpdate, TicketCommand
from tocsin.core.records import Contact
from tocsin.core.ticket import Assignee, Overlap, SharedAsset, Ticket
from tocsin.core.words import ContactMethod, Severity, Status

NOC: Final = Contact(name="Alpha NOC", method=ContactMethod.PHONE, address="+31 20 1", hours="24/7")


def shown(ticket: Ticket, names: TownNames = NAMES, *, at: Any = NOON) -> Spoken:
    return card(ticket, names, base_url="https://tocsin.example/", at=at)


def test_an_incident_on_its_card() -> None:
    names = with_slack(alpha={"slack_user_group": "S0ALPHA", "contacts": (NOC,)})

    said = shown(incident_open(), names)

    assert read(said.blocks) == [
        "I20261120-af36 Amsterdam is dark",
        "*Status* Open",
        "*Severity* SEV2",
        "*Devices* ams-1",
        "*Services* api",
        "*Began* <!date^1795176000^{date_short_pretty} {time}|2026-11-20 12:00 UTC>",
        "*Contributor* Alpha",
        "*Assignee* nobody",
        "No light from ams-1",
        "*Affected*: <!subteam^S0ALPHA>",
        "Whom to call\nalpha: Alpha NOC, phone +31 20 1, 24/7",
        "[Acknowledge] [Resolve] [Publish] [Update] [Close]",
        (
            "<Severity: SEV2; sev1/sev2/sev3/sev4>"
            " <Status: Open; open/acknowledged/investigating/mitigating/monitoring"
            "/resolved/closed/cancelled> <Assignee: ; asked for>"
        ),
        "<https://tocsin.example/tickets/I20261120-af36|I20261120-af36 in Tocsin>",
    ]
    assert said.text == (
        "I20261120-af36 (open, SEV2): Amsterdam is dark – ams-1, api <!subteam^S0ALPHA>"
    )


def test_a_maintenance_on_its_card() -> None:
    said = shown(maintenance_planned())

    assert read(said.blocks) == [
        "M20261120-opub Fibre swap",
        "*Status* Planned",
        "*Severity* SEV3",
        "*Impact* Degraded",
        "*Devices* ams-1",
        "*Planned start* <!date^1795348800^{date_short_pretty} {time}|2026-11-22 12:00 UTC>",
        "*Planned end* <!date^1795363200^{date_short_pretty} {time}|2026-11-22 16:00 UTC>",
        "*Contributor* Alpha",
        "*Assignee* nobody",
        "Swapping the fibre of ams-1",
        "*Affected*: alpha",
        "[Publish] [Update] [Close]",
        (
            "<Severity: SEV3; sev1/sev2/sev3/sev4>"
            " <Status: Planned; planned/in_progress/closed/cancelled> <Assignee: ; asked for>"
        ),
        "<https://tocsin.example/tickets/M20261120-opub|M20261120-opub in Tocsin>",
    ]


def test_controls_say_which_ticket_they_are_of() -> None:
    ticket = replace(incident_open(), assignee=Assignee(kind="member", id="cy"))

    buttons, selects = (one for one in shown(ticket).blocks if one["type"] == "actions")

    assert {one["value"] for one in buttons["elements"]} == {ticket.id}
    assert selects["block_id"] == f"ticket:{ticket.id}"
    assert selects["elements"][2]["initial_option"] == {
        "text": {"type": "plain_text", "text": "Cy", "emoji": True},
        "value": "cy",
    }


def test_a_contributor_that_has_a_ticket_is_chosen_by_its_code() -> None:
    ticket = replace(incident_open(), assignee=Assignee(kind="contributor", id="beta-id"))

    (selects,) = (one for one in shown(ticket).blocks if one.get("block_id"))

    assert selects["elements"][2]["initial_option"] == {
        "text": {"type": "plain_text", "text": "Beta", "emoji": True},
        "value": "beta",
    }


def test_what_is_acknowledged_is_not_acknowledged_again() -> None:
    story = Story()
    story.tell(OUTAGE, given())
    story.tell(ChangeStatus(status="acknowledged"), given(at=NOON + HOUR))
    assert story.state is not None

    assert "[Resolve] [Publish] [Update] [Close]" in read(shown(story.state).blocks)


def test_what_is_over_has_nothing_to_press_and_says_how_it_ended() -> None:
    story = Story()
    story.tell(OUTAGE, given())
    story.tell(Assign(assignee="ada"), given(ADA, at=NOON + HOUR))
    closing = ChangeStatus(
        status="closed",
        resolution="Light is back",
        root_cause="fiber_cut",
        disposition="fixed",
    )
    story.tell(closing, given(ADA, at=NOON + HOUR))
    assert story.state is not None

    said = shown(story.state)

    assert not [one for one in said.blocks if one["type"] == "actions"]
    lines = read(said.blocks)
    assert "*Status* Closed" in lines
    assert "*Assignee* Ada" in lines
    assert "*Resolution* Light is back" in lines
    assert "*Root cause* Fiber cut" in lines
    assert "*Ended as* Fixed" in lines


def test_what_has_ended_asks_to_tell_the_public_until_somebody_does() -> None:
    story = Story()
    story.tell(OUTAGE, given())

    def tell(command: TicketCommand) -> list[str]:
        story.tell(command, given(ROOT, at=NOON + HOUR, entry_id=f"entry-{len(story.events)}"))
        assert story.state is not None
        return read(shown(story.state).blocks)

    tell(PostPublicUpdate(title="Outage", status="investigating", body="We look into it."))
    over = tell(ChangeStatus(status="closed", resolution="Light is back"))

    asked = ":loudspeaker: The public still reads “investigating”: *Publish* tells them of the end"
    assert asked in over
    assert "[Publish]" in over
    told = tell(PostPublicUpdate(status="resolved", body="It is over."))
    assert asked not in told
    assert "[Publish]" not in told
    again = tell(ChangeStatus(status="investigating", reason="dark again"))
    assert ":loudspeaker: The public was told that it is over, and it is not" in again


def test_badges_say_what_is_out_of_order() -> None:
    other = replace(maintenance_planned(), id="0193-other", ref="M20261120-bbbb")
    shared = SharedAsset(kind="device", code="ams-1", pubkey=AMS.pubkey, reason="same")
    ticket = replace(
        maintenance_planned(),
        status=Status.IN_PROGRESS,
        overran=True,
        labels=("needs_affected",),
        conflicts=(Overlap(ticket_id=other.id, shared=(shared,)),),
    )

    (badges,) = (
        line
        for line in read(shown(ticket, TownNames(tickets=(other,))).blocks)
        if "Conflicts" in line
    )

    assert badges == (
        ":hourglass: Still in progress past its planned end\n"
        ":warning: Conflicts with M20261120-bbbb on ams-1\n"
        ":grey_question: Nothing affected is named yet: *Update* is where to name it"
    )


def test_a_window_that_began_without_anybody_is_pointed_out() -> None:
    window = FIBRE_SWAP.start_at

    assert "nobody has started it" not in str(shown(maintenance_planned()).blocks)
    assert "nobody has started it" in str(shown(maintenance_planned(), at=window).blocks)


def test_a_level_that_the_policy_dropped_is_still_shown() -> None:
    names = TownNames(town=under(severity_levels=3))
    ticket = replace(incident_open(), severity=Severity.SEV4)

    assert "<Severity: SEV4; sev1/sev2/sev3/sev4>" in "\n".join(read(shown(ticket, names).blocks))


def test_text_arrives_as_it_was_typed() -> None:
    typed = "*not bold* _x_ ~y~ `z` <!channel> & \U0001f525 \u05e9\u05dc\u05d5\u05dd"
    said = shown(replace(incident_open(), title=typed, description=f"> {typed}"))

    header, description = said.blocks[0]["text"], said.blocks[3]["text"]
    assert header == {"type": "plain_text", "text": f"I20261120-af36 {typed}", "emoji": True}
    assert description == {"type": "plain_text", "text": f"> {typed}", "emoji": True}
    assert "&lt;!channel&gt; &amp; \U0001f525" in said.text
    assert "<!channel>" not in said.text


def test_a_title_too_long_for_a_header_is_shown_whole_below() -> None:
    long = "x" * 200

    first, second = read(shown(replace(incident_open(), title=long)).blocks)[:2]

    assert len(first) == 150
    assert first.endswith("…")
    assert second == long


def test_many_devices_are_named_and_counted() -> None:
    ticket = replace(incident_open(), devices=(AMS.pubkey, *(f"gone-{n:03}" for n in range(499))))

    (line,) = (one for one in read(shown(ticket).blocks) if one.startswith("*Devices*"))

    assert line.startswith("*Devices* ams-1, gone-000, gone-001")
    assert line.endswith(" and 480 more")


def test_an_address_that_was_erased_is_no_link() -> None:
    lines = read(shown(replace(incident_open(), rca_url="[removed]")).blocks)

    assert "*Analysis* [removed]" in lines


def test_an_analysis_is_a_link_that_cannot_be_ended_early() -> None:
    ticket = replace(incident_open(), rca_url="https://example.net/a?b=1&c=<x>|y")

    (line,) = (one for one in read(shown(ticket).blocks) if one.startswith("*Analysis*"))

    assert line == (
        "*Analysis* <https://example.net/a?b=1&amp;c=%3Cx%3E%7Cy"
        "|https://example.net/a?b=1&amp;c=&lt;x&gt;¦y>"
    )
