"""The yardstick: the same framework and server, parsing the same body and answering at once.

It keeps nothing, checks no credential and knows no tenant. What Tocsin's rate is divided by is what
Litestar, msgspec and uvicorn can do on this machine when there is nothing to be done.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import uuid4

import uvicorn
from litestar import Litestar, post
from msgspec import Meta, Struct

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(min_length=1, max_length=10_000)]
Label = Annotated[str, Meta(min_length=1, max_length=64)]


class TicketRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request body, with the bounds of the contract."""

    type: Literal["incident", "maintenance"]
    title: Title
    description: Description
    severity: str | None = None
    impact: Literal["no_impact", "reduced_redundancy", "degraded", "outage"] | None = None
    device_pubkey: list[str] = []
    affected_link_pubkey: list[str] = []
    services: list[str] = []
    environment: str = "production"
    project_id: str | None = None
    labels: Annotated[list[Label], Meta(max_length=50)] = []
    correlation_keys: list[str] = []
    reporter_name: Annotated[str, Meta(max_length=100)] | None = None
    reporter_email: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


class TicketAnswer(Struct, frozen=True, kw_only=True):
    """An answer with the fields, and so about the size, of a freshly opened ticket."""

    id: str
    ref: str
    type: str
    title: str
    description: str
    pubkey: str | None
    contributor: dict[str, str] | None
    reporter_name: str | None
    reporter_email: str | None
    device_pubkey: list[str]
    devices: list[dict[str, str]]
    affected_link_pubkey: list[str]
    links: list[dict[str, str]]
    services: list[str]
    impact: str | None
    project_id: str | None
    environment: str
    detected_by: str
    detected_at: datetime
    affected_contributors: list[str]
    severity: str | None
    status: str
    resolution: str | None
    disposition: str | None
    root_cause: str | None
    assignee: str | None
    labels: list[str]
    correlation_keys: list[str]
    references: list[str]
    relations: list[str]
    rca_url: str | None
    start_at: datetime
    end_at: datetime | None
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopened_count: int
    created_at: datetime
    updated_at: datetime
    version: int


@post("/v1/orgs/{org:str}/tickets")
async def open_ticket(org: str, data: TicketRequest) -> TicketAnswer:
    """Parse and answer: 201 with a ticket that nobody keeps."""
    now = datetime.now(UTC)
    return TicketAnswer(
        id=str(uuid4()),
        ref=f"I{now:%Y%m%d}-{org[:4]}",
        type=data.type,
        title=data.title,
        description=data.description,
        pubkey=None,
        contributor=None,
        reporter_name=data.reporter_name,
        reporter_email=data.reporter_email,
        device_pubkey=data.device_pubkey,
        devices=[],
        affected_link_pubkey=data.affected_link_pubkey,
        links=[],
        services=data.services,
        impact=data.impact,
        project_id=data.project_id,
        environment=data.environment,
        detected_by="user",
        detected_at=now,
        affected_contributors=[],
        severity=data.severity,
        status="open",
        resolution=None,
        disposition=None,
        root_cause=None,
        assignee=None,
        labels=data.labels,
        correlation_keys=data.correlation_keys,
        references=[],
        relations=[],
        rca_url=None,
        start_at=data.start_at or now,
        end_at=data.end_at,
        acknowledged_at=None,
        mitigated_at=None,
        resolved_at=None,
        closed_at=None,
        reopened_count=0,
        created_at=now,
        updated_at=now,
        version=1,
    )


def main() -> None:
    """Serve the yardstick on loopback until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.baseline", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    uvicorn.run(
        Litestar([open_ticket], openapi_config=None),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
