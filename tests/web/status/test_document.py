"""How texts, instants and identities are written in every form of a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given

from tests.web.status.any_picture import INSTANTS, TEXTS
from tests.web.status.pictures import ALL
from tocsin.web.status.document import changed_at, milliseconds, one_line, plain, seconds, urn
from tocsin.web.status.view import PageView


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        ("tab\tstays", "tab\tstays"),
        ("a\x00b\x1bc\x7fd\x85e\ufffef\uffff", "abcdef"),
        ("turned \u202eround\u202c", "turned round"),
        ("half \ud83d of a pair", "half  of a pair"),
        ("🚨 café 漢字 שלום", "🚨 café 漢字 שלום"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_a_text_keeps_all_but_what_no_form_can_show(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(TEXTS)
def test_what_is_plain_stays_as_it_is_and_can_be_sent(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain(text).encode().decode() == plain(text)
    assert one_line(text) == " ".join(plain(text).split())


def test_instants_are_in_utc_with_as_many_digits_as_the_form_has() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    instant = datetime(2026, 11, 20, 19, 35, 30, 123_999, tzinfo=east)

    assert milliseconds(instant) == "2026-11-20T14:05:30.123Z"
    assert seconds(instant) == "2026-11-20T14:05:30Z"
    assert milliseconds(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000Z"


@given(INSTANTS)
def test_an_instant_is_the_same_when_read(instant: datetime) -> None:
    read = datetime.fromisoformat(milliseconds(instant))

    assert timedelta(0) <= instant - read < timedelta(milliseconds=1)


@given(TEXTS)
def test_whatever_the_id_its_urn_is_one_and_stays(identity: str) -> None:
    assert UUID(urn(identity)).urn == urn(identity) == urn(identity)


def test_a_uuid_is_its_own_urn() -> None:
    assert urn("01934E00-0000-7000-8000-000000000001") == (
        "urn:uuid:01934e00-0000-7000-8000-000000000001"
    )
    assert urn("a") != urn("b")


@pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())
def test_a_page_changed_when_the_last_of_its_notices_did(page: PageView) -> None:
    every = (*page.open, *page.maintenances, *page.past)

    assert changed_at(page) == max([page.updated_at, *(one.updated_at for one in every)])
