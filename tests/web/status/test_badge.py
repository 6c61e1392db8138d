"""The badge: an SVG that says its words, legibly, and loads nothing."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from tests.web.status.any_picture import pictures
from tests.web.status.pictures import ALL, HOUR, NOW, calm, hostile, several
from tocsin.web.status.badge import COLOURS, INK, LABEL_COLOUR, badge
from tocsin.web.status.document import one_line
from tocsin.web.status.view import Level, PageView

SVG = "{http://www.w3.org/2000/svg}"


def texts(body: bytes) -> tuple[str, ...]:
    """The title and the words of a badge."""
    root = ElementTree.fromstring(body)
    words = (str(one.text) for one in root.iter(f"{SVG}text"))
    return (str(root.findtext(f"{SVG}title")), *words)


def light(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [LABEL_COLOUR, *COLOURS.values()])
def test_words_are_legible_on_every_colour(colour: str) -> None:
    lighter, darker = sorted((light(INK), light(colour)), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("level", "word"),
    [
        (Level.OPERATIONAL, "operational"),
        (Level.MAINTENANCE, "under maintenance"),
        (Level.DEGRADED, "degraded"),
        (Level.PARTIAL, "partial outage"),
        (Level.MAJOR, "major outage"),
    ],
)
def test_a_badge_says_whose_state_it_is_and_which(level: Level, word: str) -> None:
    document = badge(replace(calm(), level=level))

    assert texts(document.body) == (f"Ring of Towns: {word}", "Ring of Towns", word)
    assert COLOURS[level].encode() in document.body
    assert document.content_type == "image/svg+xml; charset=utf-8"
    assert len(set(COLOURS.values())) == len(Level)


def test_a_service_has_a_badge_of_its_own() -> None:
    page = several()

    assert texts(badge(page, page.services[3]).body)[0] == "Dashboard: operational"


def test_the_fields_lie_side_by_side_and_hold_their_words() -> None:
    root = ElementTree.fromstring(badge(calm()).body)
    left, right = root.iter(f"{SVG}rect")

    assert left.attrib["width"] == right.attrib["x"]
    widths = [int(one.attrib["width"]) for one in (left, right, root)]
    assert widths[0] + widths[1] == widths[2]
    for box, text in zip((left, right), root.iter(f"{SVG}text"), strict=True):
        middle, length = float(text.attrib["x"]), int(text.attrib["textLength"])
        begins = int(box.attrib["x"])
        assert begins < middle - length / 2
        assert middle + length / 2 < begins + int(box.attrib["width"])


def test_a_long_name_is_cut_and_a_name_of_nothing_is_said_otherwise() -> None:
    long = texts(badge(replace(calm(), name="long name " * 20)).body)[1]

    assert (len(long), long[-1]) == (40, "…")
    assert texts(badge(replace(calm(), name="\x00\r\n")).body)[1] == "status"


@pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())
def test_a_badge_loads_nothing_and_runs_nothing(page: PageView) -> None:
    for document in (badge(page), *(badge(page, service) for service in page.services)):
        root = ElementTree.fromstring(document.body)
        assert {one.tag.removeprefix(SVG) for one in root.iter()} == {
            "svg",
            "title",
            "rect",
            "text",
        }
        names = {str(name) for one in root.iter() for name in one.attrib}
        assert not any(name.startswith("on") or "href" in name or name == "style" for name in names)


def test_hostile_names_are_words() -> None:
    page = hostile()

    for service in page.services:
        told = texts(badge(page, service).body)[1]
        assert (
            told.removesuffix("…").rstrip()
            == one_line(service.name)[: len(told) - told.endswith("…")]
        )


@given(pictures())
@settings(max_examples=40, deadline=None)
def test_whatever_the_name_a_badge_is_well_formed_and_says_it(page: PageView) -> None:
    told = texts(badge(page).body)[1]
    name = one_line(page.name)

    if len(name) <= 40:
        assert told == (name or "status")
    else:
        assert told.endswith("…")
        assert name.startswith(told[:-1])


def test_the_same_words_are_the_same_bytes_whenever_they_are_looked_at() -> None:
    assert badge(calm()) == badge(replace(calm(), made_at=NOW + 3 * HOUR))
