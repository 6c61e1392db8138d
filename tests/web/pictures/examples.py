"""A night in a fibre network, as pictures are drawn from it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tocsin.core.words import Severity, Status
from tocsin.web.pictures.calendar import Window
from tocsin.web.pictures.figures import Unit
from tocsin.web.pictures.series import Chart, Grain, Series
from tocsin.web.pictures.story import (
    Mark,
    SeverityChange,
    SignalChange,
    StatusChange,
    Story,
    action_lane,
    message_lane,
    severity_lane,
    signal_lane,
    status_lane,
)
from tocsin.web.pictures.tones import Tone

BEGAN = datetime(2026, 11, 20, 22, 51, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """So many minutes into the night."""
    return BEGAN + timedelta(minutes=minutes)


def night() -> Story:
    """A cut fibre: seen at once, found in half an hour, repaired in the morning."""
    return Story(
        title="Fibre cut between Frankfurt and Zürich: the time line",
        since=BEGAN,
        until=after(11 * 60),
        lanes=(
            status_lane(
                [
                    StatusChange(at=BEGAN, status=Status.OPEN, entry="1"),
                    StatusChange(at=after(3), status=Status.ACKNOWLEDGED, entry="2"),
                    StatusChange(at=after(6), status=Status.INVESTIGATING, entry="3"),
                    StatusChange(at=after(38), status=Status.MITIGATING, entry="4"),
                    StatusChange(at=after(55), status=Status.MONITORING, entry="5"),
                    StatusChange(at=after(545), status=Status.RESOLVED, entry="6"),
                ]
            ),
            severity_lane(
                [
                    SeverityChange(at=BEGAN, severity=Severity.SEV3, entry="1"),
                    SeverityChange(at=after(7), severity=Severity.SEV1, entry="7"),
                    SeverityChange(at=after(55), severity=Severity.SEV3, entry="8"),
                ]
            ),
            signal_lane(
                [
                    SignalChange(
                        at=BEGAN,
                        key="link",
                        summary="Link fra-zrh-1 is down",
                        firing=True,
                        severity=Severity.SEV1,
                        entry="9",
                    ),
                    SignalChange(
                        at=after(1),
                        key="loss",
                        summary="Loss 34 % at edge-zrh",
                        firing=True,
                        severity=Severity.SEV2,
                        entry="10",
                    ),
                    SignalChange(at=after(41), key="loss", summary="", firing=False),
                    SignalChange(at=after(540), key="link", summary="", firing=False),
                    SignalChange(
                        at=after(30),
                        key="queue",
                        summary="Queue is long",
                        firing=True,
                        severity=Severity.SEV4,
                        entry="11",
                    ),
                ]
            ),
            action_lane(
                [
                    Mark(at=after(9), words="Runbook: reroute, step 1", entry="12"),
                    Mark(at=after(22), words="Runbook: reroute, step 2", entry="13"),
                    Mark(at=after(38), words="Rerouted over Basel", tone=Tone.GOOD, entry="14"),
                ]
            ),
            message_lane(
                [
                    Mark(at=after(minute), words=f"Message {number}", entry=f"{20 + number}")
                    for number, minute in enumerate(
                        (2, 4, 5, 5.5, 8, 9, 12, 18, 24, 25, 26, 33, 40, 54, 57, 538, 541, 544, 546)
                    )
                ]
            ),
        ),
    )


def storm() -> Story:
    """Three hundred signals in twenty minutes, and a status that flapped."""
    began = night()
    changes = []
    for number in range(300):
        at = after(number % 20 + number / 300)
        changes.append(
            SignalChange(
                at=at, key=str(number), summary=f"Host {number}", firing=True, entry=str(number)
            )
        )
        changes.append(
            SignalChange(
                at=at + timedelta(minutes=number % 17), key=str(number), summary="", firing=False
            )
        )
    flapping = [
        StatusChange(
            at=after(10 + number / 10),
            status=(Status.INVESTIGATING, Status.MONITORING)[number % 2],
        )
        for number in range(60)
    ]
    return Story(
        title="Storm",
        since=BEGAN,
        until=after(45),
        lanes=(status_lane(flapping), began.lanes[1], signal_lane(changes), *began.lanes[3:]),
    )


def fresh() -> Story:
    """A ticket opened this minute: nothing else yet."""
    return Story(
        title="Just opened",
        since=BEGAN,
        until=after(1),
        lanes=(
            status_lane([StatusChange(at=BEGAN, status=Status.OPEN)]),
            severity_lane([SeverityChange(at=BEGAN, severity=Severity.SEV2)]),
            signal_lane([]),
            action_lane([]),
            message_lane([]),
        ),
    )


def weeks(number: int) -> tuple[date, ...]:
    """Mondays."""
    return tuple(date(2026, 9, 7) + timedelta(days=7 * at) for at in range(number))


def times() -> Chart:
    """How long it took, with weeks in which nothing happened."""
    return Chart(
        title="Time to acknowledge and to repair",
        unit=Unit.SECONDS,
        grain=Grain.WEEK,
        periods=weeks(12),
        series=(
            Series(
                name="MTTA",
                values=(300, 420, 240, None, 600, 380, 200, 180, None, 260, 240, 210),
                tone=Tone.PLANNED,
            ),
            Series(
                name="MTTR",
                values=(
                    *(7200, 9100, 5400, None, 14400, 8000, 6100),
                    *(4000, None, 5200, None, 3900),
                ),
                tone=Tone.PARTIAL,
            ),
        ),
    )


def counts() -> Chart:
    """Incidents by severity and month."""
    return Chart(
        title="Incidents by severity",
        unit=Unit.COUNT,
        grain=Grain.MONTH,
        periods=tuple(date(2026 - (at < 2), (at + 10) % 12 + 1, 1) for at in range(12)),
        series=(
            Series(name="SEV 1", values=(1, 0, 2, 0, 0, 1, 0, 0, 3, 1, 0, 1), tone=Tone.MAJOR),
            Series(name="SEV 2", values=(4, 3, 2, 5, 1, 2, 3, 2, 6, 4, 2, 3), tone=Tone.PARTIAL),
            Series(
                name="SEV 3", values=(9, 7, 12, 8, 6, 9, 10, 5, 14, 9, 8, 7), tone=Tone.DEGRADED
            ),
            Series(name="SEV 4", values=(3, 4, 2, 6, 3, 3, 1, 2, 5, 4, 3, 2), tone=Tone.PLANNED),
        ),
    )


def planned() -> tuple[Window, ...]:
    """Two weeks of maintenance: over midnight, over a Sunday, and two that meet on a link."""

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 11, day, hour, tzinfo=UTC)

    return (
        Window(
            id="a", title="Swap optics", start=at(18, 22), end=at(19, 2), assets=frozenset("xy")
        ),
        Window(id="b", title="Upgrade", start=at(19, 1), end=at(19, 4), assets=frozenset("yz")),
        Window(id="c", title="Move hall 3", start=at(21, 8), end=at(24, 18), assets=frozenset("w")),
        Window(id="d", title="Power test", start=at(19, 4), end=at(19, 6), assets=frozenset("y")),
        Window(id="e", title="Clean", start=at(19, 1), end=at(19, 3), assets=frozenset("v")),
    )
