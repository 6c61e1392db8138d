"""How planned work is written down, and the work on links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tocsin.app.demo.telling import (
    Beat,
    Texts,
    corrects,
    does,
    extends,
    gives,
    grades,
    moves,
    notes_fields,
    refers,
    reschedules,
    says,
    sees,
    tags,
    tells,
    ties,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One maintenance, where and when it is.

    ``place`` is the code of a link or device; it starts at ``start_at`` (``HH:MM``) on the day
    ``day`` (0 begins where the history ends; earlier days are negative), lasts ``minutes``, and is
    planned ``ahead`` hours before. Beats count their minutes from the planned start. ``key`` is
    what other tickets call it.
    """

    place: str
    day: int
    start_at: str
    minutes: int
    ahead: float
    title: str
    description: str
    beats: tuple[Beat, ...]
    planner: str = "owner"
    impact: str | None = None
    services: Texts = ()
    labels: Texts = ()
    key: str | None = None
    auto_close_after_hours: int | None = None


ON_LINKS: Final = (
    Work(
        key="splice-warsaw",
        place="fra-1:waw-1",
        day=-27,
        start_at="22:00",
        minutes=360,
        ahead=96,
        title="{carrier}: splicing works on {circuit}",
        description="{carrier} moves 2.1 km of cable out of the way of a new motorway exit. "
        "{link} is down for up to four hours within the window.",
        impact="reduced_redundancy",
        labels=("carrier",),
        beats=(
            notes_fields(-4000, "owner", reference="{case}"),
            moves(-4, "owner", "in_progress", "{carrier} is on site and asks for the go. Given."),
            does(2, "oncall", "RUNBOOK_STEP_EXECUTED", "Costed out {link}"),
            says(118, "owner", "Dark as expected since 23:58."),
            says(262, "owner", "Light again, {good_rx} dBm. Watching it for half an hour."),
            moves(300, "owner", "completed", resolution="Cable relocated, loss 0.2 dB lower."),
            moves(900, "lead", "closed"),
        ),
    ),
    Work(
        key="amplifier-stockholm",
        place="ams-1:sto-1",
        day=-25,
        start_at="01:00",
        minutes=180,
        ahead=150,
        title="Amplifier exchange on {link}",
        description="{carrier} exchanges an ageing amplifier at hut 7. Two interruptions of at "
        "most ten minutes.",
        impact="reduced_redundancy",
        labels=("carrier",),
        beats=(
            moves(
                150,
                "owner",
                "completed",
                "One interruption only, six minutes.",
                resolution="Amplifier at hut 7 exchanged.",
            ),
        ),
    ),
    Work(
        place="lon-1:par-1",
        day=-23,
        start_at="23:00",
        minutes=120,
        ahead=30,
        title="Add two wavelengths to {link}",
        description="Capacity of {link} goes from 100 to 200 Gb/s. No interruption expected; the "
        "bundle is at risk for a moment each time a member joins.",
        impact="no_impact",
        labels=("capacity",),
        beats=(
            moves(-2, "owner", "in_progress"),
            does(40, "owner", "SCALE_CHANGE", "Second member added to the bundle of {link}"),
            moves(75, "owner", "completed", resolution="{link} carries 200 Gb/s."),
            moves(80, "owner", "closed", "Both members checked, optics within range."),
        ),
    ),
    Work(
        key="atlantic-amplifiers",
        place="lon-1:nyc-1",
        day=-20,
        start_at="03:00",
        minutes=240,
        ahead=200,
        title="{carrier}: power reconfiguration of the wet plant",
        description="The cable is fed from one side only while the other power feed is serviced. "
        "{link} is at risk, an interruption is not planned.",
        impact="reduced_redundancy",
        services=("multicast", "private-line"),
        labels=("carrier", "subsea"),
        beats=(
            tells(
                -2000,
                "oncall",
                "scheduled",
                "The operator of the cable between {a_city} and {z_city} services its power "
                "feeding. An interruption is not expected.",
                title="Work on the cable between {a_city} and {z_city}",
            ),
            moves(-5, "owner", "in_progress", "Cable station confirms start."),
            tells(0.5, "oncall", "in_progress", "The work has begun."),
            moves(215, "owner", "completed", "Both feeds in service, nothing seen on the link."),
            tells(220, "oncall", "completed", "The work is done."),
            moves(260, "owner", "closed"),
        ),
    ),
    Work(
        place="lon-1:nyc-1",
        day=-20,
        start_at="05:00",
        minutes=120,
        ahead=72,
        planner="far",
        title="Port migration of {link} at {z_city}",
        description="{link} moves from {z_if} to a port on the new card. Ten minutes without the "
        "link.",
        impact="reduced_redundancy",
        beats=(
            says(
                -4200,
                "owner",
                "This falls into the operator's work on the same cable. Can you move it?",
            ),
            reschedules(
                -4140,
                "far",
                start_in=4140 + 1440,
                minutes=120,
                reason="Not while the cable is fed from one side",
            ),
            moves(1440 - 3, "far", "in_progress"),
            moves(1440 + 35, "far", "completed", resolution="Link runs on the new card."),
            ties(1440 + 40, "far", "related", "atlantic-amplifiers"),
            moves(1440 + 50, "far", "closed"),
        ),
    ),
    Work(
        place="par-1:mad-1",
        day=-18,
        start_at="00:30",
        minutes=150,
        ahead=120,
        title="{carrier}: repair of a temporary splice",
        description="The splice made after the storm in spring is replaced by a proper joint. "
        "{link} is down for about an hour.",
        impact="reduced_redundancy",
        labels=("carrier", "fibre"),
        beats=(
            moves(-1, "owner", "in_progress"),
            says(90, "owner", "Crew found water in the neighbouring joint as well."),
            extends(120, "owner", 120, "{carrier} repairs the second joint in the same night"),
            moves(215, "owner", "completed", resolution="Two joints made new, {good_rx} dBm."),
        ),
    ),
    Work(
        place="nyc-1:chi-1",
        day=-16,
        start_at="06:00",
        minutes=180,
        ahead=260,
        title="Upgrade of {link} to coherent optics",
        description="Transponders are replaced by coherent pluggables in both routers. {link} is "
        "down during the window; traffic takes the southern path.",
        impact="reduced_redundancy",
        services=("ip-transit",),
        labels=("capacity", "optics"),
        beats=(
            gives(-3000, "owner", "contributor"),
            moves(-6, "owner", "in_progress"),
            says(100, "owner", "{a_city} is done. {z_city} waits for a courier with the optic."),
            says(186, "owner", "Courier is stuck in traffic; we carry on past the window."),
            sees(190, "LinkDown", "{a} {a_if} is down beyond its window", severity="sev3"),
            moves(245, "owner", "completed", resolution="400 Gb/s coherent, pre-FEC BER 2e-4."),
            moves(600, "lead", "closed", "Next time the optics are on site the day before."),
        ),
    ),
    Work(
        place="ams-1:ams-2",
        day=-14,
        start_at="05:00",
        minutes=60,
        ahead=20,
        planner="far",
        title="New patch panel at the university",
        description="{link} is re-patched onto a new panel at {z_site}. Five minutes without "
        "the link.",
        impact="reduced_redundancy",
        beats=(
            moves(
                -700,
                "far",
                "cancelled",
                reason="The panel was delivered with the wrong connectors",
            ),
        ),
    ),
    Work(
        place="ams-1:ams-2",
        day=-9,
        start_at="05:00",
        minutes=60,
        ahead=48,
        planner="far",
        title="New patch panel at the university, second attempt",
        description="{link} is re-patched onto a new panel at {z_site}. Five minutes without "
        "the link.",
        impact="reduced_redundancy",
        beats=(
            moves(-2, "far", "in_progress"),
            moves(25, "far", "completed", resolution="Re-patched in four minutes."),
            moves(
                130,
                "far",
                "in_progress",
                "Errors on the new patch lead. Going back in to replace it.",
                end_in=45,
            ),
            moves(165, "far", "completed", resolution="Lead replaced, no errors."),
            moves(400, "far", "closed"),
        ),
    ),
    Work(
        place="tyo-1:sin-1",
        day=-6,
        start_at="17:00",
        minutes=300,
        ahead=190,
        title="{carrier}: shunt fault repair",
        description="A cable ship repairs a shunt fault off Taiwan. {link} is down for the whole "
        "window; traffic goes by San Jose and Sydney.",
        impact="degraded",
        services=("multicast",),
        labels=("carrier", "subsea"),
        beats=(
            grades(-5000, "lead", "sev2", "Market data runs over the long way for five hours"),
            tells(
                -4300,
                "oncall",
                "scheduled",
                "The cable between {a_city} and {z_city} is repaired. Delay is higher for five "
                "hours.",
                title="Cable repair between {a_city} and {z_city}",
            ),
            corrects(
                -4200,
                "oncall",
                "The cable between {a_city} and {z_city} is repaired. Delay is higher by about "
                "70 ms for five hours.",
            ),
            moves(-1, "owner", "in_progress"),
            tells(0.5, "oncall", "in_progress", "The repair has begun.", impact="degraded"),
            says(280, "owner", "Ship reports bad weather; final splice takes until midnight."),
            extends(285, "owner", 150, "Bad weather at the repair ground"),
            moves(400, "owner", "completed", resolution="Shunt fault repaired."),
            tells(405, "oncall", "completed", "The repair is done, delay is back to normal."),
        ),
    ),
    Work(
        place="sjc-1:syd-1",
        day=-3,
        start_at="13:00",
        minutes=120,
        ahead=140,
        title="Protection switch test of {carrier}",
        description="Yearly test of the protection. Two switches of less than 50 ms.",
        impact="no_impact",
        labels=("carrier",),
        beats=(
            tags(-1000, "owner", "yearly", "to-confirm"),
            tags(-200, "owner", remove=("to-confirm",)),
            moves(
                90,
                "owner",
                "completed",
                "31 and 44 ms.",
                resolution="Protection works as promised.",
            ),
        ),
    ),
    Work(
        key="longhaul-next",
        place="chi-1:sjc-1",
        day=3,
        start_at="07:00",
        minutes=240,
        ahead=130,
        title="{carrier}: fibre relocation near Omaha",
        description="{carrier} moves a span out of a flood plain. {link} is down for up to three "
        "hours.",
        impact="reduced_redundancy",
        labels=("carrier", "fibre"),
        beats=(
            notes_fields(-7000, "owner", reference="{case}"),
            refers(
                -6990,
                "owner",
                "ticket",
                "Notice of {carrier}",
                "https://notices.example.org/{case}",
            ),
        ),
    ),
    Work(
        place="chi-1:sjc-1",
        day=3,
        start_at="09:00",
        minutes=90,
        ahead=100,
        planner="far",
        title="Replace the optics of {link} at {z_city}",
        description="Optic on {z_if} runs warm and is replaced before it fails.",
        impact="reduced_redundancy",
        labels=("optics",),
        beats=(says(-5700, "oncall", "Overlaps with the relocation. Do both in one go?"),),
    ),
    Work(
        place="fra-1:sin-1",
        day=5,
        start_at="18:00",
        minutes=180,
        ahead=150,
        title="{carrier}: landing station power works",
        description="UPS batteries at the landing station are exchanged. {link} is at risk.",
        impact="reduced_redundancy",
        labels=("carrier", "subsea"),
        beats=(gives(-8900, "owner", "contributor"),),
    ),
)
