"""What becomes of what is typed: read field by field, sent through the API, never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import NOON
from tocsin.web.dashboard import forms
from tocsin.web.dashboard.asking import refused
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.routes import Routes
from tocsin.web.dashboard.visits import (
    FieldsWrong,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
    Wish,
)

SPECS = (
    Field(name="code", label="Code", required=True),
    Field(name="name", label="Name"),
    Field(name="about.text", label="About", kind=Kind.WORDS),
    Field(name="tags", label="Tags", kind=Kind.LISTED),
    Field(name="lines", label="Lines", kind=Kind.LINES),
    Field(name="at", label="At", kind=Kind.INSTANT),
    Field(name="count", label="Count", kind=Kind.NUMBER),
    Field(name="north", label="Degrees north", kind=Kind.DECIMAL),
    Field(name="on", label="On", kind=Kind.FLAG),
    Field(name="secret", label="Secret", kind=Kind.SECRET),
    Field(
        name="some",
        label="Some",
        kind=Kind.SEVERAL,
        choices=(Choice(value="a", text="A"), Choice(value="b", text="B")),
    ),
)


def test_a_form_becomes_a_body_in_the_words_of_the_api() -> None:
    typed = {
        "code": (" api ",),
        "about.text": ("one\r\ntwo",),
        "tags": ("x, y  z",),
        "lines": ("first one\n\n second ",),
        "at": ("2026-11-20T09:30",),
        "count": ("42",),
        "on": ("on",),
        "some": ("a", "b"),
    }
    assert forms.body(SPECS, typed) == {
        "code": "api",
        "about": {"text": "one\ntwo"},
        "tags": ["x", "y", "z"],
        "lines": ["first one", "second"],
        "at": "2026-11-20T09:30:00.000000Z",
        "count": 42,
        "on": True,
        "some": ["a", "b"],
    }


def test_what_is_empty_is_left_out_of_what_is_new_and_cleared_in_what_is_changed() -> None:
    assert forms.body(SPECS, {"code": ("api",)}) == {"code": "api", "on": False}
    changed = forms.body(SPECS, {"name": ("n",)}, change=True)
    assert changed["code"] == ""
    assert (changed["at"], changed["tags"], changed["on"]) == (None, [], False)
    assert "secret" not in changed


@pytest.mark.parametrize(
    ("name", "text"),
    [("at", "soon"), ("at", "9999-99-99T00:00"), ("count", "many"), ("count", "1" * 19)],
)
def test_what_no_value_can_be_made_of_is_told_beside_its_field(name: str, text: str) -> None:
    with pytest.raises(FieldsWrong) as wrong:
        forms.body(SPECS, {"code": ("x",), name: (text,)})
    assert set(wrong.value.errors) == {name}
    assert wrong.value.errors[name].startswith("write ")


@given(
    record=st.fixed_dictionaries(
        {
            "code": st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True),
            "tags": st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1),
            "count": st.integers(0, 10**17),
            "on": st.booleans(),
            "at": st.just("2026-11-20T09:30:00.000000Z"),
        }
    )
)
def test_a_record_is_the_same_after_it_was_shown_and_sent(record: dict[str, object]) -> None:
    assert forms.body(SPECS, forms.typed_of(SPECS, record)) == record


def test_an_instant_with_a_zone_is_the_same_moment() -> None:
    assert forms.body((SPECS[5],), {"at": ("2026-11-20T09:30+02:00",)}) == {
        "at": "2026-11-20T07:30:00.000000Z"
    }


# Addresses


def _nowhere(visit: Visit) -> Page:
    raise AssertionError(visit.path)


def _form(path: str) -> FormAt:
    return FormAt(
        path=path,
        wish=lambda sent: Wish(method="POST", path="/services", body=forms.body(SPECS, sent.typed)),
        show=lambda visit, filled: page(visit, "trouble.html", filled=filled),
        done=lambda sent, told: "/",
    )


def test_written_out_addresses_win_over_names() -> None:
    routes = Routes(
        (
            PageAt(path="/tickets/{ref}", look=_nowhere),
            PageAt(path="/tickets/new", look=_nowhere),
            _form("/tickets/{ref}"),
        )
    )
    ticket, new = routes.find("/tickets/INC-1"), routes.find("/tickets/new")
    assert ticket is not None
    assert new is not None
    assert (ticket.path, dict(ticket.names)) == ("/tickets/{ref}", {"ref": "INC-1"})
    assert ticket.form is not None
    assert (new.path, dict(new.names), new.form) == ("/tickets/new", {}, None)
    for nothing in ("/tickets/", "/tickets", "/", "/tickets/a/b", "tickets/a"):
        assert routes.find(nothing) is None


def test_two_pages_at_one_address_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Routes((PageAt(path="/a/{b}", look=_nowhere), PageAt(path="/a/{c}", look=_nowhere)))


# Refusals


def _sent(**typed: str) -> Sent:
    return Sent(path={}, typed={name: (value,) for name, value in typed.items()}, at=NOON)


def test_a_refusal_stands_beside_the_fields_it_is_about() -> None:
    told = Told(
        status=422,
        body={
            "code": "validation",
            "detail": "2 fields are wrong",
            "errors": [
                {"field": "tags[1]", "code": "too_long", "detail": "is too long"},
                {"field": "tags[2]", "code": "too_long", "detail": "is longer"},
                {"field": "code", "code": "required", "detail": "is required"},
            ],
        },
    )
    filled = refused(_form("/x"), _sent(name="typed"), told)
    assert filled.errors == {"tags": "Is too long", "code": "Is required"}
    assert (filled.one("name"), filled.trouble, filled.stale) == ("typed", None, False)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (412, "version_mismatch", "Somebody was faster"),
        (503, "unavailable", "Nothing was stored: the disk is full."),
        (422, "idempotency_mismatch", "sent before"),
        (403, "forbidden", "The disk is full."),
    ],
)
def test_every_refusal_says_what_to_do(status: int, code: str, said: str) -> None:
    told = Told(status=status, body={"code": code, "detail": "the disk is full", "errors": []})
    filled = refused(_form("/x"), _sent(version="3"), told)
    assert said in (filled.trouble or "")
    assert filled.stale is (status == 412)
    assert filled.version == 3
    assert filled.told is told


def test_an_untouched_form_holds_what_is_there_and_a_sent_one_what_was_typed() -> None:
    assert Filled().one("name", "there") == "there"
    assert Filled(form="/x").one("name", "there") == ""
    assert Filled(form="/x", typed={"name": ("typed",)}).one("name", "there") == "typed"


@pytest.mark.parametrize(("text", "value"), [("52.3702", 52.3702), ("-9", -9.0), ("+0.5", 0.5)])
def test_a_number_may_have_a_point(text: str, value: float) -> None:
    assert forms.body(SPECS, {"code": ("x",), "north": (text,)})["north"] == value
    assert forms.typed_of(SPECS, {"north": value})["north"] == (str(value),)


@pytest.mark.parametrize("text", ["nan", "1e5", "52,3", "1.", ".5", "٣", "9" * 40])
def test_what_is_no_number_with_a_point_is_said(text: str) -> None:
    with pytest.raises(FieldsWrong) as wrong:
        forms.body(SPECS, {"code": ("x",), "north": (text,)})
    assert wrong.value.errors == {"north": "write a number such as 52.3702"}
