"""The yardstick of the ingest path: Alertmanager's webhook parsed, and answered at once.

It keeps nothing, checks no token and knows no tenant; like :mod:`bench.baseline`, which is that of
tickets, it is what Litestar, msgspec and uvicorn can do on this machine.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from uuid import uuid4

import uvicorn
from litestar import Litestar, post
from msgspec import Struct, field


class Alert(Struct, frozen=True, rename="camel"):
    """One alert of a notification."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    fingerprint: str
    generator_url: str | None = field(name="generatorURL", default=None)


class Notification(Struct, frozen=True, rename="camel"):
    """The body of a webhook."""

    version: str
    group_key: str
    status: str
    receiver: str
    group_labels: dict[str, str]
    common_labels: dict[str, str]
    common_annotations: dict[str, str]
    alerts: list[Alert]
    truncated_alerts: int = 0
    external_url: str | None = field(name="externalURL", default=None)


class Taken(Struct, frozen=True):
    """What a neighbour is answered."""

    id: str
    verdict: str


@post("/v1/ingest/{connector:str}", status_code=200)
async def take(connector: str, data: Notification) -> Taken:
    """Parse and answer: 200 with the id of a payload that nobody keeps."""
    return Taken(id=str(uuid4()), verdict="deduplicated" if data.alerts else connector)


def main() -> None:
    """Serve the yardstick on loopback until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.baseline_signals", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    uvicorn.run(
        Litestar([take], openapi_config=None),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
