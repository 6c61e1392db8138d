"""Which courses stand behind the criteria of an asset (Provisioning: readiness)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tocsin.core.provisioning.counters import NOTHING_COUNTED, Interface, joined_runs
from tocsin.core.provisioning.courses import (
    MOST_COURSES,
    Course,
    CourseKind,
    Courses,
    Traffic,
    heard,
    presence,
    traffic,
)
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Criterion, Silence
from tocsin.core.provisioning.following import Following
from tocsin.core.provisioning.judging import Known, Marking
from tocsin.core.provisioning.telemetry import Counted
from tocsin.core.provisioning.windows import Window
from tocsin.core.provisioning.words import InterfaceRole
from tocsin.core.records import Device, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What was counted ``before`` the window, oldest first, and in each of its parts."""

    before: tuple[Counted, ...]
    parts: tuple[Counted, ...]


def courses_of(
    asset: Device | Link,
    criteria: Sequence[Criterion],
    known: Known,
    pieces: Pieces | None,
    *,
    interface: str | None = None,
    codes: Mapping[str, str],
) -> Courses:
    """The courses of *criteria*, by name; none of what a silent source was asked for.

    *interface* is the one of the device that is meant, *codes* are those of devices by pubkey.
    """
    found: dict[str, tuple[Course, ...]] = {}
    for one in criteria:
        window = one.evidence.window
        if window is None or window.minutes == 0:
            continue
        if isinstance(asset, Link):
            courses: Iterable[Course] = _traffics(_end(asset, one.name), pieces, codes=codes)
        elif (ports := _ports(asset, one.name, interface)) is not None:
            courses = _traffics(ports, pieces, codes=codes)
        else:
            courses = _presences(asset, one.name, known, window)
        if told := tuple(courses):
            found[one.name] = told
    return found


def _end(link: Link, name: str) -> tuple[Interface, ...]:
    """The interface that a criterion is about, where it is about one."""
    sides = {"side_a": link.side_a, "side_z": link.side_z}
    side = sides.get(name)
    return () if side is None else ((side.device, side.interface),)


def _ports(device: Device, name: str, interface: str | None) -> tuple[Interface, ...] | None:
    """The interfaces that a criterion is about; None where it is about none."""
    match name:
        case "dia_up":
            chosen = [one.name for one in device.interfaces if one.role is InterfaceRole.DIA]
        case "link_up":
            chosen = [one.name for one in device.interfaces if one.link is not None]
        case "up" if interface is not None:
            chosen = [interface]
        case _:
            return None
    return tuple((device.pubkey, one) for one in chosen[:MOST_COURSES])


def _traffics(
    lines: Iterable[Interface], pieces: Pieces | None, *, codes: Mapping[str, str]
) -> Iterable[Traffic]:
    if pieces is None:
        return
    for line in lines:
        before = NOTHING_COUNTED
        for part in pieces.before:
            before = joined_runs(before, part.interfaces.get(line, NOTHING_COUNTED))
        pubkey, name = line
        of = f"{name} of {codes.get(pubkey, pubkey)}"
        yield traffic(of, line, pieces.parts, before=before)


def _presences(device: Device, name: str, known: Known, window: Window) -> Iterable[Course]:
    match name:
        case "reporting":
            kept = known.counters
            if isinstance(kept, Following):
                nothing = Minutes(window=window)
                yield heard(
                    f"samples of {device.code}", kept.covered.get(device.pubkey, nothing), window
                )
        case "config_agent":
            yield from _marks("config agent", device, known.config_agent, window)
        case "telemetry_agent":
            yield from _marks("telemetry agent", device, known.telemetry_agent, window)
        case "qa":
            yield from _marks("QA tests", device, known.qa, window, kind=CourseKind.TESTS)
        case _:
            return


def _marks(
    of: str,
    device: Device,
    found: Marking,
    window: Window,
    *,
    kind: CourseKind = CourseKind.MINUTES,
) -> Iterable[Course]:
    if isinstance(found, Silence):
        return
    marks = found.devices.get(device.pubkey)
    if marks is not None:
        yield presence(f"{of} of {device.code}", marks, window, kind=kind)
