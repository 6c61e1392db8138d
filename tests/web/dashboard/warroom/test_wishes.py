"""What the forms ask of the API."""

from __future__ import annotations

import pytest

from tests.handler.acting import NOON
from tocsin.web.dashboard.visits import Fields, FieldsWrong, Sent
from tocsin.web.dashboard.warroom.choices import Verb
from tocsin.web.dashboard.warroom.fields import FIELDS, WAS
from tocsin.web.dashboard.warroom.wishes import digest, names_of, wish_of

REF = "I20261120-aaaa"


def sent(typed: Fields, **path: str) -> Sent:
    return Sent(path={"ref": REF, **path}, typed=typed, at=NOON)


def test_every_form_asks_something_of_its_ticket() -> None:
    for verb in Verb:
        wish = wish_of(verb, sent({}, update="u", delivery="d"))
        assert wish.path.startswith("/deliveries/d" if verb is Verb.REDRIVE else f"/tickets/{REF}")
        assert wish.method in ("POST", "PATCH", "PUT")


def test_fields_are_named_after_their_form_so_that_no_two_are_called_alike() -> None:
    names = [spec.name for specs in FIELDS.values() for spec in specs]
    assert len(names) == len(set(names))
    for verb, specs in FIELDS.items():
        for spec in specs:
            assert spec.name.startswith(f"{verb.value}.")
            assert names_of(verb)[spec.name.partition(".")[2]] == spec.name


def test_names_in_an_address_stay_names() -> None:
    typed: Fields = {"note.body": ("x",)}
    wish = wish_of(Verb.NOTE, Sent(path={"ref": "a/../b?c"}, typed=typed, at=NOON))
    assert wish.path == "/tickets/a%2F..%2Fb%3Fc/updates"


def test_a_version_is_carried_where_it_matters_what_one_saw() -> None:
    typed: Fields = {"version": ("7",), "once": ("o",)}
    assert wish_of(Verb.RESOLVE, sent(typed)).version == 7
    assert wish_of(Verb.NOTE, sent(typed)).version is None
    assert wish_of(Verb.NOTE, sent(typed)).once == "o"


def test_lines_that_a_browser_ends_its_own_way_are_no_change() -> None:
    was = digest(("one\ntwo",))
    typed: Fields = {
        f"{WAS}edit.description": (was,),
        "edit.description": ("one\r\ntwo\r\n",),
        f"{WAS}edit.title": (digest(("old",)),),
        "edit.title": ("new",),
    }
    assert wish_of(Verb.EDIT, sent(typed)).body == {"title": "new"}


def test_what_was_emptied_is_emptied_and_a_reason_is_only_said() -> None:
    typed: Fields = {
        f"{WAS}edit.services": (digest(("api",)),),
        f"{WAS}edit.impact": (digest(("outage",)),),
        "edit.reason": ("known now",),
    }
    body: dict[str, object] = {"services": [], "impact": None, "reason": "known now"}
    assert wish_of(Verb.EDIT, sent(typed)).body == body


def test_per_cents_become_a_fraction() -> None:
    typed: Fields = {"slo.error_budget_consumed": ("12.5 %",)}
    body = wish_of(Verb.SLO, sent(typed)).body
    assert body is not None
    assert body["error_budget_consumed"] == 0.125
    with pytest.raises(FieldsWrong):
        wish_of(Verb.SLO, sent({"slo.error_budget_consumed": ("much",)}))


def test_only_services_that_are_said_to_suffer_are_named_to_the_public() -> None:
    typed: Fields = {
        "publish.status": ("investigating",),
        "publish.body": ("We look.",),
        "publish.impact:api": ("partial",),
        "publish.impact:a-b:c": ("major",),
    }
    body = wish_of(Verb.PUBLISH, sent(typed)).body
    assert body is not None
    assert body["services"] == [
        {"code": "api", "impact": "partial"},
        {"code": "a-b:c", "impact": "major"},
    ]


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_no_number_is_no_number(text: str) -> None:
    with pytest.raises(FieldsWrong):
        wish_of(Verb.SLO, sent({"slo.error_budget_consumed": (text,)}))
