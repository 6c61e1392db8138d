"""Neighbours that speak to the gateway: connectors with tokens, and what they send."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tests.adapters.rest.asking import Answer, Client
from tocsin.store.arrivals import INBOX, Arrived, arrived_of

FIRING: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="LinkDown"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "tocsin",
    "groupLabels": {"alertname": "LinkDown"},
    "commonLabels": {"alertname": "LinkDown", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://am",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "LinkDown", "severity": "critical", "instance": "ams-1"},
            "annotations": {"summary": "Link down on ams-1"},
            "startsAt": "2026-11-20T11:59:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus",
            "fingerprint": "a1b2c3",
        }
    ],
}

EVENT: dict[str, Any] = {
    "event_action": "trigger",
    "dedup_key": "disk/ams-1",
    "payload": {"summary": "Disk full", "source": "ams-1", "severity": "critical"},
}


def connector(gateway: Client, kind: str, code: str, *, who: str = "admin", **given: object) -> str:
    """Make a connector; its token."""
    org = "elsewhere" if who == "stranger" else "net"
    body = {"kind": kind, "code": code, "name": code.title(), **given}
    answer = gateway.ask("POST", f"/v1/orgs/{org}/connectors", body, who=who)
    assert answer.status == 201, answer.body
    token: str = answer.json["token"]
    return token


def say(
    gateway: Client,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    method: str = "POST",
    raw: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request of a neighbour, with its token as a bearer's."""
    sent = {} if token is None else {"authorization": f"Bearer {token}"}
    return gateway.ask(method, path, body, who=None, raw=raw, headers={**sent, **(headers or {})})


def basic(token: str) -> dict[str, str]:
    """The header of HTTP Basic with that password."""
    return {"authorization": "Basic " + base64.b64encode(f"any:{token}".encode()).decode()}


def inbox(gateway: Client, *, org: str = "net") -> list[Arrived]:
    """What has arrived at an org, the oldest first."""
    org_id = gateway.house.orgs[org]
    with gateway.house.store.reading() as turn:
        rows = turn.select(
            f"SELECT {INBOX} FROM inbox WHERE org_id = ? ORDER BY number",
            (org_id,),
            org_id=org_id,
        )
    return [arrived_of(row) for row in rows]
