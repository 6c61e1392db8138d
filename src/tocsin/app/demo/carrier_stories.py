"""Stories of links that stay up and yet do not do what they should."""

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
    notes_fields,
    says,
    sees,
    tells,
)

CABLE_ROUTE: Final = Story(
    on="link",
    titles=(
        "Latency of {link} up by {rtt} ms",
        "{link}: {carrier} moved us to a longer route",
    ),
    descriptions=(
        (
            "Round trip {a_city} to {z_city} jumped by {rtt} ms without loss. Most likely "
            "{carrier} switched {circuit} to the protection route."
        ),
        (
            "TWAMP between {a} and {z} shows {rtt} ms more since the step. Market data users will "
            "notice."
        ),
    ),
    severity="sev3",
    impact="degraded",
    services=("multicast",),
    labels=("latency", "carrier"),
    seen=6,
    beats=(
        sees(
            1,
            "LatencyStep",
            "{a} to {z}: round trip up by {rtt} ms",
            source="twamp/probes",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        moves(8, "oncall", "acknowledged", "Clean step in the graph, no jitter: a route change."),
        notes_fields(20, "oncall", reference="{case}"),
        moves(
            25,
            "oncall",
            "investigating",
            "{carrier} confirms: protection switch after a failed amplifier, case {case}.",
            "{carrier} says a wet segment is being repaired, and we stay on the long way round "
            "until then. Case {case}.",
        ),
        tells(
            40,
            "oncall",
            "identified",
            "Delay between {a_city} and {z_city} is higher than usual, by about {rtt} ms. "
            "Nothing is lost. The cable operator is working on it.",
            title="Higher delay between {a_city} and {z_city}",
            impact="degraded",
        ),
        says(
            400, "owner", "No news from {carrier} but that the crew is working. Asked for hourly."
        ),
        moves(700, "owner", "monitoring", "Back on the short route at the old delay."),
        sees(701, "LatencyStep", "{a} to {z}: round trip as before", state="resolved"),
        tells(720, "oncall", "resolved", "Delay is back to normal."),
        moves(
            760,
            "oncall",
            "resolved",
            cause="carrier",
            resolution="{carrier} restored the working route of {circuit}.",
        ),
        moves(2600, "lead", "closed"),
    ),
)

PACKET_LOSS: Final = Story(
    on="link",
    titles=(
        "Packet loss between {a_city} and {z_city}, {loss} %",
        "{loss} % loss on {link}",
    ),
    descriptions=(
        (
            "Probes between {a} and {z} lose {loss} % in both directions, all sizes. Interfaces "
            "are clean, so it happens inside the network of {carrier}."
        ),
        "Steady {loss} % loss seen by TWAMP and by two customers. Other links of {a} are fine.",
    ),
    severity="sev2",
    impact="degraded",
    services=("ip-transit", "private-line"),
    labels=("loss",),
    runbook="backbone/packet-loss.md",
    seen=11,
    beats=(
        sees(1, "PacketLoss", "{a} to {z}: {loss} % lost", source="twamp/probes", severity="sev2"),
        moves(
            4,
            "oncall",
            "acknowledged",
            "Looking. Flow data shows every destination behind {z_city} affected.",
            "Taking this one.",
        ),
        moves(10, "oncall", "investigating"),
        tells(
            15,
            "oncall",
            "investigating",
            "Part of the traffic between {a_city} and {z_city} is being lost. We are looking "
            "for the cause.",
            title="Packet loss between {a_city} and {z_city}",
            impact="partial",
        ),
        does(
            18,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Moved traffic off {link}",
            "Cost 65000; {z_city} is reached by the long way, 14 ms more.",
        ),
        moves(
            22,
            "oncall",
            "mitigating",
            "Loss has gone for customers since the traffic moved. The link itself still loses.",
        ),
        gives(24, "oncall", "contributor"),
        breaks(
            30,
            "ip-transit-delivery",
            minutes=30,
            budget=0.18,
            details="{loss} % of probes lost between {a} and {z}.",
        ),
        tells(
            35,
            "oncall",
            "identified",
            "Traffic takes another way and is no longer lost. The carrier is repairing a fault.",
        ),
        says(
            160,
            "owner",
            "{carrier} found a faulty switching card on their side, case {case}. Replacing it now.",
            "After the third call {carrier} admits a policer was set to half our rate during last "
            "night's change. Case {case}.",
        ),
        moves(230, "owner", "monitoring", "Two million probes, none lost. Traffic back on {link}."),
        sees(232, "PacketLoss", "{a} to {z}: no loss", source="twamp/probes", state="resolved"),
        tells(250, "oncall", "resolved", "The fault is repaired and traffic flows as usual."),
        moves(
            300,
            "oncall",
            "resolved",
            cause="carrier",
            resolution="{carrier} repaired {circuit}; traffic is back on {link}.",
        ),
        analysed(2200, "lead"),
        moves(2900, "lead", "closed", "Analysis is linked."),
    ),
)

CONGESTION: Final = Story(
    on="link",
    titles=("{link} is full", "Queue drops on {a} {a_if}"),
    descriptions=(
        "{a} {a_if} runs at {load} % of {gig} Gb/s and drops from the best-effort queue.",
        "Utilisation of {link} at {load} % and rising; interactive traffic begins to queue.",
    ),
    severity="sev3",
    impact="degraded",
    services=("ip-transit",),
    labels=("capacity",),
    seen=20,
    beats=(
        sees(
            1,
            "LinkSaturated",
            "{a} {a_if}: {load} % for 15 min",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        moves(7, "oncall", "acknowledged", "Two content networks account for most of it."),
        does(
            26,
            "oncall",
            "SCALE_CHANGE",
            "Moved 60 Gb/s of content traffic to the second path",
            "Local preference 90 for the largest content network at {a_city}.",
        ),
        moves(30, "oncall", "mitigating", "Down to 71 % within minutes."),
        moves(65, "oncall", "monitoring"),
        moves(
            200,
            "oncall",
            "resolved",
            "Load has fallen, queues are empty.",
            cause="capacity",
            resolution="Content traffic spread over two paths. Upgrade of {link} is on order.",
        ),
        moves(1450, "lead", "closed", "Upgrade is in the plan for next quarter."),
    ),
)

BRIEF_HIT: Final = Story(
    on="link",
    titles=("Short interruption on {link}", "{link} bounced once"),
    descriptions=(
        "{link} went down for 48 seconds and came back by itself. No maintenance announced.",
        "One bounce of {a} {a_if}, light as before. Probably a protection switch at {carrier}.",
    ),
    severity="sev4",
    impact="no_impact",
    labels=("carrier",),
    seen=1,
    beats=(
        sees(1, "LinkDown", "{a} {a_if} is down", severity="sev3"),
        sees(2, "LinkDown", "{a} {a_if} is up", state="resolved"),
        moves(15, "oncall", "acknowledged", "Asked {carrier} for a reason, case {case}."),
        moves(
            95,
            "oncall",
            "resolved",
            "{carrier}: automatic protection switch, no action on our side.",
            "No reason found, nothing since. If it happens again we will go after it.",
            cause="self_resolved",
            disposition="no_action",
            resolution="Came back by itself within a minute.",
        ),
        moves(1300, "oncall", "closed"),
    ),
)

WRONG_MTU: Final = Story(
    on="link",
    titles=("Large packets lost on {link} after carrier's card swap",),
    descriptions=(
        (
            "Since {carrier} worked on {circuit} last night anything above 1,500 bytes is dropped. "
            "Small packets pass, so the link looks healthy to most checks."
        ),
    ),
    severity="sev3",
    impact="degraded",
    opener="owner",
    services=("private-line",),
    labels=("carrier", "mtu"),
    seen=180,
    beats=(
        moves(5, "oncall", "acknowledged", "Confirmed with a do-not-fragment ping of 9,000."),
        notes_fields(20, "owner", reference="{case}", impact="degraded"),
        moves(
            40,
            "oncall",
            "mitigating",
            "Private lines moved to the other path while {carrier} looks, case {case}.",
        ),
        says(170, "owner", "{carrier}: new card came with its factory MTU. Being corrected."),
        moves(
            200,
            "owner",
            "resolved",
            "9,000 bytes pass again.",
            cause="configuration",
            resolution="{carrier} set the MTU of the new card to 9,192 again.",
        ),
        moves(1800, "lead", "closed", "Added a large-packet probe to every link since."),
    ),
)

STORIES: Final[Mapping[str, Story]] = {
    "cable_route": CABLE_ROUTE,
    "packet_loss": PACKET_LOSS,
    "congestion": CONGESTION,
    "brief_hit": BRIEF_HIT,
    "wrong_mtu": WRONG_MTU,
}
