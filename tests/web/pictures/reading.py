"""Reading a picture back: its elements, its words, and how far its shapes reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markupsafe import Markup

_COMMAND = re.compile(r"([MLHVhvlaz])([^MLHVhvlaz]*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def parsed(markup: Markup) -> ElementTree.Element:
    """The elements of *markup*, which must be well formed."""
    return ElementTree.fromstring(f"<all>{markup}</all>")


def shifted(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, float]]:
    """Every element with how far its groups move it down, px."""

    def below(
        element: ElementTree.Element, down: float
    ) -> Iterator[tuple[ElementTree.Element, float]]:
        moved = re.fullmatch(r"translate\(0 ([\d.]+)\)", element.get("transform", ""))
        down += float(moved[1]) if moved else 0.0
        yield element, down
        for child in element:
            yield from below(child, down)

    return below(root, 0.0)


def corners(path: str) -> list[tuple[float, float]]:
    """The points that *path* goes through."""
    x = y = 0.0
    points = []
    for command, rest in _COMMAND.findall(path):
        numbers = [float(number) for number in _NUMBER.findall(rest)]
        if command in "ML":
            pairs = [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 2)]
        elif command == "H":
            pairs = [(numbers[0], y)]
        elif command == "V":
            pairs = [(x, numbers[0])]
        elif command == "h":
            pairs = [(x + numbers[0], y)]
        elif command == "v":
            pairs = [(x, y + numbers[0])]
        elif command == "l":
            pairs = []
            at = (x, y)
            for number in range(0, len(numbers), 2):
                at = (at[0] + numbers[number], at[1] + numbers[number + 1])
                pairs.append(at)
        elif command == "a":
            pairs = [(x + numbers[5], y + numbers[6])]
        else:
            pairs = []
        points += pairs
        if pairs:
            x, y = pairs[-1]
    return points


def points(root: ElementTree.Element) -> Iterator[tuple[float, float]]:
    """Every point that a shape or the beginning of a text is at."""
    for element, down in shifted(root):
        if element.tag == "path":
            yield from ((x, y + down) for x, y in corners(element.attrib["d"]))
        elif element.tag == "rect":
            left, top, wide, high = (
                float(element.attrib[name]) for name in ("x", "y", "width", "height")
            )
            yield left, top + down
            yield left + wide, top + high + down
        elif element.tag == "text":
            yield float(element.attrib["x"]), float(element.attrib["y"]) + down


def stays_inside(svg: ElementTree.Element) -> bool:
    """Whether all of *svg* is inside its own box; a stroke may be half outside."""
    wide, high = (float(number) for number in svg.attrib["viewBox"].split()[2:])
    return all(-0.5 <= x <= wide + 0.5 and -0.5 <= y <= high + 0.5 for x, y in points(svg))


def is_harmless(root: ElementTree.Element) -> bool:
    """Whether nothing in *root* would run, load or be styled in place."""
    known = {"a", "caption", "defs", "desc", "details", "div", "g", "li", "ol", "p", "path", "rect"}
    known |= {"all", "span", "summary", "svg", "table", "tbody", "td", "text", "th", "thead"}
    known |= {"time", "title", "tr", "tspan"}
    return all(
        element.tag in known
        and not any(name == "style" or name.startswith("on") for name in element.attrib)
        and element.get("href", "#entry-").startswith("#entry-")
        for element in root.iter()
    )


def classes(root: ElementTree.Element) -> set[str]:
    """All classes of *root*."""
    return {name for element in root.iter() for name in element.get("class", "").split()}


def words(root: ElementTree.Element, tag: str) -> list[str]:
    """The texts of all elements of that *tag*."""
    return ["".join(element.itertext()) for element in root.iter(tag)]
