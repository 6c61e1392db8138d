"""Stories of rooms and boxes: power, heat, broken cards, full memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.app.demo.telling import (
    Story,
    analysed,
    breaks,
    does,
    gives,
    moves,
    refers,
    says,
    sees,
    tells,
)

POWER_FEED: Final = Story(
    on="device",
    titles=("Feed A lost at {city}, {device} on one supply", "Power supply 1 of {device} is dark"),
    descriptions=(
        (
            "{device} reports no input on supply 1. Everything else in the row says the same, so "
            "it is the feed and not the box. {site}."
        ),
        "No input voltage on PSU 1 of {device}. PSU 2 carries the full load at 61 %.",
    ),
    severity="sev2",
    impact="reduced_redundancy",
    labels=("power",),
    runbook="sites/power-feed-lost.md",
    seen=1,
    beats=(
        sees(1, "PowerSupplyFailed", "{device}: no input on PSU 1", severity="sev2"),
        moves(
            5,
            "oncall",
            "acknowledged",
            "Called the building. A breaker in the row distribution has tripped.",
            "Building management is aware; an electrician is on the way.",
        ),
        gives(8, "oncall", "owner"),
        moves(
            30, "owner", "investigating", "Breaker holds now, feed stays off until it is tested."
        ),
        says(
            110,
            "owner",
            "A neighbour's new rack drew more than announced. They are unplugging it.",
            "Cause found: a server supply with a short. It has been taken out of the row.",
        ),
        moves(125, "owner", "monitoring", "Feed A is back, both supplies share the load."),
        sees(126, "PowerSupplyFailed", "{device}: both supplies up", state="resolved"),
        moves(
            240,
            "oncall",
            "resolved",
            cause="facility",
            resolution="Feed A restored at {city} after the faulty load was removed.",
        ),
        refers(
            900,
            "owner",
            "ticket",
            "Building's report {case}",
            "https://reports.example.org/{case}",
        ),
        moves(1500, "lead", "closed"),
    ),
)

HEAT: Final = Story(
    on="device",
    titles=("{device} intake at {temperature} °C", "Cooling failure at {city}"),
    descriptions=(
        (
            "Intake temperature of {device} climbed from 24 to {temperature} °C in forty minutes. "
            "The row's other equipment says the same. Shutdown threshold is 55 °C."
        ),
        "Intake of {device} at {temperature} °C and rising; fans at full speed.",
    ),
    severity="sev2",
    impact="no_impact",
    labels=("cooling",),
    runbook="sites/temperature.md",
    seen=25,
    beats=(
        sees(
            1,
            "TemperatureHigh",
            "{device}: intake {temperature} °C",
            kind="METRIC_SPIKE",
            severity="sev2",
        ),
        moves(4, "oncall", "acknowledged", "Building says a chiller stopped; the second starts."),
        does(
            15,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Drained {device} as far as it goes",
            "Transit traffic off it, in case it has to be switched off.",
        ),
        moves(18, "oncall", "mitigating"),
        moves(75, "owner", "monitoring", "Second chiller runs, 29 °C and falling."),
        sees(
            110,
            "TemperatureHigh",
            "{device}: intake 25 °C",
            kind="METRIC_SPIKE",
            state="resolved",
        ),
        moves(
            160,
            "oncall",
            "resolved",
            "Traffic is back on {device}.",
            cause="facility",
            resolution="Chiller repaired by the building; {device} never stopped forwarding.",
        ),
        moves(1440, "oncall", "closed"),
    ),
)

LINE_CARD: Final = Story(
    on="device",
    titles=(
        "Slot {slot} of {device} restarted",
        "Line card in slot {slot} of {device} failed",
    ),
    descriptions=(
        (
            "Card in slot {slot} logged a parity error and restarted. All its ports were down for "
            "six minutes, among them {link}."
        ),
        (
            "Slot {slot} of {device} does not come up any more after a parity error. {link} is "
            "down with it."
        ),
    ),
    severity="sev1",
    impact="outage",
    services=("private-line", "ip-transit"),
    labels=("hardware",),
    runbook="devices/line-card.md",
    seen=1,
    beats=(
        sees(
            1,
            "LineCardDown",
            "{device}: slot {slot} down, parity error",
            source="syslog/{device}",
            kind="LOG_PATTERN",
            severity="sev1",
        ),
        moves(3, "oncall", "acknowledged"),
        tells(
            8,
            "oncall",
            "investigating",
            "Customers connected in {city} may be without service. Engineers are at work on it.",
            title="Interruption in {city}",
            impact="major",
        ),
        moves(9, "oncall", "investigating", "Opened case {case} with the vendor, priority one."),
        gives(10, "oncall", "owner"),
        says(
            35,
            "owner",
            "Spare card is on the shelf at {city}. Somebody from the building swaps it.",
            "I am on the way to {city} with a spare, 40 minutes.",
        ),
        tells(
            45,
            "oncall",
            "identified",
            "A module has failed and is being replaced. Customers with a second connection are "
            "not affected.",
            impact="partial",
        ),
        moves(95, "owner", "mitigating", "New card boots. Loading our release onto it."),
        moves(125, "owner", "monitoring", "All ports of slot {slot} up, {link} forwarding."),
        sees(
            126,
            "LineCardDown",
            "{device}: slot {slot} up",
            source="syslog/{device}",
            kind="LOG_PATTERN",
            state="resolved",
        ),
        tells(130, "oncall", "monitoring", "The module is replaced and service is back."),
        breaks(
            150,
            "private-line-availability",
            minutes=125,
            budget=0.87,
            details="All ports of slot {slot} of {device} down.",
        ),
        moves(
            300,
            "oncall",
            "resolved",
            cause="hardware",
            resolution="Card in slot {slot} replaced; the broken one goes back under {case}.",
        ),
        tells(305, "oncall", "resolved", "The interruption in {city} is over."),
        analysed(2880, "lead"),
        moves(4320, "lead", "closed", "Analysis reviewed in Tuesday's meeting."),
    ),
)

MEMORY_LEAK: Final = Story(
    on="device",
    titles=("Routing process of {device} at {load} % memory",),
    descriptions=(
        (
            "Memory of the routing process grows by two per cent a day since the upgrade and is at "
            "{load} %. At this rate it is killed within days."
        ),
    ),
    severity="sev3",
    impact="no_impact",
    labels=("software", "memory"),
    seen=120,
    beats=(
        sees(
            1,
            "MemoryHigh",
            "{device}: routing process at {load} %",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        moves(30, "oncall", "acknowledged"),
        moves(
            200,
            "owner",
            "investigating",
            "Vendor knows it: leaked on every withdrawal with more than 32 communities.",
        ),
        does(
            600,
            "owner",
            "RUNBOOK_STEP_EXECUTED",
            "Switched {device} to its standby engine",
            "Hitless; buys three weeks.",
        ),
        moves(605, "owner", "monitoring"),
        moves(
            1500,
            "owner",
            "resolved",
            cause="software",
            resolution="Switchover done; the fixed release goes in with the planned upgrade.",
        ),
        moves(3600, "lead", "closed"),
    ),
)

STORIES: Final[Mapping[str, Story]] = {
    "power_feed": POWER_FEED,
    "heat": HEAT,
    "line_card": LINE_CARD,
    "memory_leak": MEMORY_LEAK,
}
