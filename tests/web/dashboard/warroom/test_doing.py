"""What may be done in the war room, how it is refused, and that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk, Page, hidden
from tests.web.dashboard.warroom.staging import (
    beside,
    filled,
    member_of,
    opened,
    opens,
    planned,
    seen_by,
    ticket,
)
from tocsin.core.commands import ChangeFields, ChangeStatus, PostPublicUpdate
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateRoute,
    CreateService,
    DestinationDraft,
)
from tocsin.core.ticket import ServiceImpact
from tocsin.core.words import Disposition, RootCause, Severity, Status
from tocsin.dispatcher.naming import delivery_id
from tocsin.store.outgoing import DestinationRow, Noted, Settlement, Trouble


@pytest.fixture
def admin(at_desk: Desk) -> Browser:
    """A browser of an administrator."""
    return seen_by(at_desk, "admin")


def done(
    browser: Browser, ref: str, verb: str, fields: Mapping[str, str | Sequence[str]] | None = None
) -> Page:
    """Fill in that form of the war room and send it, with all that a browser sends."""
    path = f"/tickets/{ref}/{verb}"
    return browser.post(
        path, {**filled(browser.get(f"/tickets/{ref}").text, path), **(fields or {})}
    )


def went_on(page: Page, ref: str) -> bool:
    """Whether it was done."""
    return page.status == 303 and page.headers["location"].startswith(f"/tickets/{ref}")


def test_an_incident_from_open_to_closed_and_open_again(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    for verb, fields, status in (
        ("acknowledge", {}, Status.ACKNOWLEDGED),
        ("move", {"move.status": "investigating", "move.body": "Looking."}, Status.INVESTIGATING),
        ("move", {"move.status": "monitoring"}, Status.MONITORING),
        (
            "resolve",
            {"resolve.resolution": "Spliced.", "resolve.root_cause": "fiber_cut"},
            Status.RESOLVED,
        ),
        ("close", {"close.disposition": "fixed"}, Status.CLOSED),
    ):
        at_desk.house.clock.pass_by(timedelta(minutes=5))
        assert went_on(done(admin, ref, verb, fields), ref), verb
        assert ticket(at_desk, ref).status is status
    now = ticket(at_desk, ref)
    assert (now.resolution, now.root_cause) == ("Spliced.", RootCause.FIBER_CUT)
    assert went_on(done(admin, ref, "reopen", {"reopen.reason": "It came back."}), ref)
    assert ticket(at_desk, ref).status is Status.INVESTIGATING
    with at_desk.house.store.reading() as turn:
        *_, last = turn.log(limit=10_000)
    assert (last.stream, last.via) == (f"incident:{now.id}", "web")


def test_a_maintenance_from_planned_to_closed(admin: Browser, at_desk: Desk) -> None:
    ref = planned(at_desk)
    window = {"window.start_at": "2026-11-20T16:00", "window.end_at": "2026-11-20T18:00"}
    assert went_on(done(admin, ref, "window", window), ref)
    assert ticket(at_desk, ref).start_at == NOON + timedelta(hours=4)
    assert went_on(done(admin, ref, "start"), ref)
    assert went_on(done(admin, ref, "extend", {"extend.end_at": "2026-11-20T20:00"}), ref)
    assert ticket(at_desk, ref).end_at == NOON + timedelta(hours=8)
    assert went_on(done(admin, ref, "complete", {"complete.resolution": "Swapped."}), ref)
    assert went_on(done(admin, ref, "close"), ref)
    now = ticket(at_desk, ref)
    assert (now.status, now.disposition) == (Status.CLOSED, Disposition.DONE)


def test_everything_else_is_done_too(admin: Browser, at_desk: Desk) -> None:
    ref, other = opened(at_desk), opened(at_desk, "Another")
    for verb, fields in (
        ("note", {"note.body": "Two\r\nlines"}),
        (
            "act",
            {
                "act.action_kind": "RUNBOOK_STEP_EXECUTED",
                "act.label": "drained",
                "act.details": "by hand",
            },
        ),
        ("severity", {"severity.severity": "sev1", "severity.reason": "worse"}),
        ("assign", {"assign.assignee": "beta"}),
        ("labels", {"labels.add": "needs vendor, night"}),
        (
            "reference",
            {
                "reference.kind": "ticket",
                "reference.url": "https://t.example/1",
                "reference.title": "",
            },
        ),
        ("relate", {"relate.ticket": other, "relate.kind": "related"}),
        ("rca", {"rca.url": "https://wiki.example/rca"}),
        (
            "slo",
            {
                "slo.slo_id": "transit",
                "slo.window_start": "2026-11-01T00:00",
                "slo.window_end": "2026-11-20T00:00",
                "slo.error_budget_consumed": "12.5 %",
            },
        ),
        ("cancel", {"cancel.disposition": "duplicate", "cancel.duplicate_of": other}),
    ):
        page = done(admin, ref, verb, fields)
        assert went_on(page, ref), (verb, page.text[:3000])
    now = ticket(at_desk, ref)
    assert now.severity is Severity.SEV1
    assert now.assignee is not None
    assert now.assignee.kind == "contributor"
    assert now.labels == ("needs vendor", "night")
    assert now.rca_url == "https://wiki.example/rca"
    assert [one.ticket_id for one in now.relations] == [ticket(at_desk, other).id]
    assert (now.updates_total, now.slo_violations_total) == (2, 1)
    assert now.disposition is Disposition.DUPLICATE
    assert went_on(done(admin, ref, "labels", {"labels.remove": ["night"]}), ref)
    assert ticket(at_desk, ref).labels == ("needs vendor",)
    text = admin.get(f"/tickets/{ref}").text
    assert "12.5 % of its error budget used" in text


def test_one_press_takes_it(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    page = admin.get(f"/tickets/{ref}").text
    assert "Assign to me" in page
    carried = hidden(page.partition("Assign to me")[0][-900:], f"/tickets/{ref}/assign")
    assert went_on(admin.post(f"/tickets/{ref}/assign", carried), ref)
    assert ticket(at_desk, ref).assignee is not None
    page = admin.get(f"/tickets/{ref}").text
    assert "Assign to me" not in page
    assert "(you)" in page
    assert went_on(done(admin, ref, "assign", {"assign.assignee": ""}), ref)
    assert ticket(at_desk, ref).assignee is None


def test_an_owner_confirms_what_is_planned_on_their_own(at_desk: Desk) -> None:
    ref = planned(at_desk, by="teammate")
    assert ticket(at_desk, ref).effect == ()
    owner, teammate = seen_by(at_desk, "owner"), seen_by(at_desk, "teammate")
    assert "Confirm for your own" not in teammate.get(f"/tickets/{ref}").text
    assert went_on(done(owner, ref, "confirm"), ref)
    assert len(ticket(at_desk, ref).effect) == 1
    assert "Confirm for your own" not in owner.get(f"/tickets/{ref}").text


# -- fields ---------------------------------------------------------------------------------------


def test_only_what_was_changed_is_changed(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk, start_at=NOON - timedelta(seconds=33), services=("api",))
    before = ticket(at_desk, ref)
    page = admin.get(f"/tickets/{ref}/edit").text
    assert opens(page) == ["edit"]
    fields = {"edit.title": "Cut near Diemen", "edit.impact": "outage", "edit.reason": "known now"}
    assert went_on(done(admin, ref, "edit", fields), ref)
    now = ticket(at_desk, ref)
    assert now.title == "Cut near Diemen"
    assert now.impact is not None
    assert "Incident · outage<" in admin.get(f"/tickets/{ref}").text
    assert now.start_at == before.start_at
    assert (now.devices, now.services) == (before.devices, ("api",))
    emptied = {"edit.impact": "", "edit.services": ""}
    assert went_on(done(admin, ref, "edit", emptied), ref)
    assert (ticket(at_desk, ref).impact, ticket(at_desk, ref).services) == (None, ())


BAD: Sequence[tuple[str, dict[str, str | Sequence[str]], str]] = (
    ("note", {"note.body": ""}, "note.body"),
    ("move", {"move.status": "investigating", "move.at": "soon"}, "move.at"),
    ("move", {"move.status": "investigating", "move.at": "2031-01-01T00:00"}, "move.at"),
    ("resolve", {"resolve.disposition": "superseded"}, "resolve.duplicate_of"),
    ("resolve", {"resolve.duplicate_of": "I2"}, "resolve.duplicate_of"),
    ("cancel", {"cancel.disposition": "duplicate"}, "cancel.duplicate_of"),
    ("severity", {"severity.severity": "terrible"}, "severity.severity"),
    ("assign", {"assign.assignee": "nobody-known"}, "assign.assignee"),
    ("act", {"act.action_kind": "STATUS_CHANGE", "act.label": "x"}, "act.action_kind"),
    ("act", {"act.action_kind": "SCALE_CHANGE", "act.label": ""}, "act.label"),
    ("labels", {"labels.add": "x" * 65}, "labels.add"),
    ("reference", {"reference.kind": "other", "reference.url": "ftp://x"}, "reference.url"),
    ("relate", {"relate.ticket": "I20261120-none", "relate.kind": "related"}, "relate.ticket"),
    ("rca", {"rca.url": "not an address"}, "rca.url"),
    ("slo", {"slo.slo_id": "a", "slo.error_budget_consumed": "much"}, "slo.error_budget_consumed"),
    ("edit", {"edit.title": ""}, "edit.title"),
    ("edit", {"edit.title": "t" * 201}, "edit.title"),
    ("edit", {"edit.device_pubkey": "nowhere-9"}, "edit.device_pubkey"),
    ("edit", {"edit.start_at": "2031-01-01T00:00"}, "edit.start_at"),
    ("edit", {"edit.runbook_path": "javascript:alert(1)"}, "edit.runbook_path"),
    ("publish", {"publish.body": "We look.", "publish.status": "done"}, "publish.status"),
    ("publish", {"publish.body": "We look.", "publish.status": "investigating"}, "publish.title"),
    (
        "publish",
        {
            "publish.title": "t",
            "publish.body": "b",
            "publish.status": "investigating",
            "publish.impact:none": "major",
        },
        "publish.impact:of",
    ),
)


@pytest.mark.parametrize(("verb", "fields", "field"), BAD)
def test_what_is_wrong_stands_beside_it_and_nothing_typed_is_lost(
    at_desk: Desk, verb: str, fields: dict[str, str | Sequence[str]], field: str
) -> None:
    ref = opened(at_desk)
    admin = seen_by(at_desk, "admin")
    version = ticket(at_desk, ref).version
    page = done(admin, ref, verb, fields)
    assert page.status == 422
    assert beside(page.text, field)
    assert opens(page.text) == ([] if verb == "note" else [verb])
    for value in fields.values():
        if isinstance(value, str) and 0 < len(value) < 100 and verb != "assign":
            assert value in page.text
    assert ticket(at_desk, ref).version == version


def test_a_move_that_there_is_not_is_refused_with_those_there_are(
    admin: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk)
    page = admin.get(f"/tickets/{ref}").text
    at_desk.house.ask("owner", ChangeStatus(status="monitoring"), subject=ticket(at_desk, ref).id)
    late = admin.post(f"/tickets/{ref}/acknowledge", hidden(page, f"/tickets/{ref}/acknowledge"))
    assert late.status == 409
    assert "cannot become acknowledged" in late.text


def test_who_was_slower_sees_what_changed_and_decides_knowingly(
    admin: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk, services=("api",))
    identity = ticket(at_desk, ref).id
    carried = filled(admin.get(f"/tickets/{ref}").text, f"/tickets/{ref}/edit")
    at_desk.house.ask("owner", ChangeFields(internal_reference="INC-77"), subject=identity)
    typed = {"edit.title": "My title"}
    stale = admin.post(f"/tickets/{ref}/edit", {**carried, **typed})
    assert stale.status == 412
    assert opens(stale.text) == ["edit"]
    assert "What changed meanwhile" in stale.text
    assert "internal reference" in stale.text
    assert "My title" in stale.text
    assert "Do it anyway" in stale.text
    again = filled(stale.text, f"/tickets/{ref}/edit")
    assert again["version"] == [str(ticket(at_desk, ref).version)]
    assert went_on(admin.post(f"/tickets/{ref}/edit", again), ref)
    now = ticket(at_desk, ref)
    assert (now.title, now.internal_reference) == ("My title", "INC-77")


def test_the_same_press_twice_does_it_once(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    carried = hidden(admin.get(f"/tickets/{ref}").text, f"/tickets/{ref}/note")
    for _ in range(2):
        assert went_on(admin.post(f"/tickets/{ref}/note", {**carried, "note.body": "Once."}), ref)
    assert ticket(at_desk, ref).updates_total == 1


def test_a_form_that_is_refused_is_not_swapped_away(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    page = done(admin, ref, "rca", {"rca.url": "wrong"}).text
    assert 'data-live="at-rca"' not in page
    assert 'data-live="at-edit"' in page
    assert 'data-live="at-rca"' in admin.get(f"/tickets/{ref}").text


def test_a_root_cause_is_asked_for_where_the_policy_wants_it(admin: Browser, at_desk: Desk) -> None:
    policy = ChangePolicy(require_root_cause=True)
    at_desk.house.ask("admin", policy, sort="policy", subject="policy")
    ref = opened(at_desk)
    page = done(admin, ref, "resolve", {"resolve.resolution": "Spliced."})
    assert page.status == 422
    assert beside(page.text, "resolve.root_cause")
    assert "Spliced." in page.text


# -- rights ---------------------------------------------------------------------------------------


def test_whoever_is_not_offered_it_is_refused_it(at_desk: Desk) -> None:
    ref = opened(at_desk)
    teammate = seen_by(at_desk, "teammate")
    page = teammate.get(f"/tickets/{ref}").text
    carried = hidden(page, f"/tickets/{ref}/note")
    for verb, fields in (
        ("resolve", {}),
        ("edit", {"edit.title": "Mine now"}),
        ("assign", {"assign.assignee": "beta"}),
        ("publish", {"publish.title": "t", "publish.status": "resolved", "publish.body": "b"}),
    ):
        answer = teammate.post(f"/tickets/{ref}/{verb}", {**carried, **fields})
        assert answer.status == 403
        assert "needs" in answer.text or "reaches only" in answer.text
    assert ticket(at_desk, ref).title == "Fibre cut"
    assert went_on(done(teammate, ref, "note", {"note.body": "We see it too."}), ref)


def test_a_form_without_its_token_does_nothing(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    admin.post(f"/tickets/{ref}/note", {"note.body": "forged"})
    admin.post(
        f"/tickets/{ref}/note",
        {**hidden(admin.get(f"/tickets/{ref}").text, f"/tickets/{ref}/note"), "note.body": "x"},
        headers={"origin": "https://elsewhere.example"},
    )
    assert ticket(at_desk, ref).updates_total == 0


# -- the public -----------------------------------------------------------------------------------


def test_a_public_update_begins_with_a_template_and_is_corrected(
    admin: Browser, at_desk: Desk
) -> None:
    house = at_desk.house
    for code in ("api", "web"):
        service = CreateService(service_id=house.fresh(), code=code, name=code.upper())
        house.ask("admin", service, sort="service")
    ref = opened(at_desk, services=("api",))
    page = admin.get(f"/tickets/{ref}?template=investigating").text
    assert opens(page) == ["publish"]
    assert "We are looking into problems with [what users notice]." in page
    told = {
        "publish.title": "Slow connections",
        "publish.status": "investigating",
        "publish.body": "We are looking into it.",
        "publish.impact:api": "partial",
        "publish.impact:web": "",
    }
    assert went_on(done(admin, ref, "publish", told), ref)
    now = ticket(at_desk, ref)
    assert now.public_impacts == (ServiceImpact(code="api", impact="partial"),)
    (update,) = now.public_updates
    path = f"/tickets/{ref}/public-updates/{update.id}"
    corrected = {"correct.title": "Slow connections", "correct.body": "We look into it."}
    assert went_on(admin.fill_in(path, corrected, on=f"/tickets/{ref}"), ref)
    assert ticket(at_desk, ref).public_updates[0].body == "We look into it."
    empty = admin.fill_in(path, {"correct.title": "", "correct.body": "b"}, on=f"/tickets/{ref}")
    assert empty.status == 422
    assert beside(empty.text, "correct.title")
    resolved = {**told, "publish.status": "resolved", "publish.body": "Over."}
    assert went_on(done(admin, ref, "publish", resolved), ref)
    assert {one.impact for one in ticket(at_desk, ref).public_impacts} == {None}


def test_words_for_the_public_wait_for_a_second_look_when_somebody_was_faster(
    admin: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk)
    carried = hidden(admin.get(f"/tickets/{ref}").text, f"/tickets/{ref}/publish")
    at_desk.house.ask(
        "admin",
        PostPublicUpdate(title="Slow", status="investigating", body="First."),
        subject=ticket(at_desk, ref).id,
    )
    told = {"publish.title": "Slow", "publish.status": "investigating", "publish.body": "Second."}
    page = admin.post(f"/tickets/{ref}/publish", {**carried, **told})
    assert page.status == 412
    assert "said to the public" in page.text
    assert "Second." in page.text


# -- deliveries -----------------------------------------------------------------------------------


def parked(at_desk: Desk, ref: str) -> str:
    """Word of the ticket's opening that did not get through; the delivery's id."""
    house = at_desk.house
    org_id, route = house.orgs["net"], house.fresh()
    house.ask(
        "admin",
        CreateRoute(
            route_id=route,
            name="noc",
            kinds=("incident.*",),
            destination=DestinationDraft(kind="webhook", url="https://noc.example/hook"),
        ),
        sort="route",
    )
    with house.store.tending() as turn:
        opening = turn.stream_events(org_id, ticket(at_desk, ref).stream)[0]
        noted = Noted(
            org_id=org_id,
            route_id=route,
            position=opening.position,
            stream=opening.stream,
            state=Trouble.PARKED,
            due_at=NOON,
            attempts=5,
            tried_at=NOON,
            reason="it answered 410 Gone",
        )
        row = DestinationRow(org_id=org_id, route_id=route, position=0)
        turn.settle(Settlement(destination=row, noted=(noted,)))
        turn.commit()
    return delivery_id(opening.position, route)


def test_deliveries_are_for_those_on_call_and_tried_again_by_those_who_may(at_desk: Desk) -> None:
    ref = opened(at_desk)
    path = f"/tickets/{ref}/deliveries/{parked(at_desk, ref)}/redrive"
    assert 'id="deliveries"' not in seen_by(at_desk, "owner").get(f"/tickets/{ref}").text
    oncall = member_of(at_desk, "oncall_engineer").get(f"/tickets/{ref}").text
    assert "it answered 410 Gone" in oncall
    assert "5 attempts" in oncall
    assert path not in oncall
    admin = seen_by(at_desk, "admin")
    assert went_on(admin.fill_in(path, {}, on=f"/tickets/{ref}"), ref)
    text = admin.get(f"/tickets/{ref}").text
    assert path not in text
    assert ">Waiting<" in text


def test_a_delivery_that_has_arrived_since_is_said_to_have(at_desk: Desk) -> None:
    ref = opened(at_desk)
    gone = seen_by(at_desk, "admin").fill_in(
        f"/tickets/{ref}/deliveries/dlv_1_gone/redrive",
        {},
        on=f"/tickets/{ref}",
        action=f"/tickets/{ref}/note",
    )
    assert gone.status == 404
    assert "it may have arrived since" in gone.text
