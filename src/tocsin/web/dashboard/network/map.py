"""The map of the network: metros where they are, and the links between them as arcs.

Colour never tells anything alone: what is impaired is a triangle or a thick line, what is not in
service a square or a dashed one. The list below the map has all of it in words.

A code that would be written over another is left out until one looks closer; the worst comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, assert_never
from urllib.parse import urlencode

from markupsafe import Markup

from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import AssetStatus, Health
from tocsin.core.records import Device, Link, Location
from tocsin.web.dashboard.addresses import NETWORK

Point = tuple[float, float]

MOST_METROS: Final = 200
MOST_ARCS: Final = 2_000
_LEAST_DEGREES: Final = 6.0
_BEND: Final = 0.12
_MOST_MOVED: Final = 60
_TURNS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a map is drawn on: how large it is, and how much of it is left free around the metros,
    in pixels where it is shown as large as it is drawn. ``sign`` is half of how wide a sign is,
    ``box`` how much room one with its code takes, ``letter`` how wide and high a letter of a code
    is, ``shown`` its class in the style sheet.
    """

    width: int
    height: int
    margin: int
    sign: float
    box: tuple[float, float]
    letter: tuple[float, float]
    shown: str


WIDE: Final = Sheet(
    width=1_000,
    height=460,
    margin=60,
    sign=9.0,
    box=(62.0, 26.0),
    letter=(9.0, 15.0),
    shown="for-desks",
)
NARROW: Final = Sheet(
    width=360,
    height=240,
    margin=30,
    sign=6.0,
    box=(44.0, 17.0),
    letter=(8.0, 13.0),
    shown="for-telephones",
)
"""Of the two one is shown: there codes can be read that would be too small, were the map of a desk
drawn in so little room."""


class Tone(IntEnum):
    """How things stand, the worst last."""

    IN_SERVICE = 0
    AT_REST = 1
    IMPAIRED = 2


_CLASSES: Final[Mapping[Tone, str]] = {
    Tone.IN_SERVICE: "operational",
    Tone.AT_REST: "under_maintenance",
    Tone.IMPAIRED: "major_outage",
}
_WORDS: Final[Mapping[Tone, str]] = {
    Tone.IN_SERVICE: "in service",
    Tone.AT_REST: "not in service",
    Tone.IMPAIRED: "impaired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metro:
    """A place with devices: degrees, how many devices, and how the worst of them stands."""

    code: str
    name: str
    lat: float
    lng: float
    devices: int
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """All links between two metros, by their codes, and how the worst of them stands."""

    ends: tuple[str, str]
    links: int
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is drawn; ``unplaced`` devices say no place that has degrees."""

    metros: tuple[Metro, ...]
    arcs: tuple[Arc, ...]
    unplaced: int


def tone_of(life: Life) -> Tone:
    """How it stands."""
    if life.health is Health.IMPAIRED:
        return Tone.IMPAIRED
    return Tone.IN_SERVICE if life.status is AssetStatus.ACTIVATED else Tone.AT_REST


def planned(
    devices: Sequence[Device], links: Iterable[Link], places: Mapping[str, Location]
) -> Plan:
    """Where *devices* and *links* are by the *places* whose codes the devices say; the exchange
    comes before the location."""
    at: dict[str, str] = {}
    found: dict[str, list[Tone]] = {}
    for device in devices:
        code = placed(device, places)
        if code is not None and (code in found or len(found) < MOST_METROS):
            at[device.pubkey] = code
            found.setdefault(code, []).append(tone_of(device.life))
    joined: dict[tuple[str, str], list[Tone]] = {}
    for link in links:
        one, other = at.get(link.side_a.device), at.get(link.side_z.device)
        if one is None or other is None or one == other:
            continue
        ends = (min(one, other), max(one, other))
        if ends in joined or len(joined) < MOST_ARCS:
            joined.setdefault(ends, []).append(tone_of(link.life))
    metros = []
    urgent = {code: max(tones) for code, tones in found.items()}
    for ends, tones in joined.items():
        for code in ends:
            urgent[code] = max(urgent[code], *tones)
    # The worst are drawn last, over the others: those from which the worst links lead, too.
    for code, tones in sorted(
        found.items(), key=lambda one: (urgent[one[0]], max(one[1]), len(one[1]), one[0])
    ):
        place = places[code]
        assert place.lat is not None
        assert place.lng is not None, "a place has both degrees, or neither"
        metros.append(
            Metro(
                code=code,
                name=place.name,
                lat=place.lat,
                lng=place.lng,
                devices=len(tones),
                tone=max(tones),
            )
        )
    return Plan(
        metros=tuple(metros),
        arcs=tuple(
            Arc(ends=ends, links=len(tones), tone=max(tones))
            for ends, tones in sorted(joined.items(), key=lambda one: (max(one[1]), one[0]))
        ),
        unplaced=len(devices) - len(at),
    )


def placed(device: Device, places: Mapping[str, Location]) -> str | None:
    """The code of the place at which *device* is on the map; None where it is not."""
    for code in (device.exchange, device.location):
        if code is not None and code in places and places[code].lat is not None:
            return code
    return None


def at_metro(code: str) -> str:
    """The address of what is at a metro."""
    return f"{NETWORK}?{urlencode({'metro': code})}"


def pictures(plan: Plan) -> Markup:
    """The map for each width, of which one is shown; empty where nothing has a place."""
    return Markup("").join(picture(plan, sheet) for sheet in (WIDE, NARROW))


def picture(plan: Plan, sheet: Sheet) -> Markup:
    """The map on a *sheet* as SVG; empty where nothing has a place."""
    if not plan.metros:
        return Markup()
    if len(plan.metros) > _MOST_MOVED:
        # So many are not moved apart: smaller signs leave more of them to be seen.
        sheet = replace(sheet, sign=sheet.sign * 0.6)
    places = _projected(plan.metros, sheet)
    written = _written(plan.metros, places, sheet)
    said = Markup("Map of {} metros and {} connections").format(len(plan.metros), len(plan.arcs))
    parts = [
        Markup(
            '<svg class="picture map {}" viewBox="0 0 {} {}" role="group" aria-label="{}"'
            ' data-worst="{}">'
        ).format(sheet.shown, sheet.width, sheet.height, said, _worst(plan, places))
    ]
    # To whoever hears the map, the links are told in the list below it.
    parts.append(Markup('<g aria-hidden="true">'))
    parts += [_arc(one, places) for one in plan.arcs]
    parts.append(Markup("</g>"))
    parts += [
        _metro(one, places[one.code], sheet, written=one.code in written) for one in plan.metros
    ]
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _projected(metros: Sequence[Metro], sheet: Sheet) -> dict[str, Point]:
    """Where each metro is drawn: degrees as they are, as much of the world as is needed."""
    west, east = min(one.lng for one in metros), max(one.lng for one in metros)
    south, north = min(one.lat for one in metros), max(one.lat for one in metros)
    wide, high = sheet.width - 2 * sheet.margin, sheet.height - 2 * sheet.margin
    scale = min(wide / max(east - west, _LEAST_DEGREES), high / max(north - south, _LEAST_DEGREES))
    middle_lng, middle_lat = (west + east) / 2, (south + north) / 2
    return _apart(
        {
            one.code: (
                sheet.width / 2 + (one.lng - middle_lng) * scale,
                sheet.height / 2 - (one.lat - middle_lat) * scale,
            )
            for one in metros
        },
        sheet,
    )


def _worst(plan: Plan, places: Mapping[str, Point]) -> str:
    """Where the worst of it is: a metro, or the middle of a connection."""
    ends: tuple[str, ...] = (plan.metros[-1].code,)
    if plan.arcs and plan.arcs[-1].tone > plan.metros[-1].tone:
        ends = plan.arcs[-1].ends
    x, y = (sum(parts) / len(ends) for parts in zip(*(places[one] for one in ends), strict=True))
    return f"{x:.1f} {y:.1f}"


def _written(metros: Sequence[Metro], places: Mapping[str, Point], sheet: Sheet) -> frozenset[str]:
    """The metros whose codes can be read: what is drawn last is written first, as long as there is
    room between the other codes."""
    wide, high = sheet.letter
    kept: list[tuple[float, float, float]] = []
    found: set[str] = set()
    for one in reversed(metros):
        x, y = places[one.code]
        left, right = x + sheet.sign + 5, x + sheet.sign + 5 + wide * len(one.code)
        if all(left >= end or right <= start or abs(y - v) >= high for start, end, v in kept):
            found.add(one.code)
        # A sign that is drawn over a code hides it as well.
        kept.append((x - sheet.sign, right if one.code in found else x + sheet.sign, y))
    return frozenset(found)


def _apart(places: dict[str, Point], sheet: Sheet) -> dict[str, Point]:
    """*places* moved a little, so that signs and codes of neighbours can be told apart; with more
    metros than that is done for, they stay."""
    if len(places) > _MOST_MOVED:
        return places
    codes = sorted(places)
    at = dict(places)
    for _ in range(_TURNS):
        still = True
        for number, one in enumerate(codes):
            for other in codes[number + 1 :]:
                (x, y), (u, v) = at[one], at[other]
                beside, below = sheet.box[0] - abs(u - x), sheet.box[1] - abs(v - y)
                if beside <= 0 or below <= 0:
                    continue
                still = False
                # Along the shorter way, both by half; those on one spot by their order.
                if below <= beside:
                    step = (below / 2 + 0.5) * (1 if v >= y else -1)
                    at[one], at[other] = (x, y - step), (u, v + step)
                else:
                    step = (beside / 2 + 0.5) * (1 if u >= x else -1)
                    at[one], at[other] = (x - step, y), (u + step, v)
        if still:
            break
    return {
        code: (
            min(max(x, 20.0), sheet.width - sheet.box[0]),
            min(max(y, 20.0), sheet.height - 20.0),
        )
        for code, (x, y) in at.items()
    }


def _arc(one: Arc, places: Mapping[str, Point]) -> Markup:
    (x, y), (u, v) = places[one.ends[0]], places[one.ends[1]]
    # Bent to one side, so that arcs along the same line lie beside each other.
    over_x = (x + u) / 2 - (v - y) * _BEND
    over_y = (y + v) / 2 + (u - x) * _BEND
    count = "one link" if one.links == 1 else f"{one.links} links"
    worst = f", {_WORDS[one.tone]}" if one.links == 1 else f", the worst {_WORDS[one.tone]}"
    return Markup(
        '<path class="arc {} {}" d="M{} {}Q{} {} {} {}"><title>{} – {}: {}{}</title></path>'
    ).format(
        _CLASSES[one.tone],
        one.tone.name.lower(),
        *(f"{number:.1f}" for number in (x, y, over_x, over_y, u, v)),
        *one.ends,
        count,
        worst,
    )


def _metro(one: Metro, place: Point, sheet: Sheet, *, written: bool) -> Markup:
    x, y = place
    size = sheet.sign
    match one.tone:
        case Tone.IN_SERVICE:
            shape = Markup('<circle class="full" cx="{}" cy="{}" r="{}"/>').format(
                f"{x:.1f}", f"{y:.1f}", size
            )
        case Tone.AT_REST:
            shape = Markup('<rect class="full" x="{}" y="{}" width="{}" height="{}"/>').format(
                f"{x - size:.1f}", f"{y - size:.1f}", 2 * size, 2 * size
            )
        case Tone.IMPAIRED:
            shape = Markup('<path class="full" d="M{} {}l{side} {high}h-{wide}z"/>').format(
                f"{x:.1f}",
                f"{y - 1.4 * size:.1f}",
                side=f"{1.3 * size:.1f}",
                high=f"{2.3 * size:.1f}",
                wide=f"{2.6 * size:.1f}",
            )
        case _:
            assert_never(one.tone)
    count = "one device" if one.devices == 1 else f"{one.devices} devices"
    worst = _WORDS[one.tone] if one.devices == 1 else f"the worst {_WORDS[one.tone]}"
    said = f"{one.name}: {count}, {worst}"
    # What it leads to is in the form above the map as well, for whoever has no pointer.
    return Markup(
        '<a href="{}" tabindex="-1" aria-label="{}"><g class="{}" data-at="{} {}">'
        '<title>{}</title>{}<text{} x="{}" y="{}">{}</text></g></a>'
    ).format(
        at_metro(one.code),
        f"{one.code}, {said}",
        _CLASSES[one.tone],
        f"{x:.1f}",
        f"{y:.1f}",
        said,
        shape,
        "" if written else Markup(' class="crowded"'),
        f"{x + size + 5:.1f}",
        f"{y + 5:.1f}",
        one.code,
    )
