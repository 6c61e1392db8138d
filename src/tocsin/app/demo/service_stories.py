"""Stories of services, and of reports that turned out otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.app.demo.telling import (
    Story,
    does,
    grades,
    moves,
    says,
    sees,
    tells,
    ties,
)

CLOCK_DRIFT: Final = Story(
    on="device",
    titles=("PTP offset at {city} beyond a microsecond", "Grandmaster at {city} in holdover"),
    descriptions=(
        (
            "Offset of the boundary clock on {device} wanders up to 1.8 µs. The grandmaster at "
            "{city} lost most of its satellites."
        ),
        "GNSS receiver at {city} reports antenna open; the grandmaster is in holdover since.",
    ),
    severity="sev3",
    impact="degraded",
    services=("precision-time",),
    labels=("ptp", "gnss"),
    seen=12,
    beats=(
        sees(
            1,
            "PtpOffset",
            "{device}: offset 1.8 µs",
            source="ptp-monitor",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        moves(10, "oncall", "acknowledged"),
        moves(
            14,
            "oncall",
            "mitigating",
            "Clients of {city} follow the next grandmaster, offset below 200 ns.",
        ),
        says(
            300,
            "owner",
            "A new cooling unit on the roof covers half of the sky. The antenna moves to the mast.",
            "Water in the antenna connector. Drying it will not do, a new cable is on its way.",
        ),
        moves(1500, "owner", "monitoring", "Nine satellites, out of holdover."),
        sees(1501, "PtpOffset", "{device}: offset 40 ns", source="ptp-monitor", state="resolved"),
        moves(
            1700,
            "oncall",
            "resolved",
            cause="hardware",
            resolution="Antenna at {city} sees the sky again; clients are back on it.",
        ),
        moves(3000, "oncall", "closed"),
    ),
)

SLOW_RESOLVER: Final = Story(
    on="service",
    titles=("Resolver slow in {city}", "Resolver in {city} answers SERVFAIL"),
    descriptions=(
        (
            "One in eight queries at {city} takes more than two seconds. Cache hit rate fell from "
            "92 to 61 %."
        ),
        (
            "Validation fails for a large zone whose operator rolled its key badly. Users see "
            "SERVFAIL and call us."
        ),
    ),
    severity="sev3",
    impact="degraded",
    opener="oncall",
    services=("resolver",),
    labels=("dns",),
    seen=18,
    beats=(
        sees(
            1,
            "ResolverSlow",
            "resolver at {city}: p95 2.4 s",
            source="prometheus/services",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        moves(5, "oncall", "investigating"),
        does(
            25,
            "oncall",
            "SCALE_CHANGE",
            "Withdrew the anycast route at {city}",
            "Queries go to the next site, 9 ms away.",
        ),
        moves(27, "oncall", "mitigating"),
        moves(
            90,
            "oncall",
            "monitoring",
            "A scanner asked random names below one zone. Rate limit per zone is on.",
            "Negative trust anchor for that zone until its operator has put it right.",
        ),
        moves(
            190,
            "oncall",
            "resolved",
            "{city} announces again.",
            cause="network_external",
            resolution="Resolver at {city} is back in service and answers in 12 ms.",
        ),
        moves(1380, "oncall", "closed"),
    ),
)

TELEMETRY_GAP: Final = Story(
    on="service",
    titles=("Graphs without data since {hour}", "Collector in {city} stopped"),
    descriptions=(
        (
            "No interface counters from {city} and everything behind it. The network is fine, we "
            "only cannot see it. Disk of the collector is full."
        ),
        "Telemetry of eleven devices missing. The collector's queue is growing.",
    ),
    severity="sev4",
    impact="no_impact",
    services=("telemetry",),
    labels=("monitoring",),
    seen=10,
    beats=(
        sees(
            1,
            "TargetsMissing",
            "11 targets without samples",
            source="prometheus/services",
            kind="ERROR_BURST",
            severity="sev4",
        ),
        moves(12, "oncall", "acknowledged"),
        does(40, "oncall", "RUNBOOK_STEP_EXECUTED", "Deleted old chunks on the collector"),
        moves(
            55,
            "oncall",
            "resolved",
            "Samples come in; the queue will be empty in an hour, nothing is lost.",
            cause="capacity",
            resolution="Disk of the collector was full; retention shortened to 60 days.",
        ),
        moves(1440, "oncall", "closed"),
    ),
)

PORTAL_DOWN: Final = Story(
    on="service",
    titles=("Member portal answers 502", "Nobody can sign in to the portal"),
    descriptions=(
        "The portal answers 502 to about half of all requests since the release of {hour}.",
        "Sign-in fails since the release of {hour}: the portal asks for a scope that nobody knows.",
    ),
    severity="sev3",
    impact="outage",
    opener="oncall",
    services=("portal",),
    labels=("web",),
    seen=7,
    beats=(
        sees(
            1,
            "HttpErrors",
            "portal: 48 % of requests fail",
            source="prometheus/services",
            kind="ERROR_BURST",
            severity="sev3",
        ),
        tells(
            10,
            "oncall",
            "investigating",
            "The member portal is not available at the moment. The network is not affected.",
            title="Member portal unavailable",
            impact="major",
        ),
        moves(12, "oncall", "investigating"),
        does(20, "oncall", "ROLLBACK_TRIGGERED", "Portal back to the previous release"),
        moves(24, "oncall", "monitoring", "Error rate is zero again."),
        tells(26, "oncall", "resolved", "The member portal is available again."),
        moves(
            60,
            "oncall",
            "resolved",
            cause="configuration",
            resolution="Rolled back; what was missing is now part of the release check.",
        ),
        moves(1100, "oncall", "closed"),
    ),
)

FALSE_ALARM: Final = Story(
    on="device",
    titles=("{device} not reachable by monitoring", "All of {city} down?"),
    descriptions=(
        (
            "Every check of {device} failed at once. Probably the probe and not the router, but "
            "opened to be sure."
        ),
        "Monitoring says that {city} is gone. Traffic graphs look normal.",
    ),
    severity="sev2",
    labels=("monitoring",),
    seen=2,
    beats=(
        sees(1, "DeviceDown", "{device}: no answer", source="blackbox/{city}", severity="sev2"),
        moves(4, "oncall", "acknowledged"),
        grades(7, "lead", "sev4", "Traffic through {device} is as usual"),
        sees(9, "DeviceDown", "{device}: answers", source="blackbox/{city}", state="resolved"),
        moves(
            12,
            "oncall",
            "cancelled",
            "The probe lost its own uplink. {device} was fine all along.",
            disposition="invalid",
        ),
    ),
)

SECOND_REPORT: Final = Story(
    on="device",
    titles=("Customer reports: no connection in {city}",),
    descriptions=(
        "Two customers behind {device} called the desk within five minutes of each other.",
    ),
    severity="sev2",
    impact="outage",
    opener="owner",
    services=("private-line",),
    seen=6,
    beats=(
        ties(4, "oncall", "related", "card-chicago"),
        moves(
            6,
            "oncall",
            "cancelled",
            "Same fault as the line card; all news will be there.",
            duplicate_of="card-chicago",
        ),
    ),
)

MANAGED_UPDATE: Final = Story(
    on="device",
    titles=("{device} restarted its forwarding agent unannounced",),
    descriptions=(
        (
            "The agent on {device} updated itself outside any window. Forwarding stopped for 22 "
            "seconds."
        ),
    ),
    severity="sev3",
    impact="degraded",
    opener="owner",
    labels=("software", "managed"),
    seen=1,
    beats=(
        moves(9, "oncall", "investigating", "The managed channel pushed a release to all edges."),
        moves(
            40,
            "owner",
            "monitoring",
            "{device} is pinned to the old channel until this is understood.",
        ),
        moves(
            700,
            "owner",
            "resolved",
            cause="managed_software",
            resolution="Updates of {device} only within announced windows from now on.",
        ),
        moves(2000, "lead", "closed"),
    ),
)

STORIES: Final[Mapping[str, Story]] = {
    "clock_drift": CLOCK_DRIFT,
    "slow_resolver": SLOW_RESOLVER,
    "telemetry_gap": TELEMETRY_GAP,
    "portal_down": PORTAL_DOWN,
    "false_alarm": FALSE_ALARM,
    "second_report": SECOND_REPORT,
    "managed_update": MANAGED_UPDATE,
}
