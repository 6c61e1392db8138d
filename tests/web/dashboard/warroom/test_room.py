"""What the war room shows, and to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk
from tests.web.dashboard.warroom.staging import (
    HOSTILE,
    Elements,
    actions,
    member_of,
    opened,
    planned,
    seen_by,
    ticket,
)
from tocsin.core.commands import (
    AddAction,
    AddReference,
    AttachSignal,
    ChangeStatus,
    PostPublicUpdate,
    RecordSloViolation,
    ReferenceDraft,
    Relate,
    ServiceImpactDraft,
    SignalDraft,
)
from tocsin.core.record_commands import (
    ChangePolicy,
    ContactDraft,
    CreateService,
    CreateStatusPage,
    UpdateContributor,
)


@pytest.fixture
def admin(at_desk: Desk) -> Browser:
    """A browser of an administrator."""
    return seen_by(at_desk, "admin")


def test_a_ticket_has_a_page_by_its_ref_and_by_its_id(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    page = admin.get(f"/tickets/{ref}")
    assert page.status == 200
    assert "Fibre cut" in page.text
    assert "sev2 · Major" in page.text
    assert admin.get(f"/tickets/{ticket(at_desk, ref).id}").status == 200


def test_a_runbook_that_is_missing_is_named_by_those_who_may(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)

    assert (
        f'<a href="/tickets/{ref}/edit#do-edit">Name one</a>' in admin.get(f"/tickets/{ref}").text
    )
    viewer = member_of(at_desk, "viewer")
    assert "Name one" not in viewer.get(f"/tickets/{ref}").text


def test_since_when_it_is_planned_is_not_taken_for_its_window(
    admin: Browser, at_desk: Desk
) -> None:
    ref = planned(at_desk)
    at_desk.house.clock.pass_by(timedelta(hours=2, minutes=1))

    head = admin.get(f"/tickets/{ref}").text.partition('id="head"')[2].partition("</ul>")[0]

    assert "Planned</b> 2 h" in head
    assert "Planned</b> for" not in head


@pytest.mark.parametrize("name", ["I20261120-none", "nothing", "a%2Fb", "0" * 400])
def test_what_is_not_there_is_a_helpful_404(admin: Browser, name: str) -> None:
    page = admin.get(f"/tickets/{name}")
    assert page.status == 404
    assert "All tickets" in page.text


def test_strangers_see_nothing_of_it(at_desk: Desk) -> None:
    ref = opened(at_desk)
    stranger = seen_by(at_desk, "stranger")
    assert stranger.get(f"/tickets/{ref}").status == 404
    assert stranger.get(f"/tickets/{ticket(at_desk, ref).id}").status == 404
    wrong = stranger.post(f"/tickets/{ref}/note", {"note.body": "hello"})
    assert wrong.status in (403, 404)
    assert ticket(at_desk, ref).updates_total == 0


def test_hostile_words_appear_as_they_were_typed(admin: Browser, at_desk: Desk) -> None:
    ref = opened(
        at_desk,
        HOSTILE,
        description=HOSTILE,
        reporter_name=HOSTILE,
        labels=(HOSTILE[:60],),
        internal_reference=HOSTILE,
        runbook_path="https://wiki.example/" + "%3Cscript%3E",
    )
    house, identity = at_desk.house, ticket(at_desk, ref).id
    for command in (
        ChangeStatus(body=HOSTILE),
        AddAction(action_kind="SCALE_CHANGE", label=HOSTILE, details=HOSTILE),
        AttachSignal(
            signal=SignalDraft(
                source=HOSTILE,
                summary=HOSTILE,
                fingerprint=HOSTILE,
                data={"generatorURL": "javascript:alert(1)"},
            )
        ),
        AddReference(
            reference=ReferenceDraft(kind="other", title=HOSTILE, url="https://e.example/?q=%22")
        ),
        RecordSloViolation(
            slo_id=HOSTILE[:60],
            window_start=NOON,
            window_end=NOON + timedelta(hours=1),
            error_budget_consumed=0.5,
            threshold_breached=HOSTILE,
            details=HOSTILE,
        ),
        PostPublicUpdate(title=HOSTILE, status="investigating", body=HOSTILE),
        ChangeStatus(status="cancelled", disposition="invalid", reason=HOSTILE),
    ):
        house.ask("admin", command, subject=identity)
    text = admin.get(f"/tickets/{ref}").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "javascript:" not in text
    assert "**49**" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 10


def test_nothing_on_the_page_is_inline_and_every_id_is_there_once(
    admin: Browser, at_desk: Desk
) -> None:
    ref = opened(at_desk)
    at_desk.house.ask(
        "admin",
        PostPublicUpdate(title="Slow", status="investigating", body="We look."),
        subject=ticket(at_desk, ref).id,
    )
    for path in (f"/tickets/{ref}", f"/tickets/{ref}/edit", f"/tickets/{planned(at_desk)}"):
        page = Elements(admin.get(path).text)
        ids = page.ids()
        assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
        for tag, given in page.found:
            assert "style" not in given
            assert not [name for name in given if name.startswith("on")]
            if tag == "script":
                assert given["src"], "a script stands in the page"
            if "data-live" in given:
                assert given["id"] == given["data-live"]
            if tag in ("input", "textarea", "select") and given.get("type") not in (
                "hidden",
                "checkbox",
            ):
                assert f'for="{given["id"]}"' in admin.get(path).text


def test_the_page_follows_its_ticket(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    stream = ticket(at_desk, ref).stream
    assert f'data-follow="{stream}"' in admin.get(f"/tickets/{ref}").text


def test_whoever_only_reads_is_offered_nothing(at_desk: Desk) -> None:
    ref = opened(at_desk)
    at_desk.house.ask(
        "admin",
        PostPublicUpdate(title="Slow", status="investigating", body="We look."),
        subject=ticket(at_desk, ref).id,
    )
    page = member_of(at_desk, "viewer").get(f"/tickets/{ref}")
    assert page.status == 200
    assert actions(page.text, ref) == set()
    assert 'id="deliveries"' not in page.text
    assert "We look." in page.text


def test_who_is_affected_and_whom_to_call(admin: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    with house.store.reading() as turn:
        stream = turn.claimed_by(house.orgs["net"], "contributor_code", "alpha")
    assert stream is not None
    house.system(
        "contributor",
        UpdateContributor(
            slack_handle="@alpha-noc",
            contacts=(
                ContactDraft(name="Second", method="email", address="noc@alpha.example", order=2),
                ContactDraft(
                    name="First", method="phone", address="+49 30 1234", hours="always", order=1
                ),
            ),
        ),
        org_id=house.orgs["net"],
        subject=stream.partition(":")[2],
    )
    text = admin.get(f"/tickets/{opened(at_desk, services=('transit',))}").text
    assert text.index("First") < text.index("Second")
    assert 'href="tel:+49301234"' in text
    assert 'href="mailto:noc@alpha.example"' in text
    assert "@alpha-noc" in text
    assert "always" in text
    assert "ams-1" in text
    assert "transit" in text


def test_a_runbook_is_found_under_the_address_of_the_policy(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk, runbook_path="fibre/cut.md")
    assert "has no runbook address" in admin.get(f"/tickets/{ref}").text
    at_desk.house.ask(
        "admin",
        ChangePolicy(runbook_base_url="https://wiki.example/runbooks/"),
        sort="policy",
        subject="policy",
    )
    text = admin.get(f"/tickets/{ref}").text
    assert 'href="https://wiki.example/runbooks/fibre/cut.md"' in text


def test_related_overlapping_and_similar_tickets_are_linked(admin: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    before = opened(at_desk, "Cut before")
    house.ask(
        "admin",
        ChangeStatus(status="closed", root_cause="fiber_cut", resolution="Spliced."),
        subject=ticket(at_desk, before).id,
    )
    first, second = planned(at_desk), planned(at_desk)
    ref = opened(at_desk)
    house.ask("admin", Relate(ticket=first, kind="caused_by"), subject=ticket(at_desk, ref).id)
    text = admin.get(f"/tickets/{ref}").text
    assert "Caused by" in text
    assert f'href="/tickets/{first}"' in text
    similar = text.partition("Was like it before")[2]
    assert f'href="/tickets/{before}"' in similar
    assert "device ams-1" in similar
    assert "Spliced." in similar
    assert f'href="/tickets/{second}"' in text.partition("with something in common")[2]
    overlapping = admin.get(f"/tickets/{first}").text.partition("In the way of")[2]
    assert f'href="/tickets/{second}"' in overlapping
    assert "ams-1" in overlapping
    assert "Causes" in admin.get(f"/tickets/{first}").text


def test_alerts_with_their_state_and_their_source(admin: Browser, at_desk: Desk) -> None:
    ref = opened(at_desk)
    for name, state in (("a", "firing"), ("b", "firing"), ("b", "resolved")):
        at_desk.house.ask(
            "owner",
            AttachSignal(
                signal=SignalDraft(
                    source="prometheus",
                    summary=f"loss {name}",
                    fingerprint=name,
                    state=state,
                    data={"generatorURL": f"https://prom.example/{name}"},
                )
            ),
            subject=ticket(at_desk, ref).id,
        )
    text = admin.get(f"/tickets/{ref}").text.partition('id="alerts"')[2]
    assert text.index("loss a") < text.index("loss b")
    assert text.index(">Firing<") < text.index(">Over<")
    assert 'href="https://prom.example/a"' in text


def public(at_desk: Desk, ref: str, status: str, *, by: str = "admin") -> None:
    at_desk.house.ask(
        by,
        PostPublicUpdate(
            title="Slow connections",
            status=status,
            body="We look at it.",
            services=(ServiceImpactDraft(code="api", impact="partial"),)
            if status == "investigating"
            else (),
        ),
        subject=ticket(at_desk, ref).id,
    )


def test_it_warns_when_it_is_over_and_the_public_was_not_told(
    admin: Browser, at_desk: Desk
) -> None:
    house = at_desk.house
    house.ask(
        "admin", CreateService(service_id=house.fresh(), code="api", name="API"), sort="service"
    )
    house.ask(
        "admin",
        CreateStatusPage(status_page_id=house.fresh(), code="main", name="Acme", services=("api",)),
        sort="status_page",
    )
    ref = opened(at_desk)
    assert "Nothing was said to the public" in admin.get(f"/tickets/{ref}").text
    public(at_desk, ref, "investigating")
    text = admin.get(f"/tickets/{ref}").text
    assert "never told" not in text
    assert f'href="/status/main/incidents/{ref}"' in text
    house.ask("admin", ChangeStatus(status="resolved"), subject=ticket(at_desk, ref).id)
    text = admin.get(f"/tickets/{ref}").text
    assert "The public was never told that it is over." in text
    assert f'href="/tickets/{ref}?template=resolved#do-publish"' in text
    public(at_desk, ref, "resolved")
    assert "never told" not in admin.get(f"/tickets/{ref}").text
    house.ask("admin", ChangeStatus(status="investigating"), subject=ticket(at_desk, ref).id)
    assert (
        "The public was told that it is over, and it is not." in admin.get(f"/tickets/{ref}").text
    )


def test_a_maintenance_says_when_what_happens_by_itself(admin: Browser, at_desk: Desk) -> None:
    text = admin.get(f"/tickets/{planned(at_desk, in_hours=30)}").text
    assert "2026-11-21 18:00 – 20:00 UTC" in text
    assert "reminder goes out" in text
    assert "starts by itself" in text
    assert "closes itself" in text


def test_an_empty_room_says_what_to_do(admin: Browser, at_desk: Desk) -> None:
    incident = replace(at_desk.house.incident(), formal=False, devices=())
    at_desk.house.ask("owner", incident)
    text = admin.get(f"/tickets/{incident.refs[0]}").text
    assert "Nothing is named as affected yet." in text
    assert "Name it</a>" in text
    assert "No alert is attached." in text
    assert "Everything that was sent of it arrived" in text
