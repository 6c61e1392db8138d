"""Small pictures of evidence: what happened has a shape and a word, and every number is told."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from tests.core.telling import NOON
from tocsin.core.provisioning.courses import (
    Course,
    CourseKind,
    Presence,
    Traffic,
    between,
    cuts,
)
from tocsin.core.provisioning.windows import Window, latest_window
from tocsin.web.pictures.courses import WIDTH, figure, summary

DAY = latest_window(at=NOON, minutes=1_440)


def traffic(window: Window = DAY, **changed: object) -> Traffic:
    parts = between(cuts(window))
    columns = {
        "octets": (1_000,) * len(parts),
        "errors": (0,) * len(parts),
        "resets": (0,) * len(parts),
        "missing": (0,) * len(parts),
        **changed,
    }
    return Traffic(of="Ethernet1 of ams-1", window=window, **columns)  # type: ignore[arg-type]


def at(places: dict[int, int | None], *, otherwise: int = 0) -> tuple[int | None, ...]:
    return tuple(places.get(part, otherwise) for part in range(48))


def drawn(course: Course) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{figure(course, name='side_a-0')}</div>")


def shapes(course: Course, kind: str) -> list[ElementTree.Element]:
    (picture,) = [one for one in drawn(course).iter("svg") if one.get("role") == "img"]
    return [one for one in picture.iter() if kind in one.get("class", "").split()]


def said(course: Course) -> str:
    return " ".join(
        "".join(one.itertext()).strip()
        for one in drawn(course).iter()
        if one.get("class") == "said"
    )


def test_a_clean_day_is_even_columns_and_no_mark() -> None:
    course = traffic()

    bars = [one for one in shapes(course, "amount") if one.tag == "rect"]
    assert len(bars) == 48
    assert len({one.attrib["height"] for one in bars}) == 1
    assert shapes(course, "fall") == shapes(course, "gap") == []
    assert said(course) == "octets, at most 1\u202f000 in 30 minutes no error"
    assert summary(course).startswith("2026-11-19 12:00 UTC to 2026-11-20 12:00 UTC.")


def test_errors_resets_and_gaps_have_each_a_shape_and_a_word() -> None:
    course = traffic(
        octets=at({47: None}, otherwise=9),
        errors=at({3: 2, 20: 1}),
        resets=at({10: 1}),
        missing=at({46: 3, 47: 30}),
    )

    assert len([one for one in shapes(course, "amount") if one.tag == "path"]) == 2
    assert len(shapes(course, "hollow")) == 1
    partly, whole = (float(one.attrib["width"]) for one in shapes(course, "gap"))
    assert (partly, whole) == (2.0, 10.0)
    assert "3 errors 1 reset octets not sampled for 30 minutes, 33 minutes not heard" in said(
        course
    )
    assert "3 errors, from 13:30, 22:00." in summary(course)
    assert "1 reset, from 17:00." in summary(course)


def test_what_is_not_known_is_said_and_is_no_zero() -> None:
    nothing = (None,) * 48
    course = traffic(octets=nothing, errors=nothing, missing=(30,) * 48)

    assert [one for one in shapes(course, "amount") if one.tag == "rect"] == []
    assert "no sample of octets errors not known" in said(course)
    assert "no octet carried" in said(traffic(octets=(0,) * 48))
    cells = [one.text for one in drawn(course).iter("td")]
    assert cells[:4] == ["no sample", "no sample", "0", "30"]
    assert len(cells) == 4 * 48


def test_agents_are_a_strip_of_minutes_well_ill_and_not_known() -> None:
    course = Presence(
        of="config agent of ams-1",
        kind=CourseKind.MINUTES,
        window=DAY,
        well=tuple(15 if part == 5 else 0 if part == 6 else 30 for part in range(48)),
        ill=tuple(15 if part == 5 else 0 for part in range(48)),
        not_known=tuple(30 if part == 6 else 0 for part in range(48)),
    )

    good = [one for one in shapes(course, "amount") if "operational" in one.attrib["class"]]
    # What went well on end is one piece.
    assert [float(one.attrib["width"]) for one in good] == [50.0, 10.0, 410.0]
    assert len([one for one in shapes(course, "amount") if one.tag == "path"]) == 1
    assert len(shapes(course, "gap")) == 1
    assert said(course) == "well in 1,395 minutes ill in 15 minutes not known in 30 minutes"


def test_a_test_speaks_for_its_part() -> None:
    course = Presence(
        of="QA tests of ams-1",
        kind=CourseKind.TESTS,
        window=DAY,
        well=(1,) * 47 + (0,),
        ill=(0,) * 46 + (1, 0),
        not_known=(29,) * 46 + (28, 30),
    )

    heights = {one.attrib["height"] for one in shapes(course, "amount") if one.tag == "rect"}
    assert heights == {"16"}
    assert said(course) == "passed in 47 minutes failed in 1 minute no test"


def test_a_name_is_a_name_and_no_markup() -> None:
    course = Traffic(
        of='<b>"&Ethernet',
        window=latest_window(at=NOON, minutes=1),
        octets=(1,),
        errors=(0,),
        resets=(0,),
        missing=(0,),
    )

    assert "<b>" not in figure(course, name="up-0")
    assert any('<b>"&Ethernet' in "".join(one.itertext()) for one in drawn(course).iter("title"))


@given(st.integers(1, 20_000), st.data())
def test_everything_is_inside_the_picture(minutes: int, data: st.DataObject) -> None:
    window = latest_window(at=NOON + timedelta(days=1), minutes=minutes)
    lengths = [part.minutes for part in between(cuts(window))]
    some = st.lists(st.none() | st.integers(0, 2**64), min_size=len(lengths), max_size=len(lengths))
    course = traffic(
        window,
        octets=tuple(data.draw(some)),
        errors=tuple(data.draw(some)),
        missing=tuple(data.draw(st.sampled_from((0, length))) for length in lengths),
    )

    for one in shapes(course, "amount") + shapes(course, "gap"):
        if one.tag == "rect":
            left, wide = float(one.attrib["x"]), float(one.attrib["width"])
            assert -0.1 <= left <= left + wide <= WIDTH + 0.2
            assert 0 <= float(one.attrib["y"]) <= 60
