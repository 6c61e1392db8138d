"""A Prometheus with a day of samples in it, told as stories, and whatever it shall ask itself.

The samples come as OpenMetrics and are made blocks by ``promtool``, of the same Debian package.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench import processes
from tests.core.provisioning.watching import DAY, Story, counted, samples
from tests.core.telling import MINUTE, NOON
from tests.servers.prometheus import Watcher, program
from tocsin.core.provisioning.counters import COUNTERS, Interface, microseconds, run_of
from tocsin.core.provisioning.telemetry import Counted
from tocsin.core.provisioning.windows import Window, minute_of

STORIES: Final[Mapping[str, Story]] = {
    "clean": Story(),
    "one_error": Story(errors={90: 1}),
    "missing_five": Story(missing=range(100, 105)),
    "missing_six": Story(missing=[*range(100, 105), 700]),
    "zero_traffic": Story(octets=0),
    "reset": Story(resets=[600], errors={DAY + 5: 8}),
    "sparse": Story(minutes=DAY + 70, sparse_errors=True),
    "silent": Story(missing=range(1, DAY + 11)),
}
"""A device each, with one interface."""

INTERFACES: Final[Mapping[Interface, Story]] = {
    (device, "Ethernet1/1"): story for device, story in STORIES.items()
}
IDLE: Final = range(200, 208)
"""Minutes before noon in which the config agent of the second device asked nothing."""

FAILING: Final = 300
"""The minute before noon in which that of the first counted an error."""

DOWN: Final = range(30, 40)
"""Minutes before noon in which the telemetry agent of the second device was down."""

UNKNOWN: Final = range(50, 60)
"""Minutes before noon in which nobody asked whether that of the first was up."""


def metrics() -> Iterator[str]:
    """The samples of all stories, and of two devices' agents."""
    for place, counter in enumerate(COUNTERS):
        yield f"# TYPE interface_{counter.value} counter"
        for (device, name), story in INTERFACES.items():
            for at, values in samples(story):
                if values[place] is not None:
                    yield (
                        f'interface_{counter.value}_total{{dzd_pubkey="{device}",intf="{name}",'
                        f'instance="x"}} {values[place]} {at.timestamp():.0f}'
                    )
    yield "# TYPE controller_grpc_getconfig_requests counter"
    yield from _series(
        'controller_grpc_getconfig_requests_total{pubkey="one"}', lambda ago: (DAY - ago) * 6 + 60
    )
    yield from _series(
        'controller_grpc_getconfig_requests_total{pubkey="two"}',
        lambda ago: (DAY - (max(IDLE) + 1 if ago in IDLE else ago)) * 6 + 60,
    )
    yield "# TYPE doublezero_agent_apply_config_errors counter"
    yield from _series(
        'doublezero_agent_apply_config_errors_total{dzd_pubkey="one"}',
        lambda ago: 1 if ago <= FAILING else 0,
    )
    yield "# TYPE doublezero_agent_get_config_errors counter"
    yield from _series('doublezero_agent_get_config_errors_total{dzd_pubkey="one"}', lambda ago: 7)
    yield "# TYPE up gauge"
    yield from _series(
        'up{job="doublezero-telemetry",dzd_pubkey="one"}', lambda ago: 1, but=UNKNOWN
    )
    yield from _series(
        'up{job="doublezero-telemetry",dzd_pubkey="two"}', lambda ago: 0 if ago in DOWN else 1
    )
    yield "# EOF"


def _series(name: str, value: Callable[[int], int], *, but: Collection[int] = ()) -> Iterator[str]:
    for ago in range(DAY + 5, 0, -1):
        if ago not in but:
            at = NOON - ago * MINUTE
            yield f"{name} {value(ago)} {at.timestamp() + 20:.0f}"


def expected(window: Window) -> Counted:
    """What our own arithmetic says of *window*, with samples known to the minute."""
    exact = counted(window, INTERFACES)
    interfaces = {}
    for name, story in INTERFACES.items():
        rows = [(minute_of(at), values) for at, values in samples(story) if at in window]
        if rows:
            interfaces[name] = tuple(
                run_of(
                    (microseconds(at), value)
                    for at, values in rows
                    if (value := values[place]) is not None
                )
                for place in range(len(COUNTERS))
            )
    return Counted(
        window=window,
        origin=exact.origin,
        interfaces=interfaces,
        covered={device: heard for device, heard in exact.covered.items() if heard.bits},
    )


def prometheus(folder: Path, *, told: Sequence[str], asks: Sequence[str] = ()) -> Watcher:
    """A Prometheus, not yet running, that holds what it was *told* (lines of OpenMetrics) and asks
    some targets each second, as the telemetry agents of devices."""
    port = processes.free_port()
    folder.mkdir()
    if told:
        text = folder / "told.txt"
        text.write_text("\n".join(told) + "\n")
        subprocess.run(
            [
                program("promtool", package="prometheus"),
                *("tsdb", "create-blocks-from", "openmetrics", "--quiet"),
                str(text),
                str(folder / "data"),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": "doublezero-telemetry",
                "static_configs": [
                    {"targets": [target], "labels": {"dzd_pubkey": target}} for target in asks
                ],
            }
        ],
    }
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(configuration))
    return Watcher(
        name="prometheus",
        command=(
            program("prometheus", package="prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={processes.HOST}:{port}",
            "--log.level=warn",
        ),
        port=port,
        log=folder / "log",
    )
