"""The timeline: in words, by lane, page by page, and as a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.web.dashboard.browsing import Browser, Desk
from tests.web.dashboard.warroom.staging import entries, opened, planned, seen_by, ticket
from tocsin.adapters.clock.erasing import Erasing
from tocsin.core.commands import (
    AddAction,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Extend,
    PostPublicUpdate,
    Redact,
    Relate,
    SignalDraft,
    TicketCommand,
)
from tocsin.core.facts import registered_kinds
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.words import (
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    TicketType,
    statuses_of,
)
from tocsin.web.dashboard.warroom.drawing import story_of
from tocsin.web.dashboard.warroom.entries import (
    ON_A_PAGE,
    LaneOf,
    lane_of,
    read_entries,
    web_address,
)
from tocsin.web.dashboard.warroom.phrases import phrases_of, public_word
from tocsin.web.dashboard.warroom.wording import TOLD
from tocsin.web.pictures import story


@pytest.fixture
def admin(at_desk: Desk) -> Browser:
    """A browser of an administrator."""
    return seen_by(at_desk, "admin")


def told(at_desk: Desk, ref: str, *commands: TicketCommand, by: str = "admin") -> None:
    for command in commands:
        at_desk.house.clock.pass_by(timedelta(minutes=1))
        at_desk.house.ask(by, command, subject=ticket(at_desk, ref).id)


def drawn(at_desk: Desk, ref: str, *, listed: Sequence[int] = ()) -> story.Story:
    shown = ticket(at_desk, ref)
    with at_desk.house.store.reading() as turn:
        raws = read_entries(
            turn,
            org_id=at_desk.house.orgs["net"],
            stream=shown.stream,
            kinds=None,
            oldest_first=True,
            beyond=None,
            limit=1_000,
        )
    return story_of(shown, raws, listed=listed, now=at_desk.house.clock(), title="t")


def test_everything_is_told_in_words_the_newest_first(admin: Browser, at_desk: Desk) -> None:
    ref, other = opened(at_desk), opened(at_desk, "Another")
    member = ticket(at_desk, ref).created_by.id
    told(
        at_desk,
        ref,
        ChangeStatus(status="acknowledged", reason="on my way"),
        ChangeSeverity(severity="sev1"),
        Assign(assignee=member),
        Assign(assignee=None),
        ChangeFields(title="Cut near Diemen"),
        ChangeLabels(add=("fibre",)),
        AttachSignal(signal=SignalDraft(source="prometheus", summary="loss 3 %")),
        AddAction(action_kind="SCALE_CHANGE", label="moved traffic"),
        Relate(ticket=other, kind="caused_by"),
        PostPublicUpdate(title="Slow", status="investigating", body="We look."),
        ChangeStatus(status="cancelled", disposition="duplicate", duplicate_of=other),
    )
    found = entries(admin.get(f"/tickets/{ref}").text)
    assert found == [
        f"admin moved it from acknowledged to cancelled (duplicate of {other}) via API",
        "admin told the public (investigating) via API",
        f"admin tied it to {other} (caused by) via API",
        "admin did: moved traffic (scale change) via API",
        "admin said that an alert of prometheus is firing via API",
        "admin put on the label fibre via API",
        "admin changed title from “Fibre cut” to “Cut near Diemen” via API",
        "admin gave it back: nobody has it via API",
        "admin assigned it to owner via API",
        "admin raised the severity from sev2 to sev1 (critical) via API",
        "admin moved it from open to acknowledged via API",
        "owner alpha opened “Fibre cut” as sev2 via API",
    ]
    oldest = admin.get(f"/tickets/{ref}?order=oldest").text
    assert entries(oldest) == found[::-1]


def test_a_maintenance_is_told_in_words(admin: Browser, at_desk: Desk) -> None:
    ref, other = planned(at_desk), planned(at_desk)
    start = ticket(at_desk, ref).start_at
    told(
        at_desk,
        ref,
        ChangeFields(
            start_at=start + timedelta(hours=1),
            end_at=start + timedelta(hours=4),
            reason="carrier late",
        ),
        ChangeStatus(status="in_progress"),
        Extend(end_at=start + timedelta(hours=6)),
    )
    text = admin.get(f"/tickets/{ref}").text
    found = entries(text)
    assert "admin gave it time until 2026-11-20 21:00 UTC via API" in found
    assert "admin moved the window to 2026-11-20 16:00 – 19:00 UTC via API" in found
    assert any(f"found that it overlaps {other} on ams-1" in one for one in found)
    assert "carrier late" in text


def test_the_list_is_filtered_by_lane(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    told(
        at_desk,
        ref,
        ChangeStatus(body="We look.", status="investigating"),
        ChangeSeverity(severity="sev1"),
        AddAction(action_kind="SCALE_CHANGE", label="moved traffic"),
    )
    for lane, number in (("status", 2), ("messages", 1), ("severity", 1), ("actions", 1)):
        assert len(entries(admin.get(f"/tickets/{ref}?lane={lane}").text)) == number, lane
    assert "Nothing of that sort has happened" in admin.get(f"/tickets/{ref}?lane=signals").text
    assert admin.get(f"/tickets/{ref}?lane=gossip").status == 422
    assert admin.get(f"/tickets/{ref}?beyond=x").status == 422


def test_a_long_timeline_is_read_page_by_page(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    told(at_desk, ref, *(ChangeStatus(body=f"note {number}") for number in range(130)))
    for order in ("", "order=oldest"):
        seen, path = list[str](), f"/tickets/{ref}?{order}"
        for _ in range(2):
            page = admin.get(path).text
            seen += re.findall(r"<p dir=\"auto\">(note \d+)</p>", page)
            following = re.search(r'<a href="([^"]*)" rel="next">', page)
            path = "" if following is None else following[1].replace("&amp;", "&").split("#")[0]
        assert len(seen) == len(set(seen)) == 130
        assert path == ""
        assert seen[0] == ("note 0" if order else "note 129")
    first = admin.get(f"/tickets/{ref}").text
    assert first.count('<li id="entry-') == ON_A_PAGE


def test_long_words_are_folded_and_markdown_stays_as_typed(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    words = "**bold** [x](javascript:alert(1)) https://wiki.example/a " + "word " * 600
    told(at_desk, ref, ChangeStatus(body=words))
    text = admin.get(f"/tickets/{ref}").text
    assert "**bold** [x](javascript:alert(1))" in text
    assert '<a href="https://wiki.example/a" rel="noopener nofollow">' in text
    assert "Show the rest" in text
    assert text.count("word ") >= 590


def test_what_was_said_to_have_happened_earlier_says_when_it_was_recorded(
    admin: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk)
    at_desk.house.clock.pass_by(timedelta(hours=2))
    at = at_desk.house.clock() - timedelta(hours=1)
    told(at_desk, ref, ChangeStatus(status="acknowledged", at=at))
    assert "recorded" in admin.get(f"/tickets/{ref}?lane=status").text.partition('id="timeline"')[2]


def test_every_kind_of_event_has_a_lane_and_words_of_its_own() -> None:
    kinds = {
        kind.partition(".")[2]
        for kind, _ in registered_kinds()
        if kind.partition(".")[0] in ("incident", "maintenance")
    }
    assert kinds <= TOLD.keys()
    assert {lane_of(f"incident.{name}") for name in kinds} == set(LaneOf)


def test_a_reminder_that_came_too_late_reminded_nobody() -> None:
    def said(*, late: bool) -> str:
        return TOLD["reminded"]({"late": late}, lambda sort, identity: None)[0]

    assert said(late=False) == "reminded everybody: it begins soon"
    assert said(late=True) == "found the reminder after the start, and told nobody"


def test_the_picture_has_every_lane(at_desk: Desk) -> None:
    ref = opened(at_desk)
    told(
        at_desk,
        ref,
        AttachSignal(signal=SignalDraft(source="p", summary="loss", fingerprint="f")),
        ChangeStatus(status="acknowledged", body="Looking."),
        ChangeSeverity(severity="sev1"),
        AddAction(action_kind="SCALE_CHANGE", label="moved traffic"),
        AttachSignal(
            signal=SignalDraft(source="p", summary="loss", fingerprint="f", state="resolved")
        ),
        PostPublicUpdate(title="Slow", status="investigating", body="We look."),
        ChangeStatus(status="resolved"),
    )
    found = drawn(at_desk, ref, listed=range(1, 100))
    status, severity, signals, actions, messages = found.lanes
    assert [one.words for one in status.spans] == ["Open", "Acknowledged", "Resolved"]
    assert [one.words for one in severity.spans] == ["SEV 2", "SEV 1"]
    assert len(signals.spans) == 1
    assert signals.spans[0].end is not None
    assert [one.words for one in actions.marks] == ["did: moved traffic (scale change)"]
    assert [one.words for one in messages.marks] == ["admin: Looking.", "admin: We look."]
    assert status.spans[0].entry == "1"


def test_the_picture_begins_when_it_was_first_observed_and_ends_with_it(at_desk: Desk) -> None:
    began = at_desk.house.clock() - timedelta(hours=3)
    ref = opened(at_desk, start_at=began)
    told(at_desk, ref, ChangeStatus(status="resolved"))
    at_desk.house.clock.pass_by(timedelta(days=40))
    found = drawn(at_desk, ref)
    assert found.since == began
    assert found.until - found.since < timedelta(hours=5)
    assert found.lanes[0].spans[0].entry is None


def test_only_addresses_of_the_web_are_linked() -> None:
    assert web_address("https://x.example") == "https://x.example"
    assert web_address("HTTP://x.example") == "HTTP://x.example"
    for text in ("javascript:alert(1)", "data:text/html,x", "//x.example", "", None, 7):
        assert web_address(text) is None


@pytest.mark.parametrize("kind", list(TicketType))
def test_there_are_words_for_every_public_state(kind: TicketType) -> None:
    words = PublicIncidentStatus if kind is TicketType.INCIDENT else PublicMaintenanceStatus
    assert [one.status for one in phrases_of(kind)] == [one.value for one in words]
    for status in statuses_of(kind):
        assert public_word(kind, status) in {one.value for one in words}


def test_what_goes_by_itself_is_one_line_and_not_drawn(at_desk: Desk) -> None:
    house, ref = at_desk.house, opened(at_desk)
    told(at_desk, ref, *(ChangeStatus(body=f"note {number}") for number in range(3)))
    told(at_desk, ref, ChangeStatus(status="closed"))
    by_hand = house.ask("admin", ChangeStatus(body="+31 6 1234"), subject=ticket(at_desk, ref).id)
    erasing = Redact(event=by_hand.events[-1].id, fields=("body",))
    house.ask("admin", erasing, subject=ticket(at_desk, ref).id)
    before = ticket(at_desk, ref).version
    house.ask("admin", ChangePolicy(pii_retention_days=30), sort="policy")
    house.clock.pass_by(timedelta(days=31))
    Erasing(store=house.store, writer=house.writer).look(at=house.clock())
    gone = ticket(at_desk, ref).version - before
    assert gone > 5

    page = seen_by(at_desk, "admin").get(f"/tickets/{ref}")
    shown = entries(page.text)
    lines = [one for one in shown if "erased" in one]
    assert len(lines) == 2
    assert f"erased what is kept no longer, in {gone} entries" in lines[0]
    assert "erased body of an earlier entry" in lines[1]
    assert len(shown) == before + 1
    assert f"{before + gone} entries" in page.text
    assert "drawn" not in page.text.partition("What happened")[2].partition("</h2>")[0]
