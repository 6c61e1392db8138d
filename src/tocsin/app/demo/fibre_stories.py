"""Stories of glass and light: what goes wrong between two sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.app.demo.telling import (
    Story,
    breaks,
    does,
    gives,
    grades,
    moves,
    notes_fields,
    refers,
    says,
    sees,
    tags,
)

FIBRE_CUT: Final = Story(
    on="link",
    titles=(
        "Loss of light on {link}, both directions",
        "{link} down: no light from {z_city}",
        "Fibre cut suspected between {a_city} and {z_city}",
    ),
    descriptions=(
        (
            "LOS on {a} {a_if} and {z} {z_if} within the same second. Circuit {circuit}, "
            "{carrier}. Traffic has moved to the other path; there is no redundancy left until "
            "this is spliced."
        ),
        (
            "{a} {a_if} lost light at {rx} dBm, {z} sees the same. No planned work announced by "
            "{carrier} for {circuit}. IS-IS converged, nobody is cut off at the moment."
        ),
    ),
    severity="sev2",
    impact="reduced_redundancy",
    services=("private-line",),
    labels=("fibre",),
    runbook="backbone/loss-of-light.md",
    seen=2,
    beats=(
        sees(1, "OpticalLossOfSignal", "{a} {a_if}: no light ({rx} dBm)", severity="sev2"),
        moves(
            5,
            "oncall",
            "acknowledged",
            "Seen. Both ends dark at the same second, so this is the span and not an optic.",
            "On it. Checking whether {carrier} has anything announced.",
        ),
        notes_fields(11, "oncall", reference="{case}"),
        moves(
            14,
            "oncall",
            "investigating",
            "Ticket {case} opened with {carrier}. Their NOC confirms alarms on the whole cable.",
            "{carrier} took the call, case {case}. They see other customers of the same duct down.",
        ),
        gives(16, "oncall", "contributor"),
        does(
            22,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Raised metric on {link} to 65000",
            "So that a half-spliced pair coming back does not pull traffic onto it.",
        ),
        says(
            48,
            "owner",
            "OTDR from {a_city} puts the break at {span_km} km, near a road works site.",
            "Field engineer shot the fibre from {z_city}: event at {span_km} km, total reflection.",
            "{carrier} found it: an excavator at {span_km} km. Civil crew has to dig free the duct "
            "before anybody can splice.",
        ),
        says(
            115,
            "owner",
            "Splice crew on site. 96 fibres, ours is in the second tube. Estimate three hours.",
            "Crew is pulling in 40 m of new cable. Our pair will be among the first spliced.",
        ),
        moves(230, "owner", "mitigating", "Splicing has begun, tube by tube."),
        moves(
            305,
            "owner",
            "monitoring",
            "Light is back: {good_rx} dBm at {a_city}, loss budget as before the cut.",
            "Our pair is through. {good_rx} dBm, 0.4 dB more than last week, within budget.",
        ),
        sees(306, "OpticalLossOfSignal", "{a} {a_if}: light is back", state="resolved"),
        does(330, "oncall", "ROLLBACK_TRIGGERED", "Metric on {link} back to normal"),
        moves(
            375,
            "oncall",
            "resolved",
            "No errors in an hour of traffic. Redundancy restored.",
            cause="fiber_cut",
            resolution="{carrier} spliced the cable at {span_km} km; light is back at {good_rx} "
            "dBm.",
        ),
        breaks(
            420,
            "private-line-redundancy",
            minutes=400,
            budget=0.31,
            details="One path only between {a_city} and {z_city}.",
        ),
        refers(
            1400,
            "owner",
            "rca",
            "Incident report of {carrier}, {case}",
            "https://reports.example.org/{case}",
        ),
        moves(1560, "lead", "closed", "Report received and read. Nothing left to do for us."),
    ),
)

FLAPPING_OPTICS: Final = Story(
    on="link",
    titles=(
        "{link} flapping, {flaps} transitions in ten minutes",
        "Flapping optic on {a} {a_if}",
    ),
    descriptions=(
        (
            "{a} {a_if} went up and down {flaps} times since the first alert. Dampening holds it "
            "down for now. Receive power swings between {good_rx} and {rx} dBm."
        ),
        (
            "IS-IS adjacency {a} to {z} lost {flaps} times. Local transmit power is unsteady, so "
            "the module on our side is the first suspect."
        ),
    ),
    severity="sev3",
    impact="reduced_redundancy",
    labels=("optics",),
    runbook="backbone/flapping-interface.md",
    seen=9,
    beats=(
        sees(1, "InterfaceFlapping", "{a} {a_if}: {flaps} transitions in 10 min", severity="sev3"),
        moves(
            12,
            "oncall",
            "investigating",
            "Transmit bias current climbs before every flap. Looks like a dying laser.",
            "Cleaned up the alert storm; the far end is steady, our transmitter is not.",
        ),
        does(
            19,
            "oncall",
            "RUNBOOK_STEP_EXECUTED",
            "Costed out {link}",
            "Metric 65000 both ways; confirmed no traffic left on it before going on.",
        ),
        gives(21, "oncall", "contributor"),
        says(
            70,
            "owner",
            "Spare 400G-LR4 is in the cabinet at {a_city}. Remote hands booked.",
            "Remote hands at {a_city} can be there within two hours, ticket {case}.",
        ),
        moves(150, "owner", "mitigating", "Module out, connector inspected and cleaned, spare in."),
        moves(
            165,
            "owner",
            "monitoring",
            "Link up with the new module, {good_rx} dBm, zero FEC uncorrectables so far.",
        ),
        moves(
            290,
            "oncall",
            "resolved",
            cause="hardware",
            resolution="Optic at {a} {a_if} replaced, link back at its usual metric.",
        ),
        moves(1700, "lead", "closed"),
    ),
)

FLAPS_AGAIN: Final = Story(
    on="link",
    titles=("{link} flapping after module swap",),
    descriptions=(
        (
            "{a} {a_if}: {flaps} transitions. The module was exchanged two weeks ago, so the patch "
            "between panel and router is under suspicion this time."
        ),
    ),
    severity="sev3",
    impact="degraded",
    services=("private-line",),
    labels=("optics", "repeat"),
    runbook="backbone/flapping-interface.md",
    seen=4,
    beats=(
        sees(1, "InterfaceFlapping", "{a} {a_if}: {flaps} transitions in 10 min", severity="sev3"),
        moves(9, "oncall", "acknowledged"),
        moves(25, "oncall", "investigating", "Patch reseated by remote hands. Quiet since."),
        moves(
            95,
            "oncall",
            "resolved",
            cause="hardware",
            resolution="Patch lead reseated at the panel in {a_city}.",
        ),
        sees(150, "InterfaceFlapping", "{a} {a_if}: flapping again", severity="sev3"),
        moves(
            158,
            "oncall",
            "investigating",
            "Spoke too soon: {flaps} more transitions. Reopened.",
            reason="The link flaps again",
        ),
        grades(162, "lead", "sev2", "Second time in one evening, and the other path is loaded"),
        tags(165, "oncall", "escalated", remove=("repeat",)),
        moves(
            260,
            "owner",
            "mitigating",
            "Patch replaced end to end; the old one has a visible kink behind the rack door.",
        ),
        grades(280, "lead", "sev3", "Stable since the patch was replaced"),
        moves(
            400,
            "oncall",
            "resolved",
            "Two hours without a transition.",
            cause="hardware",
            resolution="Patch lead behind the rack door in {a_city} was kinked; replaced.",
        ),
        moves(1500, "oncall", "closed"),
        moves(
            2100,
            "lead",
            "investigating",
            reason="Reopened to attach the microscope pictures of the connector",
        ),
        refers(
            2110,
            "lead",
            "other",
            "Microscope pictures, {a_city}",
            "https://files.example.org/optics/{slug}",
        ),
        moves(2130, "lead", "closed", "Pictures attached, done.", cause="hardware"),
    ),
)

DIRTY_CONNECTOR: Final = Story(
    on="link",
    titles=("CRC errors on {link}", "Input errors rising on {z} {z_if}"),
    descriptions=(
        (
            "{errors} input errors on {z} {z_if} in the last hour, none on {a}. Pre-FEC BER is two "
            "orders worse than on the sister link."
        ),
        (
            "Customers on {link} report slow transfers. {z} {z_if} counts {errors} FCS errors per "
            "hour."
        ),
    ),
    severity="sev3",
    impact="degraded",
    opener="oncall",
    services=("private-line",),
    labels=("optics",),
    seen=35,
    beats=(
        moves(6, "oncall", "investigating", "Errors in one direction only, {a_city} to {z_city}."),
        sees(
            8,
            "InterfaceErrors",
            "{z} {z_if}: {errors} input errors per hour",
            kind="METRIC_SPIKE",
            severity="sev3",
        ),
        gives(10, "oncall", "far"),
        says(
            80,
            "far",
            "Had the connector cleaned at {z_city}. It was filthy; pictures in {case}.",
            "We found a bulkhead with a scratched ferrule and moved to the spare port.",
        ),
        moves(95, "far", "monitoring", "Counter stands still since."),
        moves(
            210,
            "oncall",
            "resolved",
            cause="hardware",
            resolution="Connector at {z_city} cleaned; no errors since.",
        ),
        moves(2300, "oncall", "closed"),
    ),
)

STORIES: Final[Mapping[str, Story]] = {
    "fibre_cut": FIBRE_CUT,
    "flapping_optics": FLAPPING_OPTICS,
    "flaps_again": FLAPS_AGAIN,
    "dirty_connector": DIRTY_CONNECTOR,
}
