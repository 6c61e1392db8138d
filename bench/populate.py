"""A store with as many tickets and events as asked for, made through the gateway like any other.

The tickets differ in all that can be filtered by; which ticket gets what follows from its number,
so that every run makes the same store but for ids and instants. One in a thousand is *rare*: it has
words, a label, a device and so on that the others lack.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench import preparation, processes
from bench.exchange import body_of, exchange, request_parts, status_of
from bench.tickets import ORG

CONNECTIONS: Final = 48
RARE_EVERY: Final = 1_000
RARE_AT: Final = 7
MAINTENANCE_EVERY: Final = 8
CONTRIBUTORS: Final = 10
DEVICES: Final = 200
SERVICES: Final = 20
MEMBERS: Final = 5

NOUNS: Final = ("router", "switch", "link", "transceiver", "line card", "fibre", "power supply")
TROUBLES: Final = ("packet loss", "flapping", "errors", "high temperature", "no light", "reboot")
PLACES: Final = ("Amsterdam", "Frankfurt", "London", "Paris", "Tokyo", "Singapore", "Chicago")
STATUSES: Final = (
    "acknowledged",
    "investigating",
    "monitoring",
    "resolved",
    "resolved",
    "resolved",
)
IMPACTS: Final = ("reduced_redundancy", "degraded", "outage")

COMMON_WORD: Final = "carrier"
RARE_WORD: Final = "quokka"

AT: Final = f"/v1/orgs/{ORG}"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was made: the administrator's secret, tickets, events, and values to ask for."""

    admin: str
    tickets: int
    events: int
    values: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the tickets are about and who opens them; devices and links by pubkey."""

    devices: tuple[str, ...]
    links: tuple[str, ...]
    members: tuple[str, ...]
    keys: tuple[str, ...]
    """A secret for each contributor, to open tickets with."""


def fill(data: Path, *, tickets: int, events: int) -> Stored:
    """Make an organisation in an empty *data* folder, and all its tickets.

    Raises:
        ProcessFailed: the gateway refused a request.
    """
    admin = preparation.found(data)
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with processes.server(data) as served:
        port = served.port
        token = preparation.furnish(port, admin=admin).load
        around = _surround(port, admin=admin)
        ids: list[str] = []
        _send(
            port,
            _opening(around, tickets=tickets, today=today),
            lambda body: ids.append(json.loads(body)["id"]),
        )
        _send(port, _labelling(token, ids), _ignore)
        _send(port, _following(token, ids), _ignore)
        position = _position(port, token=admin, ticket=ids[0])
        _send(port, _noting(token, ids, notes=max(0, events - position)), _ignore)
        position = _position(port, token=admin, ticket=ids[0])
    return Stored(
        admin=admin,
        tickets=tickets,
        events=position,
        values=_values(around, today=today),
    )


def pubkey(name: str) -> str:
    """The base58 of thirty-two bytes that follow from *name*."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    # The first byte is never zero, so no leading ones are needed.
    number = int.from_bytes(b"\x7f" + hashlib.sha256(name.encode()).digest()[1:])
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


def _surround(port: int, *, admin: str) -> Surroundings:
    def post(path: str, body: object) -> Any:
        return processes.expect(
            processes.call(port, "POST", f"{AT}{path}", token=admin, body=body), 201
        ).body

    for number in range(CONTRIBUTORS):
        code = f"c{number}"
        post("/contributors", {"code": code, "name": code.upper(), "pubkey": pubkey(code)})
    for number in range(SERVICES):
        post("/services", {"code": f"s{number}", "name": f"Service {number}"})
    members = tuple(
        post("/members", {"name": f"Person {number}", "role": "oncall_engineer"})["id"]
        for number in range(MEMBERS)
    )
    devices = [pubkey(f"d{number}") for number in range(DEVICES)]
    links = [pubkey(f"l{number}") for number in range(DEVICES // 2)]
    for number, key in enumerate(devices):
        post(
            "/devices",
            {"code": f"d{number}", "contributor": f"c{number % CONTRIBUTORS}", "pubkey": key},
        )
    for number, key in enumerate(links):
        post(
            "/links",
            {
                "code": f"d{number}:d{number + 1}",
                "contributor": f"c{number % CONTRIBUTORS}",
                "pubkey": key,
                "link_type": "WAN",
                "side_a": {"device": f"d{number}", "interface": "Ethernet1"},
                "side_z": {"device": f"d{number + 1}", "interface": "Ethernet2"},
            },
        )
    keys = tuple(
        post(
            "/keys",
            {
                "name": f"key of c{number}",
                "role": "member",
                "contributor": f"c{number}",
                "rate_per_second": preparation.RATE_PER_SECOND,
            },
        )["secret"]
        for number in range(CONTRIBUTORS)
    )
    return Surroundings(devices=tuple(devices), links=tuple(links), members=members, keys=keys)


def ticket(number: int, *, around: Surroundings, today: datetime) -> dict[str, object]:
    """The body of the ticket of that number."""
    is_rare = number % RARE_EVERY == RARE_AT
    is_maintenance = number % MAINTENANCE_EVERY == 3
    noun, trouble = NOUNS[number % len(NOUNS)], TROUBLES[number % len(TROUBLES)]
    place = PLACES[number % len(PLACES)]
    word = RARE_WORD if is_rare else COMMON_WORD
    body: dict[str, object] = {
        "type": "maintenance" if is_maintenance else "incident",
        "title": f"{trouble.capitalize()} on a {noun} in {place}, case {number}",
        "description": (
            f"The {noun} in {place} shows {trouble}; the {word} has been told. Probes"
            f" {number * 7919 % 100_003} and {number * 104_729 % 100_003} see it."
        ),
        "severity": f"sev{number % 4 + 1}",
        "impact": IMPACTS[number % len(IMPACTS)],
        # The last of each kind belongs to the rare ones alone.
        "services": [f"s{SERVICES - 1 if is_rare else number % (SERVICES - 1)}"],
        "device_pubkey": [
            around.devices[-1 if is_rare else number * 13 % (len(around.devices) - 1)]
        ],
        "environment": "staging" if is_rare else "production",
        "project_id": "rare" if is_rare else f"project-{number % 9}",
        "labels": ["rare"] if is_rare else [f"team-{number % 12}"],
    }
    if number % 3 == 0:
        body["affected_link_pubkey"] = [
            around.links[-1 if is_rare else number * 7 % (len(around.links) - 1)]
        ]
    if is_maintenance:
        start = today + timedelta(days=2, minutes=number * 97 % (60 * 24 * 90))
        body |= {"start_at": _written(start), "end_at": _written(start + timedelta(hours=2))}
    else:
        start = today - timedelta(minutes=60 + number * 89 % (60 * 24 * 30))
        body |= {
            "start_at": _written(start),
            "assignee": around.members[-1 if is_rare else number % (len(around.members) - 1)],
            "correlation_keys": [f"alert-{number}"],
        }
    return body


def _values(around: Surroundings, *, today: datetime) -> dict[str, dict[str, str]]:
    """For each promised filter a value that many tickets have and one that few have."""

    def both(common: str, rare: str) -> dict[str, str]:
        return {"common": common, "rare": rare}

    soon, late = _written(today + timedelta(days=3)), _written(today + timedelta(days=91))
    return {
        "type": both("incident", "maintenance"),
        "status": both("resolved", "planned"),
        "severity": both("sev2", "sev4"),
        "active": both("false", "true"),
        "created_by_contributor": both("c1", "c9"),
        "affects_contributor": both("c1", "c9"),
        "mine": both("false", "true"),
        "device_pubkey": both(around.devices[13], around.devices[-1]),
        "affected_link_pubkey": both(around.links[21], around.links[-1]),
        "service": both("s1", f"s{SERVICES - 1}"),
        "environment": both("production", "staging"),
        "project_id": both("project-1", "rare"),
        "assignee": both(around.members[1], around.members[-1]),
        "label": both("team-1", "rare"),
        "correlation_key": both("alert-8", "alert-no-such"),
        "created_after": both("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
        "created_before": both("2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        "overlaps_from": both(soon, late),
        "overlaps_to": both(_written(today), "2020-01-01T00:00:00Z"),
        "q": {
            "rare word": RARE_WORD,
            "common word": COMMON_WORD,
            "two common words": f"router {COMMON_WORD}",
            "common prefix": COMMON_WORD[:3],
            "common with rare": f"{COMMON_WORD} {RARE_WORD}",
        },
    }


def _opening(around: Surroundings, *, tickets: int, today: datetime) -> Iterator[bytes]:
    for number in range(tickets):
        yield _request(
            f"{AT}/tickets",
            ticket(number, around=around, today=today),
            key=f"open-{number}",
            token=around.keys[
                -1 if number % RARE_EVERY == RARE_AT else number % (len(around.keys) - 1)
            ],
        )


def _labelling(token: str, ids: list[str]) -> Iterator[bytes]:
    for number, identity in enumerate(ids):
        labels = [f"shift-{number % 7}", f"zone-{number % 31}", f"vendor-{number % 5}"]
        yield _request(
            f"{AT}/tickets/{identity}/labels",
            {"add": [*labels, "seen"]},
            key=f"label-{number}",
            token=token,
        )


def _following(token: str, ids: list[str]) -> Iterator[bytes]:
    for number, identity in enumerate(ids):
        body = {"body": f"Case {number}: the {COMMON_WORD} found the cause and is at work."}
        if number % 10 and number % MAINTENANCE_EVERY != 3:
            body |= {"status": STATUSES[number % len(STATUSES)], "root_cause": "carrier"}
        yield _request(
            f"{AT}/tickets/{identity}/updates", body, key=f"follow-{number}", token=token
        )


def _noting(token: str, ids: list[str], *, notes: int) -> Iterator[bytes]:
    for number in range(notes):
        yield _request(
            f"{AT}/tickets/{ids[number % len(ids)]}/updates",
            {"body": f"Probe {number * 7919 % 100_003} has been quiet for ten minutes."},
            key=f"note-{number}",
            token=token,
        )


def _request(path: str, body: object, *, key: str, token: str) -> bytes:
    before, after = request_parts(
        method="POST", path=path, body=json.dumps(body).encode(), token=token
    )
    return before + key.encode() + after


def _send(port: int, requests: Iterator[bytes], use: Callable[[bytes], None]) -> None:
    """Send all; *use* gets the body of each answer. Raises: ProcessFailed when one is refused."""

    def take(answer: bytes, _sent_at: float, _now: float) -> None:
        if not status_of(answer).startswith(b"2"):
            raise processes.ProcessFailed(answer[:2000].decode("latin-1"))
        use(body_of(answer))

    exchange(port, connections=CONNECTIONS, next_request=lambda: next(requests, None), take=take)


def _ignore(_answer: bytes) -> None:
    """An answer of which only the status matters."""


def _position(port: int, *, token: str, ticket: str) -> int:
    """The position of the log after one more note."""
    answer = processes.call(
        port, "POST", f"{AT}/tickets/{ticket}/updates", token=token, body={"body": "Counted."}
    )
    return int(processes.expect(answer, 201).headers["x-position"])


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
