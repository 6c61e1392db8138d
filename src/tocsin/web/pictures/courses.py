"""How evidence went over its window, as small inline SVG: octets as columns with what was wrong
marked above them, and minutes as a strip; with a key in words, and a table of every number.

Errors are triangles, resets are lozenges over a broken line, and minutes that nothing is known of
are hatched: colour tells none of them alone. Nothing is written in the picture, so it shrinks to a
phone; when it begins and ends, and what it comes to, stands below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, assert_never

from markupsafe import Markup

from tocsin.core.provisioning.courses import (
    Course,
    CourseKind,
    Presence,
    Traffic,
    between,
    cuts,
    part_minutes,
)
from tocsin.core.provisioning.windows import Window
from tocsin.web.pictures.figures import Unit, amount
from tocsin.web.pictures.lettering import px, told
from tocsin.web.pictures.tones import Tone
from tocsin.web.status.words import instant, machine_instant

WIDTH: Final = 480.0
_MARKS: Final = 13.0
_PLOT: Final = 40.0
_STRIP: Final = 16.0
_FOOT: Final = 2.0
_LEAST_GAP: Final = 2.0
_HALF: Final = 5.0


def figure(course: Course, *, name: str) -> Markup:
    """*course* as a figure: the picture, from when until when, a key, and its numbers.

    *name* is unique on the page and free of spaces.
    """
    match course:
        case Traffic():
            drawn, key, table = _traffic(course, name), _traffic_key(course), _traffic_table(course)
        case Presence():
            drawn, key = _presence(course, name), _presence_key(course)
            table = _presence_table(course)
        case _:
            assert_never(course)
    return Markup(
        '<figure class="course">{}<p class="ends small soft">{}{}</p>'
        '<figcaption class="small"><bdi>{}</bdi>{}</figcaption>{}</figure>'
    ).format(
        drawn,
        _time(course.window, end=False),
        _time(course.window, end=True),
        told(course.of),
        Markup("").join(Markup(' <span class="said">{}</span>').format(one) for one in key),
        table,
    )


def summary(course: Course) -> str:
    """The picture in sentences: from when until when, and what it comes to."""
    window = course.window
    sentences = [f"{instant(window.start)} to {instant(window.end)}."]
    match course:
        case Traffic():
            sentences.append(f"{_carried(course)}.")
            sentences += [
                f"{words[:1].upper()}{words[1:]}{_named(course.window, counts)}."
                for words, counts in (
                    (_errors(course), [one or 0 for one in course.errors]),
                    (_counted(sum(course.resets), "reset"), course.resets),
                    (_unsampled(course), [one is None for one in course.octets]),
                    (_missing(course) or "heard in every minute", course.missing),
                )
                if words
            ]
        case Presence():
            sentences += [
                f"{words[:1].upper()}{words[1:]}{_named(course.window, counts)}."
                for words, counts in (
                    (_well(course), ()),
                    (_ill(course), course.ill),
                    (
                        _not_known(course),
                        () if course.kind is CourseKind.TESTS else course.not_known,
                    ),
                )
            ]
        case _:
            assert_never(course)
    return " ".join(sentences)


# -- counters --------------------------------------------------------------------------------------


def _traffic(course: Traffic, name: str) -> Markup:
    highest = max((one or 0 for one in course.octets), default=0)
    bottom = _MARKS + _PLOT
    drawn: list[Markup] = []
    for at, (left, wide, minutes) in enumerate(_places(course.window)):
        middle = left + wide / 2
        octets, missing = course.octets[at], course.missing[at]
        if octets:
            high = max(1.0, _PLOT * octets / highest)
            drawn.append(
                Markup('<rect class="amount {}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    Tone.PLANNED.value,
                    px(left + wide * 0.1),
                    px(bottom - high),
                    px(wide * 0.8),
                    px(high),
                )
            )
        if octets is None:
            drawn.append(_gap(name, left=left, top=_MARKS, width=wide, height=_PLOT))
        elif missing:
            share = max(_LEAST_GAP, wide * missing / minutes)
            drawn.append(_gap(name, left=left, top=_MARKS, width=min(share, wide), height=_PLOT))
        if course.resets[at]:
            drawn.append(_reset(middle, bottom))
        if course.errors[at]:
            drawn.append(_error(middle, bottom))
    return _svg(
        course,
        name=name,
        height=bottom + _FOOT,
        title=f"{course.of}: octets and errors",
        drawn=Markup("").join(drawn),
    )


def _error(middle: float, bottom: float) -> Markup:
    top, base = 1.0, _MARKS - 2
    return Markup(
        '<g class="{}"><path class="fall" d="M{} {}V{}"/>'
        '<path class="amount" d="M{} {}L{} {}H{}z"/></g>'
    ).format(
        Tone.MAJOR.value,
        px(middle),
        px(base),
        px(bottom),
        px(middle),
        px(top),
        px(middle + _HALF),
        px(base),
        px(middle - _HALF),
    )


def _reset(middle: float, bottom: float) -> Markup:
    half = _MARKS / 2 - 1
    return Markup(
        '<g class="{}"><path class="fall broken" d="M{} {}V{}"/>'
        '<path class="hollow" d="M{} 1l{} {}l-{} {}l-{} -{}z"/></g>'
    ).format(
        Tone.DEGRADED.value,
        px(middle),
        px(_MARKS),
        px(bottom),
        px(middle),
        px(half),
        px(half),
        px(half),
        px(half),
        px(half),
        px(half),
    )


def _traffic_key(course: Traffic) -> Iterator[Markup]:
    yield Markup("{}{}").format(_swatch("bar", Tone.PLANNED), _carried(course))
    if any(course.errors) or None in course.errors:
        yield Markup("{}{}").format(_swatch("error", Tone.MAJOR), _errors(course))
    else:
        yield Markup("no error")
    if any(course.resets):
        words = _counted(sum(course.resets), "reset")
        yield Markup("{}{}").format(_swatch("reset", Tone.DEGRADED), words)
    gaps = [words for words in (_unsampled(course), _missing(course)) if words]
    if gaps:
        yield Markup("{}{}").format(_swatch("gap", Tone.QUIET), ", ".join(gaps))


def _unsampled(course: Traffic) -> str:
    parts = sum(one is None for one in course.octets)
    if parts in (0, len(course.octets)):
        return ""
    return f"octets not sampled for {_minutes(parts * course.part_minutes)}"


def _carried(course: Traffic) -> str:
    known = [one for one in course.octets if one is not None]
    if not known:
        return "no sample of octets"
    if not any(known):
        return "no octet carried"
    most = amount(max(known), unit=Unit.COUNT)
    return f"octets, at most {most} in {_minutes(part_minutes(course.window))}"


def _errors(course: Traffic) -> str:
    known = [one for one in course.errors if one is not None]
    if not known:
        return "errors not known"
    words = _counted(sum(known), "error")
    return words if len(known) == len(course.errors) else f"{words}, not known all the time"


def _missing(course: Traffic) -> str:
    count = sum(course.missing)
    return f"{_minutes(count)} not heard" if count else ""


def _traffic_table(course: Traffic) -> Markup:
    rows = zip(course.octets, course.errors, course.resets, course.missing, strict=True)
    return _table(course, ("Octets", "Errors", "Resets", "Minutes not heard"), tuple(rows))


# -- minutes ---------------------------------------------------------------------------------------


def _presence(course: Presence, name: str) -> Markup:
    places = tuple(_places(course.window))
    found = tuple(
        (*_shares(course, at, minutes=minutes), left, wide)
        for at, (left, wide, minutes) in enumerate(places)
    )
    above = _MARKS if any(course.ill) else _FOOT
    bottom = above + _STRIP
    drawn: list[Markup] = []
    # What is alike is one piece: no seams between the parts of a day that went well.
    for (well, ill), alike in groupby(found, key=lambda one: one[:2]):
        pieces = list(alike)
        left, right = pieces[0][2], pieces[-1][2] + pieces[-1][3]
        if well:
            drawn.append(_part(Tone.GOOD, left, right, top=bottom - _STRIP * well, bottom=bottom))
        if well + ill < 1:
            top, height = above + _STRIP * ill, _STRIP * (1 - well - ill)
            drawn.append(_gap(name, left=left, top=top, width=right - left, height=height))
        if ill:
            drawn.append(_part(Tone.MAJOR, left, right, top=above, bottom=above + _STRIP * ill))
            drawn += [_error(one[2] + one[3] / 2, above) for one in pieces]
    return _svg(
        course,
        name=name,
        height=bottom + _FOOT,
        title=f"{course.of}: minutes well, ill and not known",
        drawn=Markup("").join(drawn),
    )


def _shares(course: Presence, at: int, *, minutes: int) -> tuple[float, float]:
    """How much of a part was well, and how much was not; a test speaks for the whole part."""
    well, ill = course.well[at], course.ill[at]
    if course.kind is CourseKind.TESTS:
        return (0.0, 1.0) if ill else (1.0, 0.0) if well else (0.0, 0.0)
    return well / minutes, ill / minutes


def _part(tone: Tone, left: float, right: float, *, top: float, bottom: float) -> Markup:
    return Markup('<rect class="amount {}" x="{}" y="{}" width="{}" height="{}"/>').format(
        tone.value, px(left), px(top), px(right - left), px(bottom - top)
    )


def _presence_key(course: Presence) -> Iterator[Markup]:
    yield Markup("{}{}").format(_swatch("bar", Tone.GOOD), _well(course))
    if any(course.ill):
        yield Markup("{}{}").format(_swatch("error", Tone.MAJOR), _ill(course))
    if any(course.not_known):
        yield Markup("{}{}").format(_swatch("gap", Tone.QUIET), _not_known(course))


def _well(course: Presence) -> str:
    words = f"well in {_minutes(sum(course.well))}"
    return f"passed in {_minutes(sum(course.well))}" if course.kind is CourseKind.TESTS else words


def _ill(course: Presence) -> str:
    words = f"ill in {_minutes(sum(course.ill))}"
    return f"failed in {_minutes(sum(course.ill))}" if course.kind is CourseKind.TESTS else words


def _not_known(course: Presence) -> str:
    if course.kind is CourseKind.TESTS:
        return "no test"
    return f"not known in {_minutes(sum(course.not_known))}"


def _presence_table(course: Presence) -> Markup:
    rows = zip(course.well, course.ill, course.not_known, strict=True)
    names = ("Passed", "Failed", "No test")
    if course.kind is not CourseKind.TESTS:
        names = ("Well", "Ill", "Not known")
    return _table(course, tuple(f"{one}, minutes" for one in names), tuple(rows))


# -- what both have --------------------------------------------------------------------------------


def _places(window: Window) -> Iterator[tuple[float, float, int]]:
    """Where each part begins, how wide it is, px, and how many minutes it has."""
    minute = WIDTH / max(1, window.minutes)
    for part in between(cuts(window)):
        left = ((part.start - window.start).total_seconds() / 60) * minute
        yield left, part.minutes * minute, part.minutes


def _svg(course: Course, *, name: str, height: float, title: str, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="picture" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc><defs><pattern id="{}-gap" width="5"'
        ' height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" d="M1 0V5"/></pattern></defs>{}'
        '<path class="axis" d="M0 {}H{}"/></svg>'
    ).format(
        px(WIDTH),
        px(height),
        name,
        name,
        name,
        told(title),
        name,
        summary(course),
        name,
        drawn,
        px(height - _FOOT + 0.5),
        px(WIDTH),
    )


def _gap(name: str, *, left: float, top: float, width: float, height: float) -> Markup:
    return Markup(
        '<rect class="gap" x="{}" y="{}" width="{}" height="{}"/>'
        '<rect fill="url(#{}-gap)" x="{}" y="{}" width="{}" height="{}"/>'
    ).format(
        px(left),
        px(top),
        px(width),
        px(height),
        name,
        px(left),
        px(top),
        px(width),
        px(height),
    )


_SWATCHES: Final = {
    "bar": Markup('<rect class="amount" x="1" y="1" width="10" height="10"/>'),
    "error": Markup('<path class="amount" d="M6 1L11 11H1z"/>'),
    "reset": Markup('<path class="hollow" d="M6 1l5 5l-5 5l-5 -5z"/>'),
    "gap": Markup(
        '<rect class="gap" x="1" y="1" width="10" height="10"/>'
        '<path class="hatch" d="M1 7L7 1M1 11L11 1M5 11L11 5"/>'
    ),
}


def _swatch(what: str, tone: Tone) -> Markup:
    return Markup('<svg class="swatch {}" viewBox="0 0 12 12" aria-hidden="true">{}</svg> ').format(
        tone.value, _SWATCHES[what]
    )


def _time(window: Window, *, end: bool) -> Markup:
    at = window.end if end else window.start
    return Markup('<time datetime="{}">{}</time>').format(machine_instant(at), instant(at))


def _table(course: Course, names: Sequence[str], rows: Sequence[tuple[int | None, ...]]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in names)
    parts = between(cuts(course.window))
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            f"{part.start:%m-%d %H:%M}",
            Markup("").join(
                Markup("<td>{}</td>").format("no sample" if one is None else f"{one:,}")
                for one in row
            ),
        )
        for part, row in zip(parts, rows, strict=True)
    )
    return Markup(
        '<details class="days"><summary>The numbers<span class="unseen"> of {}</span></summary>'
        '<table class="figures"><caption class="unseen">{}</caption><thead><tr>'
        '<th scope="col">From, UTC</th>{}</tr></thead><tbody>{}</tbody></table></details>'
    ).format(told(course.of), told(course.of), head, body)


def _named(window: Window, counts: Sequence[int]) -> str:
    """In which parts something was counted, as many as a sentence takes."""
    starts = [
        f"{part.start:%H:%M}"
        for part, count in zip(between(cuts(window)), counts, strict=False)
        if count
    ]
    if not starts:
        return ""
    shown = ", ".join(starts[:_MOST_NAMED])
    more = len(starts) - _MOST_NAMED
    return f", from {shown}{f' and {more} more' if more > 0 else ''}"


_MOST_NAMED: Final = 5


def _minutes(count: int) -> str:
    return _counted(count, "minute")


def _counted(count: int, what: str) -> str:
    return f"{'no' if count == 0 else f'{count:,}'} {what}{'' if count in (0, 1) else 's'}"
