"""Triage of reports in free text: stories, then laws."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from tocsin.core.errors import FieldError
from tocsin.core.records import EntryPoint
from tocsin.core.ticket import Assignee
from tocsin.core.ticket_reading import TEXT, TITLE, required_text
from tocsin.core.triage import (
    LONGEST_DESCRIPTION,
    LONGEST_READ,
    LONGEST_SUGGESTED_TITLE,
    LONGEST_TITLE,
    UNWORDED,
    Suggestion,
    first_line,
    fitting,
    shortened,
    triage,
)
from tocsin.core.words import Severity

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAMILY = "👩\u200d👩\u200d👧"


def point(identity: str, *words: str, age: int = 0, **said: object) -> EntryPoint:
    made = EntryPoint(
        id=identity,
        created_at=NOON - timedelta(days=age),
        updated_at=NOON,
        version=1,
        name=identity.title(),
        words=words,
    )
    return replace(made, **said)  # type: ignore[arg-type]


DNS = point(
    "dns",
    "dns",
    "does not resolve",
    assignee=Assignee(kind="member", id="ada"),
    severity=Severity.SEV2,
    service="resolver",
    order=10,
)
PAY = point("pay", "checkout", order=5)
REST = point(
    "rest",
    assignee=Assignee(kind="contributor", id="alpha-id"),
    severity=Severity.SEV4,
    is_fallback=True,
    order=0,
)
ALL = (DNS, PAY, REST)
CHOSEN = Suggestion(entry_point_id="dns", title="Names do not resolve", description="Since noon.")


# -- who decides ----------------------------------------------------------------------------------


def test_words_decide_and_say_everything() -> None:
    found = triage("DNS is down\nin Frankfurt", ALL)

    assert (found.how, found.entry_point_id) == ("words", "dns")
    assert (found.severity, found.assignee, found.service) == (Severity.SEV2, "ada", "resolver")
    assert (found.title, found.description) == ("DNS is down", "DNS is down\nin Frankfurt")


def test_the_lowest_order_counts_then_the_oldest() -> None:
    both = "checkout fails, dns too"
    assert triage(both, ALL).entry_point_id == "pay"
    older = point("older", "dns", order=5, age=1)
    assert triage(both, (*ALL, older)).entry_point_id == "older"


def test_words_count_more_than_a_model() -> None:
    found = triage("checkout fails", ALL, chosen=CHOSEN)

    assert (found.how, found.entry_point_id, found.title) == ("words", "pay", "checkout fails")


def test_a_model_counts_more_than_the_fallback() -> None:
    found = triage("nothing is found any more", ALL, chosen=CHOSEN)

    assert (found.how, found.entry_point_id) == ("model", "dns")
    assert (found.severity, found.assignee, found.service) == (Severity.SEV2, "ada", "resolver")
    assert found.title == "Names do not resolve"
    # What somebody said is never lost behind what a model wrote.
    assert found.description == "Since noon.\n\nnothing is found any more"


def test_the_fallback_takes_the_rest_whatever_its_order() -> None:
    found = triage("the coffee machine leaks", ALL)

    assert (found.how, found.entry_point_id) == ("fallback", "rest")
    assert (found.severity, found.assignee, found.service) == (Severity.SEV4, "alpha-id", None)


def test_without_any_entry_point_it_is_a_sev3_of_nobody() -> None:
    found = triage("the coffee machine leaks", (DNS, PAY))

    assert (found.how, found.entry_point_id) == ("default", None)
    assert (found.severity, found.assignee, found.service) == (Severity.SEV3, None, None)
    assert triage("checkout fails", ALL).severity is Severity.SEV3


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CHOSEN, entry_point_id="of another org"),
        replace(CHOSEN, entry_point_id=""),
        replace(CHOSEN, title=""),
        replace(CHOSEN, title=" \u3000"),
        replace(CHOSEN, title="x" * (LONGEST_SUGGESTED_TITLE + 1)),
        replace(CHOSEN, title="two\nlines"),
        replace(CHOSEN, title="a\x00b"),
        replace(CHOSEN, title="a\ud800b"),
    ],
    ids=lambda one: ascii(one.title)[:20] + one.entry_point_id[:3],
)
def test_a_suggestion_that_is_not_right_is_not_used_at_all(wrong: Suggestion) -> None:
    text = "nothing is found any more"

    assert triage(text, ALL, chosen=wrong) == triage(text, ALL)


def test_a_title_of_sixty_characters_is_right() -> None:
    longest = replace(CHOSEN, title="x" * LONGEST_SUGGESTED_TITLE)
    assert triage("nothing", ALL, chosen=longest).title == "x" * LONGEST_SUGGESTED_TITLE


def test_a_summary_is_shortened_before_what_was_said() -> None:
    talkative = replace(CHOSEN, description="s" * 9_000)
    found = triage("u" * 7_000, ALL, chosen=talkative)

    assert found.description == "s" * 2_000 + "\n\n" + "u" * 7_000
    assert triage("same", ALL, chosen=replace(CHOSEN, description="same")).description == "same"


# -- words in a text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("dns", "our DNS, again"),
        ("dns", "(dns)"),
        ("dns", "dns-server"),
        ("DNS", "dns"),
        ("does not resolve", "it Does  not\nresolve."),
        ("straße", "STRASSE gesperrt"),
        ("café", "cafe\u0301 offline"),
        ("dns", "\uff24\uff2e\uff33 is away"),
        ("σίγμα", "ΣΊΓΜΑ"),
        ("интернет", "Интернет!"),
        ("网络", "现在网络断了"),
        ("שרת", "שרת נפל"),
        ("🔥", "it is on 🔥🔥"),
        ("❤", "❤\ufe0f"),
        ("#noc", "to #noc please"),
        ("c++", "the c++ build"),
        ("down", "breakdown? no: down"),
    ],
)
def test_a_word_is_found(word: str, text: str) -> None:
    assert fitting(text, [point("one", word)]) is not None


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("dns", "dnssec"),
        ("dns", "mydns"),
        ("dns", "dns_2"),
        ("dns", "dns2"),
        ("down", "downtown and breakdown"),
        ("cafe", "cafe\u0301"),
        ("cafe", "café"),
        ("интернет", "интернета"),
        ("कम", "कमी"),
        ("not resolve", "notresolve"),
        ("dns", ""),
        ("", "dns"),
        (" ", "dns dns"),
        ("a.c", "abc"),
    ],
)
def test_a_word_within_another_is_none(word: str, text: str) -> None:
    assert fitting(text, [point("one", word)]) is None


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    assert fitting("x " * (LONGEST_READ // 2 - 2) + "dns", [DNS]) is not None
    assert fitting("x " * (LONGEST_READ // 2) + "dns", [DNS]) is None


# -- titles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  \n\t\n  api   is\tdown \n more", "api is down"),
        ("first\r\nsecond", "first"),
        ("first\u2028second", "first"),
        ("a\x00b", "a b"),
        ("שרת נפל *now*", "שרת נפל *now*"),
        ("", UNWORDED),
        (" \n\x07\n", UNWORDED),
    ],
)
def test_the_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert first_line(text) == title
    assert triage(text, ()).title == title


@pytest.mark.parametrize(
    ("character", "kept"),
    [
        ("e\u0301", 59),
        ("🇩🇪", 59),
        (FAMILY, 23),
        ("👍🏽", 59),
        ("❤\ufe0f", 59),
        ("\u1100\u1161\u11a8", 39),
    ],
    ids=["accent", "flag", "family", "skin", "heart", "hangul"],
)
def test_what_people_see_as_one_character_is_never_broken(character: str, kept: int) -> None:
    # One more before them puts the cut in the middle of one.
    title = first_line("x" + character * 100)

    assert len(title) <= LONGEST_TITLE
    assert title == "x" + character * kept


def test_one_that_goes_on_for_ever_is_cut_somewhere() -> None:
    assert len(first_line("e" + "\u0301" * 1_000)) == LONGEST_TITLE


# -- laws -----------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="dns chekout.\n\r\t\x00\u0301\u200d👩🇩🇪\ud800\u2028", max_size=400),
)
SUGGESTIONS = st.none() | st.builds(
    Suggestion,
    entry_point_id=st.sampled_from(["dns", "pay", "rest", "elsewhere"]),
    title=st.text(max_size=80),
    description=st.none() | TEXTS,
)


@over(text=TEXTS, chosen=SUGGESTIONS, points=st.lists(st.sampled_from(ALL), unique=True))
def test_what_is_found_can_always_be_opened(
    text: str, chosen: Suggestion | None, points: list[EntryPoint]
) -> None:
    found = triage(text, points, chosen=chosen)

    errors: list[FieldError] = []
    required_text(found.title, field="title", longest=TITLE, errors=errors)
    required_text(found.description, field="description", longest=TEXT, errors=errors)
    assert errors == []
    assert "\n" not in found.title
    assert len(found.title) <= LONGEST_TITLE


@over(text=TEXTS, chosen=SUGGESTIONS, points=st.lists(st.sampled_from(ALL), unique=True))
def test_text_and_model_only_choose_among_entry_points(
    text: str, chosen: Suggestion | None, points: list[EntryPoint]
) -> None:
    found = triage(text, points, chosen=chosen)

    one = next((one for one in points if one.id == found.entry_point_id), None)
    assert (one is None) == (found.how == "default")
    assert found.severity is (one.severity if one and one.severity else Severity.SEV3)
    assert found.service == (None if one is None else one.service)
    assert found.assignee == (None if one is None or one.assignee is None else one.assignee.id)


@over(text=TEXTS, points=st.permutations(ALL))
def test_the_order_of_the_list_is_none(text: str, points: list[EntryPoint]) -> None:
    assert triage(text, points) == triage(text, ALL)


@over(text=st.text(max_size=300), longest=st.integers(min_value=1, max_value=200))
def test_shortening_keeps_the_beginning_and_never_an_accent_alone(text: str, longest: int) -> None:
    short = shortened(text, longest=longest)

    assert len(short) <= longest
    assert text.startswith(short)
    rest = text[len(short) :]
    if short and rest and len(short) < longest:
        assert rest[0].isspace() or not unicodedata.combining(rest[0])


def test_descriptions_are_bounded() -> None:
    assert len(triage("x" * 50_000, ()).description) == LONGEST_DESCRIPTION
