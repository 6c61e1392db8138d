"""Grafana's notifications have their consequences, and are checked where they are signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.neighbouring import AT, Neighbour, neighbour, request
from tocsin.adapters.grafana.receiver import GrafanaReceiver
from tocsin.adapters.grafana.signing import signature
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.words import Status
from tocsin.handler.arrival import PayloadVerdict
from tocsin.handler.receiving import NotAuthentic

PAYLOADS = Path(__file__).parent / "payloads"
FIRING = (PAYLOADS / "firing.json").read_bytes()
SECRET = b"what the contact point has"
RECEIVER = GrafanaReceiver()


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.GRAFANA) as made:
        yield made


def test_what_fires_opens_an_incident_and_what_is_over_resolves_it(grafana: Neighbour) -> None:
    reply, opened = grafana.send("", FIRING, method="PUT")
    assert reply.status == 200
    ticket = grafana.ticket(opened)

    _, again = grafana.send("", FIRING)
    assert again.verdict is PayloadVerdict.DEDUPLICATED
    over = FIRING.replace(b'"status": "firing"', b'"status": "resolved"')
    assert over != FIRING
    _, ended = grafana.send("", over)
    assert grafana.ticket(ended).id == ticket.id
    assert grafana.ticket(ended).status is Status.RESOLVED


def test_what_cannot_be_read_is_kept_and_refused(grafana: Neighbour) -> None:
    reply, accounted = grafana.send("", FIRING.replace(b'"version": "1"', b'"version": "9"'))

    assert reply.status == 400
    assert accounted.verdict is PayloadVerdict.UNPARSEABLE
    assert grafana.send("elsewhere", FIRING)[0].status == 404
    assert grafana.look("").status == 404


def signed(secret: bytes, *, at: datetime | None = None) -> dict[str, str]:
    timestamp = None if at is None else str(int(at.timestamp()))
    headers = {"x-grafana-alerting-signature": signature(secret, body=FIRING, timestamp=timestamp)}
    return headers if timestamp is None else headers | {"x-grafana-alerting-timestamp": timestamp}


def test_a_signature_is_taken_with_or_without_its_time() -> None:
    RECEIVER.check(request("", FIRING, headers=signed(SECRET)), secret=SECRET)
    RECEIVER.check(request("", FIRING, headers=signed(SECRET, at=AT)), secret=SECRET)
    RECEIVER.check(request("", FIRING), secret=None)
    by_another_name = signed(SECRET, at=AT)
    by_another_name["x-signed-at"] = by_another_name.pop("x-grafana-alerting-timestamp")
    RECEIVER.check(request("", FIRING, headers=by_another_name), secret=SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(b"another"),
        signed(SECRET, at=AT - timedelta(minutes=6)),
        signed(SECRET, at=datetime(2031, 1, 1, tzinfo=UTC)),
        signed(SECRET) | {"x-grafana-alerting-timestamp": str(int(AT.timestamp()))},
        {"x-grafana-alerting-signature": "ä"},
        {
            "x-grafana-alerting-signature": signature(
                SECRET, body=FIRING, timestamp=str(int(AT.timestamp()) - 360)
            ),
            "x-signed-at": str(int(AT.timestamp()) - 360),
            "x-another": str(int(AT.timestamp())),
        },
    ],
)
def test_a_signature_that_is_missing_wrong_or_old_is_not_taken(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic):
        RECEIVER.check(request("", FIRING, headers=headers), secret=SECRET)
