"""The policy: every field with what it means, and changed as one form."""

from __future__ import annotations

from dataclasses import fields

from tests.web.dashboard.administration.test_sheets import typed_in
from tests.web.dashboard.browsing import Browser, hidden
from tocsin.core.record_commands import ChangePolicy
from tocsin.web.dashboard.administration.policy import FIELDS

FORM = "/admin/policy/change"


def test_every_field_of_the_policy_is_told_and_can_be_changed() -> None:
    assert {field.name for field in FIELDS} == {field.name for field in fields(ChangePolicy)}
    assert all(field.hint for field in FIELDS)


def test_what_is_changed_is_marked_with_what_it_was_by_default(admin: Browser) -> None:
    assert "changed;" not in admin.get("/admin/policy").text
    form = admin.get(FORM).text
    typed = typed_in(form) | {
        "reminder_before_hours": "48",
        "require_root_cause": "on",
        "pii_retention_days": "30",
        "dedicated_channel_for": "never",
    }
    changed = admin.post(FORM, {**hidden(form, FORM), **typed})
    assert changed.status == 303, changed.text
    page = admin.get(changed.headers["location"]).text
    assert page.count('class="changed"') == 4
    assert "changed; 24 by default" in page
    assert "admin</bdi> changed it" in page
    assert "reminder before hours</span>" in page

    form = admin.get(FORM).text
    typed = typed_in(form) | {"pii_retention_days": "", "reminder_before_hours": "24"}
    typed.pop("require_root_cause")
    assert admin.post(FORM, {**hidden(form, FORM), **typed}).status == 303
    assert admin.get("/admin/policy").text.count('class="changed"') == 1


def test_saving_the_defaults_changes_nothing(admin: Browser) -> None:
    form = admin.get(FORM).text
    assert admin.post(FORM, {**hidden(form, FORM), **typed_in(form)}).status == 303
    assert "Nothing was changed yet" in admin.get("/admin/policy").text


def test_what_is_wrong_stands_beside_its_field(admin: Browser) -> None:
    form = admin.get(FORM).text
    typed = typed_in(form) | {
        "severity_levels": "9",
        "quiet_minutes": "soon",
        "missing_minutes": "",
    }
    page = admin.post(FORM, {**hidden(form, FORM), **typed})
    assert page.status == 422
    assert 'id="quiet_minutes-wrong"' in page.text
    typed["quiet_minutes"] = "60"
    page = admin.post(FORM, {**hidden(form, FORM), **typed})
    assert page.status == 422
    assert 'id="severity_levels-wrong"' in page.text
    assert 'id="missing_minutes-wrong"' in page.text
    assert typed_in(page.text)["quiet_minutes"] == "60"


def test_a_policy_that_somebody_else_changed_is_not_overwritten_unseen(admin: Browser) -> None:
    first = admin.get(FORM).text
    assert (
        admin.post(FORM, {**hidden(first, FORM), **typed_in(first), "quiet_minutes": "60"}).status
        == 303
    )
    form = admin.get(FORM).text
    late = {**hidden(form, FORM), **typed_in(form), "quiet_minutes": "90"}
    assert (
        admin.post(
            FORM, {**hidden(form, FORM), **typed_in(form), "once": "a", "quiet_minutes": "70"}
        ).status
        == 303
    )
    page = admin.post(FORM, {**late, "once": "b"})
    assert page.status == 412
    assert "Changed meanwhile" in page.text
    assert ">70</ins>" in page.text
    assert typed_in(page.text)["quiet_minutes"] == "90"


def test_a_member_reads_it_and_changes_nothing(member: Browser, bound_lead: Browser) -> None:
    for browser in (member, bound_lead):
        page = browser.get("/admin/policy")
        assert page.status == 200
        assert FORM not in page.text
        assert browser.get(FORM).status == 403
