"""Settings of the sources by which devices and links are judged, and of the duties that do it."""

from __future__ import annotations

from typing import Final

from tocsin.app import setting_values as of
from tocsin.app.setting import Setting

TELEMETRY: Final[tuple[Setting, ...]] = (
    Setting(
        name="influx_url",
        type="address",
        default=None,
        sentence="The InfluxDB that holds interface counters and QA tests (InfluxQL: 1.x, 2.x with"
        " a mapping, 3.x), by which devices and links are judged.",
        read=of.web_address,
    ),
    Setting(
        name="influx_database",
        type="text",
        default="telemetry",
        sentence="The database in it.",
        read=of.any_text,
    ),
    Setting(
        name="influx_user",
        type="text",
        default=None,
        sentence="Who signs in there, if anybody has to.",
        read=of.any_text,
    ),
    Setting(
        name="prometheus_url",
        type="address",
        default=None,
        sentence="The Prometheus that knows of agents, and of interface counters where there is no"
        " InfluxDB. Without either the monitor does not run, and health stays as it is.",
        read=of.web_address,
    ),
    Setting(
        name="monitor_interval_seconds",
        type="whole number",
        default="60",
        unit="seconds",
        sentence="How often devices and links are judged.",
        read=of.whole(5, 3_600),
    ),
    Setting(
        name="activator_interval_seconds",
        type="whole number",
        default="30",
        unit="seconds",
        sentence="How often all devices and links are asked whether they may go on; what events"
        " move is asked at once.",
        read=of.whole(1, 3_600),
    ),
)

TELEMETRY_SECRETS: Final[tuple[Setting, ...]] = (
    Setting(
        name="influx_password",
        type="text",
        default=None,
        sentence="The password of influx_user.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="influx_token",
        type="text",
        default=None,
        sentence="What the InfluxDB lets in, in place of influx_user and its password.",
        read=of.any_text,
        secret=True,
    ),
)
