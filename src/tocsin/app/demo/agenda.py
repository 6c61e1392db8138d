"""What happened when, and where: the incidents of thirty days.

Day 0 begins where the history ends; day -1 is the day before. What is opened late on the last day
has not come to its end and is still open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.app.demo import (
    carrier_stories,
    fibre_stories,
    routing_stories,
    service_stories,
    site_stories,
)
from tocsin.app.demo.telling import Story

STORIES: Final[Mapping[str, Story]] = {
    **fibre_stories.STORIES,
    **carrier_stories.STORIES,
    **routing_stories.STORIES,
    **site_stories.STORIES,
    **service_stories.STORIES,
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One incident: the ``day`` and hour (``HH:MM``) it is opened, its story, and where.

    ``pace`` stretches the story's minutes (2.0 takes twice as long). ``key`` is what other tickets
    call it; ``tie`` is a relation to one of them: kind and key, made forty minutes later.
    """

    day: int
    at: str
    story: str
    place: str
    pace: float = 1.0
    key: str | None = None
    tie: tuple[str, str] | None = None


INCIDENTS: Final = (
    Occurrence(-30, "14:12", "bgp_session", "lon-1", 1.1),
    Occurrence(-30, "19:40", "congestion", "ams-1:fra-1", 1.0),
    Occurrence(-29, "03:27", "brief_hit", "sin-1:syd-1"),
    Occurrence(-29, "08:51", "portal_down", "ams-1", 1.2),
    Occurrence(-29, "16:33", "attack", "nyc-1"),
    Occurrence(-28, "06:18", "power_feed", "par-1", 0.9),
    Occurrence(-28, "11:02", "telemetry_gap", "lon-1"),
    Occurrence(-28, "21:46", "packet_loss", "mad-1:nyc-1", 1.2, key="loss-madrid"),
    Occurrence(-27, "09:55", "stale_roa", "fra-1"),
    Occurrence(-27, "13:20", "bgp_session", "sin-1", 0.8),
    Occurrence(-26, "02:41", "flapping_optics", "lon-1:par-1", 1.1, key="flaps-channel"),
    Occurrence(-26, "15:07", "memory_leak", "fra-1", 1.0, key="leak-frankfurt"),
    Occurrence(-26, "20:15", "congestion", "fra-1:par-1", 0.9),
    Occurrence(
        -25, "06:05", "wrong_mtu", "ams-1:sto-1", 1.0, tie=("caused_by", "amplifier-stockholm")
    ),
    Occurrence(-25, "12:38", "false_alarm", "tyo-1"),
    Occurrence(-24, "04:19", "fibre_cut", "sto-1:waw-1", 1.0, key="cut-baltic"),
    Occurrence(-24, "04:41", "congestion", "fra-1:waw-1", 1.2, tie=("caused_by", "cut-baltic")),
    Occurrence(-24, "18:52", "attack", "lon-1", 1.3),
    Occurrence(-23, "07:33", "slow_resolver", "ams-2"),
    Occurrence(-23, "10:47", "dirty_connector", "chi-1:sjc-1", 1.1),
    Occurrence(-22, "05:29", "brief_hit", "mad-1:nyc-1", tie=("related", "loss-madrid")),
    Occurrence(-22, "14:44", "cable_route", "fra-1:sin-1", 1.0),
    Occurrence(-22, "23:58", "bgp_session", "fra-1", 1.2),
    Occurrence(-21, "08:08", "clock_drift", "lon-1", 1.0),
    Occurrence(-21, "17:25", "feed_gaps", "tyo-1", 1.0),
    Occurrence(-20, "01:13", "packet_loss", "ams-1:lon-1", 0.9),
    Occurrence(-20, "13:51", "route_server", "nyc-1"),
    Occurrence(-19, "09:36", "wrong_metric", "fra-1", 1.0),
    Occurrence(-19, "20:31", "congestion", "nyc-1:chi-1", 1.1),
    Occurrence(-18, "02:02", "heat", "syd-1", 1.0),
    Occurrence(-18, "11:17", "line_card", "chi-1", 1.0, key="card-chicago"),
    Occurrence(-18, "11:25", "second_report", "chi-1"),
    Occurrence(-17, "06:40", "flapping_optics", "ams-1:ams-2", 0.9),
    Occurrence(-17, "15:59", "bgp_session", "nyc-1", 0.9),
    Occurrence(-17, "22:10", "attack", "par-1", 0.8),
    Occurrence(-16, "10:04", "portal_down", "fra-1", 0.9),
    Occurrence(-16, "19:22", "congestion", "lon-1:par-1", 1.0),
    Occurrence(-15, "03:48", "fibre_cut", "chi-1:sjc-1", 1.3, key="cut-plains"),
    Occurrence(-15, "04:40", "congestion", "nyc-1:chi-1", 0.9, tie=("caused_by", "cut-plains")),
    Occurrence(-15, "16:14", "false_alarm", "mad-1"),
    Occurrence(-14, "07:57", "telemetry_gap", "sin-1", 1.4),
    Occurrence(-14, "18:36", "flaps_again", "lon-1:par-1", tie=("follow_up", "flaps-channel")),
    Occurrence(-13, "12:29", "prefix_leak", "sin-1", 1.0),
    Occurrence(-13, "20:41", "slow_resolver", "sin-1", 0.8),
    Occurrence(-12, "00:37", "brief_hit", "tyo-1:sin-1"),
    Occurrence(-12, "09:09", "power_feed", "sjc-1", 1.2),
    Occurrence(-12, "21:05", "packet_loss", "fra-1:sin-1", 1.0),
    Occurrence(-11, "05:54", "managed_update", "tyo-1"),
    Occurrence(-11, "14:00", "bgp_session", "par-1", 1.0),
    Occurrence(-10, "08:23", "dirty_connector", "ams-1:lon-1", 0.9),
    Occurrence(-10, "17:48", "attack", "sjc-1", 1.1),
    Occurrence(-10, "22:39", "feed_gaps", "lon-1", 1.2),
    Occurrence(-9, "05:50", "brief_hit", "ams-1:ams-2"),
    Occurrence(-9, "13:12", "memory_leak", "ams-1", 0.9, tie=("related", "leak-frankfurt")),
    Occurrence(-8, "02:26", "cable_route", "sin-1:syd-1", 1.1),
    Occurrence(-8, "10:58", "dirty_connector", "fra-1:par-1", 1.0),
    Occurrence(-8, "20:03", "congestion", "mad-1:nyc-1", 1.0),
    Occurrence(-7, "06:31", "heat", "mad-1", 0.9),
    Occurrence(-7, "15:45", "bgp_session", "chi-1", 1.1),
    Occurrence(-7, "23:14", "flapping_optics", "nyc-1:chi-1", 1.0),
    Occurrence(-6, "09:42", "route_server", "sin-1", 1.1),
    Occurrence(-6, "18:07", "attack", "fra-1", 1.0),
    Occurrence(-5, "04:55", "fibre_cut", "ams-1:fra-1", 0.9, key="cut-rhine"),
    Occurrence(-5, "05:31", "congestion", "ams-1:lon-1", 1.0, tie=("caused_by", "cut-rhine")),
    Occurrence(-5, "14:19", "portal_down", "lon-1", 0.8),
    Occurrence(-4, "08:46", "clock_drift", "nyc-1", 0.8),
    Occurrence(-4, "19:53", "packet_loss", "lon-1:nyc-1", 1.1),
    Occurrence(-3, "01:35", "bgp_session", "syd-1", 0.9),
    Occurrence(-3, "11:28", "telemetry_gap", "waw-1", 1.0),
    Occurrence(-3, "16:50", "line_card", "lon-1", 0.9),
    Occurrence(-2, "07:16", "slow_resolver", "chi-1", 1.1),
    Occurrence(-2, "13:37", "power_feed", "waw-1", 1.0),
    Occurrence(-2, "20:44", "bgp_session", "ams-1", 1.3),
    Occurrence(-1, "05:08", "attack", "sin-1", 0.9),
    Occurrence(-2, "10:21", "clock_drift", "par-1", 1.0),
    Occurrence(-1, "18:34", "cable_route", "lon-1:nyc-1", 1.2),
    Occurrence(-1, "21:17", "fibre_cut", "par-1:mad-1", 1.0, key="cut-pyrenees"),
    Occurrence(-1, "22:45", "packet_loss", "sjc-1:tyo-1", 1.1),
    Occurrence(-1, "23:04", "congestion", "fra-1:par-1", 1.0, tie=("caused_by", "cut-pyrenees")),
    Occurrence(-1, "23:54", "bgp_session", "mad-1", 1.0),
)
