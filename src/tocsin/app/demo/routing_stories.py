"""Stories of routes: sessions lost, prefixes gone astray, attacks, and slips of the hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.app.demo.telling import (
    Story,
    analysed,
    breaks,
    corrects,
    does,
    erases,
    gives,
    grades,
    moves,
    refers,
    says,
    sees,
    tags,
    tells,
)

BGP_SESSION: Final = Story(
    on="device",
    titles=(
        "BGP sessions to AS{asn} lost at {city}",
        "AS{asn} stopped talking to {device}",
    ),
    descriptions=(
        (
            "Both sessions with AS{asn} on {device} are idle, last error: hold timer expired. "
            "{prefixes} prefixes are now learnt elsewhere."
        ),
        "{device} sends hellos to AS{asn} and hears nothing. Interface is up, ARP answers.",
    ),
    severity="sev3",
    impact="reduced_redundancy",
    services=("ip-transit",),
    labels=("bgp", "peer"),
    runbook="routing/bgp-session-down.md",
    seen=3,
    beats=(
        sees(1, "BgpSessionDown", "{device}: AS{asn} idle, hold timer expired", severity="sev3"),
        moves(
            6,
            "oncall",
            "acknowledged",
            "Theirs, by the look of it: three other peers of AS{asn} see the same.",
            "Mailed the NOC of AS{asn}. Their status page says nothing yet.",
        ),
        moves(30, "oncall", "investigating", "AS{asn} is rebooting a router. Expect 20 minutes."),
        moves(62, "oncall", "monitoring", "Both sessions up, {prefixes} prefixes received."),
        sees(62, "BgpSessionDown", "{device}: AS{asn} established", state="resolved"),
        moves(
            100,
            "oncall",
            "resolved",
            cause="network_external",
            resolution="AS{asn} restarted its router; sessions at {city} are back.",
        ),
        moves(1250, "oncall", "closed"),
    ),
)

PREFIX_LEAK: Final = Story(
    on="device",
    titles=("Route leak through {device}: AS{asn} sends a full table",),
    descriptions=(
        (
            "AS{asn} announced {prefixes} prefixes to us at {city} instead of its usual 340, and "
            "we passed part of them on for some minutes."
        ),
    ),
    severity="sev1",
    impact="outage",
    services=("ip-transit", "route-servers"),
    labels=("bgp", "leak"),
    runbook="routing/route-leak.md",
    seen=1,
    beats=(
        sees(
            1,
            "PrefixCountJump",
            "{device}: {prefixes} prefixes from AS{asn}",
            kind="METRIC_SPIKE",
            severity="sev1",
        ),
        moves(2, "oncall", "acknowledged", "Shutting the session by hand."),
        does(3, "oncall", "RUNBOOK_STEP_EXECUTED", "Shut both sessions with AS{asn}"),
        moves(6, "oncall", "mitigating", "Leak is withdrawn. Watching collectors for stragglers."),
        gives(7, "oncall", "lead"),
        tells(
            9,
            "oncall",
            "identified",
            "For six minutes a connected network announced routes that are not its own, and some "
            "destinations were reached slowly or not at all. We have shut it off.",
            title="Some destinations unreachable",
            impact="major",
        ),
        corrects(
            14,
            "oncall",
            "For four minutes a connected network announced routes that are not its own, and some "
            "destinations were reached slowly or not at all. We have shut it off.",
        ),
        sees(
            20,
            "PrefixCountJump",
            "{device}: prefix count as usual",
            kind="METRIC_SPIKE",
            state="resolved",
        ),
        moves(25, "lead", "monitoring", "Public collectors are clean. AS{asn} has apologised."),
        grades(30, "lead", "sev2", "Withdrawn everywhere; only AS{asn} itself is still off"),
        breaks(
            45,
            "ip-transit-delivery",
            minutes=12,
            budget=0.42,
            details="Traffic for {prefixes} prefixes went the wrong way for four minutes.",
        ),
        tells(60, "oncall", "resolved", "Routing has been normal for an hour."),
        moves(
            180,
            "lead",
            "resolved",
            "AS{asn} is back behind a prefix list and a limit of 500.",
            cause="human_error",
            resolution="Session of AS{asn} had no limit at {city}; list and limit are set.",
        ),
        analysed(1500, "lead"),
        moves(
            4400,
            "lead",
            "closed",
            "All sessions audited; two more without a limit were found and fixed.",
        ),
    ),
)

ROUTE_SERVER: Final = Story(
    on="device",
    titles=("Route server 2 behind {device} restarted by itself", "Route server 1 not answering"),
    descriptions=(
        (
            "The daemon died with a failed assertion and was restarted by its supervisor. "
            "{peers} sessions re-established within two minutes."
        ),
        (
            "No BGP from route server 1, its daemon died and stayed down. {peers} peers are served "
            "by the second one."
        ),
    ),
    severity="sev2",
    impact="reduced_redundancy",
    opener="owner",
    services=("route-servers",),
    labels=("bgp", "software"),
    seen=3,
    beats=(
        moves(
            4, "owner", "investigating", "Core dump saved. Same assertion as in the last release."
        ),
        sees(
            6,
            "RouteServerRestarted",
            "Assertion failed in attribute cache",
            source="loki/route-servers",
            kind="LOG_PATTERN",
            severity="sev2",
        ),
        does(
            25,
            "owner",
            "ROLLBACK_TRIGGERED",
            "Route server software back to the previous release",
            "One server at a time; the other kept all sessions.",
        ),
        moves(40, "owner", "monitoring", "{peers} sessions up on both."),
        refers(
            55,
            "owner",
            "ticket",
            "Bug report with core dump",
            "https://tracker.example.org/route-server/{case}",
        ),
        moves(
            240,
            "owner",
            "resolved",
            cause="software",
            resolution="Previous release until the fix is out.",
        ),
        moves(3000, "lead", "closed", "Fix is released; upgrade is planned work now."),
    ),
)

ATTACK: Final = Story(
    on="device",
    titles=("{rate} Gb/s attack through {device}", "UDP flood against a customer behind {city}"),
    descriptions=(
        (
            "Reflected DNS and NTP, {rate} Gb/s at the peak, against one address of an IP transit "
            "customer. Their port is full; ours are not."
        ),
        "Flow export shows {rate} Gb/s of fragments arriving at {city} for a single /32.",
    ),
    severity="sev2",
    impact="degraded",
    services=("ip-transit",),
    labels=("ddos",),
    runbook="security/ddos.md",
    seen=4,
    beats=(
        sees(
            1,
            "DdosDetected",
            "{rate} Gb/s of UDP towards one address",
            source="flows/fastnetmon",
            kind="METRIC_SPIKE",
            severity="sev2",
        ),
        moves(3, "oncall", "acknowledged"),
        does(
            7,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Flowspec rule against UDP source ports 53 and 123",
            "Only towards the attacked address; the customer agreed on the phone.",
        ),
        moves(
            10,
            "oncall",
            "mitigating",
            "Down to a trickle at our edge; the customer has the rest of its port again.",
        ),
        says(
            90,
            "oncall",
            "Attack moved to TCP SYN for ten minutes, then stopped.",
            "Still {rate} Gb/s arriving at the edge and dropped there. We sit it out.",
        ),
        moves(150, "oncall", "monitoring"),
        sees(
            152,
            "DdosDetected",
            "Traffic back to normal",
            source="flows/fastnetmon",
            kind="METRIC_SPIKE",
            state="resolved",
        ),
        moves(
            330,
            "oncall",
            "resolved",
            "Rules removed, nothing came back.",
            cause="security",
            resolution="Filtered at the edge until it stopped.",
        ),
        moves(1600, "lead", "closed"),
    ),
)

WRONG_METRIC: Final = Story(
    on="device",
    titles=("Traffic takes the long way after change on {device}",),
    descriptions=(
        (
            "Since the change at {city} a quarter of an hour ago the path to half of Europe goes "
            "across an ocean and back: {rtt} ms more. The new metric has a digit too few."
        ),
    ),
    severity="sev2",
    impact="degraded",
    opener="oncall",
    services=("ip-transit", "multicast"),
    labels=("change", "isis"),
    seen=14,
    beats=(
        moves(1, "oncall", "investigating"),
        does(
            6,
            "owner",
            "ROLLBACK_TRIGGERED",
            "Configuration of {device} rolled back to the one before the change",
        ),
        moves(8, "owner", "monitoring", "Sorry, that was me. Delays are as before."),
        moves(
            40,
            "oncall",
            "resolved",
            cause="human_error",
            resolution="Change rolled back; it goes in again with a second pair of eyes.",
        ),
        analysed(1300, "lead"),
        moves(1330, "lead", "closed", "Metrics are checked by the change tool from today."),
    ),
)

STALE_ROA: Final = Story(
    on="service",
    titles=("Customer prefix rejected as RPKI invalid",),
    descriptions=(
        (
            "A customer moved its origin to a new AS and forgot the ROA. Networks that validate, "
            "we among them, drop the announcement: unreachable from about half of the Internet."
        ),
    ),
    severity="sev3",
    impact="degraded",
    opener="oncall",
    services=("ip-transit",),
    labels=("rpki",),
    seen=50,
    beats=(
        moves(3, "oncall", "investigating"),
        says(20, "oncall", "Called the customer. They publish a new ROA and will call back."),
        says(
            24,
            "oncall",
            "Their engineer's private mobile is +44 7700 900417, ask for Sam after hours.",
        ),
        erases(35, "A private telephone number does not belong into the record"),
        moves(95, "oncall", "monitoring", "ROA is seen by all four of our validators."),
        moves(
            150,
            "oncall",
            "resolved",
            cause="network_external",
            resolution="The customer published a ROA for its new origin.",
        ),
        moves(1500, "oncall", "closed"),
    ),
)

FEED_GAPS: Final = Story(
    on="device",
    titles=("Gaps in multicast feed B at {city}", "Multicast feed A silent behind {device}"),
    descriptions=(
        (
            "Sequence gaps on feed B, {errors} packets in an hour, only for receivers behind "
            "{device}. Feed A is complete, so nobody lost data yet."
        ),
        "Receivers at {city} hear nothing on feed A. The join is there, the tree has no parent.",
    ),
    severity="sev2",
    impact="reduced_redundancy",
    services=("multicast",),
    labels=("multicast",),
    seen=5,
    beats=(
        sees(
            1,
            "FeedGaps",
            "{errors} sequence gaps behind {device}",
            source="feedwatch/{city}",
            severity="sev2",
        ),
        moves(3, "oncall", "acknowledged"),
        moves(
            9,
            "oncall",
            "investigating",
            "Replication table on one line card is stale; the others are right.",
        ),
        does(
            20,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Cleared the multicast state of slot {slot}",
            "Feed A was confirmed complete at every receiver first.",
        ),
        moves(24, "oncall", "monitoring", "No gap since the state was rebuilt."),
        sees(25, "FeedGaps", "no gaps", source="feedwatch/{city}", state="resolved"),
        moves(
            120,
            "oncall",
            "resolved",
            cause="software",
            resolution="Stale replication state cleared; vendor case {case} is open.",
        ),
        tags(130, "oncall", "vendor-case"),
        moves(4000, "lead", "closed", "Vendor: fixed in the release we install this month."),
    ),
)

STORIES: Final[Mapping[str, Story]] = {
    "bgp_session": BGP_SESSION,
    "prefix_leak": PREFIX_LEAK,
    "route_server": ROUTE_SERVER,
    "attack": ATTACK,
    "wrong_metric": WRONG_METRIC,
    "stale_roa": STALE_ROA,
    "feed_gaps": FEED_GAPS,
}
