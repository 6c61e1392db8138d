"""What is sent is a signed CloudEvent in the shapes of the API; what is answered is judged."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.adapters.webhook.listening import HOST, Heard, Receiver, receiving, status
from tests.adapters.webhook.parcels import ROUTE, SECRET, opened, parcel, trial
from tests.handler.acting import NOON, House, pubkey
from tests.handler.laying import judge, lay, told
from tocsin.adapters.webhook.sender import LONGEST_EXCERPT, WebhookSender
from tocsin.adapters.webhook.signing import is_signed, key_of
from tocsin.core.instants import to_text
from tocsin.core.record_commands import CreateService
from tocsin.core.records import Record, Service
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
)
from tocsin.dispatcher.contract import Delivered, Refused, Retry, Verdict

ORG = "https://tocsin.example.org/v1/orgs/net"


@contextmanager
def sending(
    house: House,
    *,
    base_url: str | None = "https://tocsin.example.org/",
    allow_private: bool = True,
    seconds: float = 4.0,
) -> Iterator[WebhookSender]:
    """A sender that may send to this machine."""
    with closing(
        WebhookSender(
            store=house.store,
            clock=house.clock,
            allow_private=allow_private,
            base_url=base_url,
            seconds=seconds,
        )
    ) as sender:
        yield sender


def send(house: House, answer: bytes, **given: Any) -> Verdict:
    """Send to a receiver that answers so."""
    with receiving(answer) as receiver, sending(house, **given) as sender:
        return sender.send(opened(house, receiver.url))


def test_an_event_arrives_with_its_ticket_and_is_signed(home: House) -> None:
    with receiving() as receiver, sending(home) as sender:
        sent = opened(home, receiver.url)
        assert sender.send(sent) == Delivered()

    heard = receiver.only
    assert heard.headers["content-type"] == "application/cloudevents+json"
    assert heard.headers["webhook-id"] == sent.delivery_id
    assert heard.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert is_signed(
        key_of(SECRET),
        identity=sent.delivery_id,
        timestamp=int(NOON.timestamp()),
        body=heard.body,
        signatures=heard.headers["webhook-signature"],
    )
    told = json.loads(heard.body)
    data = told.pop("data")
    assert told == {
        "specversion": "1.0",
        "id": sent.event.id,
        "type": f"tocsin.{sent.event.kind}",
        "source": ORG,
        "subject": data["ticket"]["ref"],
        "time": to_text(sent.event.recorded_at),
        "datacontenttype": "application/json",
    }
    assert sorted(data) == ["event", "ticket"]
    assert data["event"]["position"] == sent.event.position
    assert data["event"]["actor"]["name"] == "owner"
    ticket = data["ticket"]
    assert (ticket["title"], ticket["severity"], ticket["status"]) == ("Fibre cut", "sev2", "open")
    assert ticket["contributor"] == {"code": "alpha", "name": "Alpha", "pubkey": pubkey(1)}
    assert ticket["devices"] == [{"pubkey": pubkey(11), "code": "ams-1", "contributor": "alpha"}]


def test_an_org_without_an_address_has_a_name(home: House) -> None:
    with receiving() as receiver, sending(home, base_url=None) as sender:
        sender.send(opened(home, receiver.url))

    assert json.loads(receiver.only.body)["source"] == "urn:tocsin:net"


def registered(house: House) -> tuple[Any, Any]:
    """A new device and a new link, as events with their states."""
    net = house.orgs["net"]
    device = house.system(
        "device",
        RegisterDevice(
            device_id=house.fresh(), pubkey=pubkey(21), code="par-1", contributor="alpha"
        ),
        org_id=net,
    )
    link = house.system(
        "link",
        RegisterLink(
            link_id=house.fresh(),
            pubkey=pubkey(31),
            code="ams-fra",
            contributor="alpha",
            link_type="wan",
            side_a=SideDraft(device="ams-1", interface="eth0"),
            side_z=SideDraft(device="fra-1", interface="eth7"),
        ),
        org_id=net,
    )
    return device, link


def test_a_change_of_health_says_from_what_to_what_and_why(home: House) -> None:
    lay(home, code="ams-fra")
    judge(home, "ams-fra", "impaired", "3 errors on side A")
    event, link = told(home, "ams-fra", "health_changed")
    with receiving() as receiver, sending(home) as sender:
        sent = replace(opened(home, receiver.url), event=event, state=link)
        assert sender.send(sent) == Delivered()

    heard = json.loads(receiver.only.body)
    assert (heard["type"], heard["subject"]) == ("tocsin.link.health_changed", "ams-fra")
    said = heard["data"]["event"]["data"]
    assert (said["health_from"], said["health_to"]) == ("unknown", "impaired")
    assert said["reasons"] == ["3 errors on side A"]
    assert heard["data"]["link"]["health"] == "impaired"


def test_events_of_devices_and_links_carry_these(home: House) -> None:
    device, link = registered(home)
    with receiving() as receiver, sending(home) as sender:
        for outcome in (device, link):
            assert isinstance(outcome.state, Record)
            sent = parcel(home, receiver.url, event=outcome.events[0], state=outcome.state)
            assert sender.send(sent) == Delivered()

    first, second = (json.loads(heard.body) for heard in receiver.heard)
    assert (first["subject"], sorted(first["data"])) == ("par-1", ["device", "event"])
    assert first["data"]["device"]["contributor"] == "alpha"
    assert (second["subject"], sorted(second["data"])) == ("ams-fra", ["event", "link"])
    assert second["data"]["link"]["side_z"] == {
        "device": "fra-1",
        "device_pubkey": pubkey(12),
        "interface": "eth7",
    }
    assert second["data"]["link"]["side_z_contributor"] == "beta"


def test_what_is_never_routed_is_not_sent(home: House) -> None:
    outcome = home.system(
        "service",
        CreateService(service_id=home.fresh(), code="dns", name="DNS"),
        org_id=home.orgs["net"],
    )
    assert isinstance(outcome.state, Service)
    with receiving() as receiver, sending(home) as sender, pytest.raises(TypeError):
        sender.send(parcel(home, receiver.url, event=outcome.events[0], state=outcome.state))

    assert receiver.heard == []


def test_a_test_says_that_it_is_one(home: House) -> None:
    with receiving() as receiver, sending(home) as sender:
        assert sender.try_out(trial(home, receiver.url)) == Delivered()

    heard = receiver.only
    assert is_signed(
        key_of(SECRET),
        identity="trial-1",
        timestamp=int(NOON.timestamp()),
        body=heard.body,
        signatures=heard.headers["webhook-signature"],
    )
    assert json.loads(heard.body) == {
        "specversion": "1.0",
        "id": "trial-1",
        "type": "tocsin.route.tested",
        "source": ORG,
        "subject": ROUTE,
        "time": "2026-11-20T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "test": True,
            "message": "This is a test. Nothing has happened.",
            "route": ROUTE,
            "route_name": "NOC",
        },
    }


@pytest.mark.parametrize("line", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
def test_whoever_says_yes_has_it(home: House, line: str) -> None:
    assert send(home, f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode()) == Delivered()


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "304 Same", "307 There", "308 There"])
def test_a_redirect_is_refused(home: House, line: str) -> None:
    number = line.split()[0]

    assert send(home, status(line, "Location: https://elsewhere.example.net/")) == Refused(
        f"redirects are not followed, and {number} was answered; change the address"
    )


@pytest.mark.parametrize("number", [400, 401, 403, 404, 410, 413, 422])
def test_a_no_is_a_no(home: House, number: int) -> None:
    assert send(home, status(f"{number} No", "Retry-After: 5")) == Refused(f"{number} was answered")


@pytest.mark.parametrize("number", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(home: House, number: int) -> None:
    assert send(home, status(f"{number} Later", body=b"busy")) == Retry(
        f"{number} was answered: busy"
    )


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("3601", 3600.0),
        ("9999999999", 3600.0),
        (format_datetime(NOON + timedelta(seconds=42), usegmt=True), 42.0),
        (format_datetime(NOON + timedelta(days=2), usegmt=True), 3600.0),
        (format_datetime(NOON - timedelta(days=2), usegmt=True), 0.0),
        ("Friday, 20-Nov-26 12:00:42 GMT", 42.0),
        ("Fri Nov 20 12:00:42 2026", 42.0),
        ("Fri, 99 Nov 2026 12:00:42 GMT", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_a_receiver_says_when_it_wants_to_be_asked_again(
    home: House, text: str, wish: float | None
) -> None:
    verdict = send(home, status("429 Too Many", f"Retry-After: {text}"))

    assert verdict == Retry("429 was answered", wish=wish)


def test_a_connection_that_drops_is_tried_again(home: House) -> None:
    def drop(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        return False

    with receiving(drop) as receiver, sending(home) as sender:
        verdict = sender.send(opened(home, receiver.url))

    assert verdict == Retry(f"{HOST} closed the connection without an answer")


def test_a_receiver_that_is_too_slow_is_tried_again(home: House) -> None:
    def wait(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        receiver.closing.wait(5.0)
        return False

    with receiving(wait) as receiver, sending(home, seconds=0.1) as sender:
        verdict = sender.send(opened(home, receiver.url))

    assert verdict == Retry(f"{HOST} did not answer in time")


@pytest.mark.parametrize("url", ["https://localhost/", "https://10.0.0.1/", "https://[::1]/"])
def test_what_leads_inside_is_refused(home: House, url: str) -> None:
    with sending(home, allow_private=False) as sender:
        verdict = sender.send(opened(home, url))

    assert isinstance(verdict, Refused)
    assert verdict.reason.endswith(" leads inside, where nothing is sent from here")


def test_plain_http_is_refused(home: House) -> None:
    with receiving() as receiver, sending(home, allow_private=False) as sender:
        verdict = sender.send(opened(home, receiver.url))

        assert isinstance(verdict, Refused)
        assert receiver.heard == []


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        (None, SECRET, "the route has no address to send to"),
        ("http://127.0.0.1/", None, "the route has no secret to sign with; give it one"),
        (
            "http://127.0.0.1/",
            b"open sesame",
            "the route's secret does not begin with whsec_; give it another",
        ),
    ],
)
def test_what_cannot_be_signed_or_addressed_is_not_sent(
    home: House, url: str | None, secret: bytes | None, reason: str
) -> None:
    with sending(home) as sender:
        assert sender.send(opened(home, url, secret=secret)) == Refused(reason)


def test_an_operator_sees_a_little_of_what_was_answered(home: House) -> None:
    words = "no \x1b[31mroom\u202e\r\n\tleft " + "é" * 1000
    verdict = send(home, status("400 No", body=words.encode() + b"\xff"))

    assert isinstance(verdict, Refused)
    shown = verdict.reason.removeprefix("400 was answered: ")
    assert shown.startswith("no [31mroom left éé")
    assert len(shown) == LONGEST_EXCERPT
    assert shown.isprintable()


def test_neither_a_path_nor_a_secret_gets_into_a_reason_or_the_log(
    home: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)

    def echo(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        path = heard.line.split()[1]
        connection.sendall(
            status("404 No", "Broken header", body=f"Cannot POST {path} there".encode())
        )
        return False

    with receiving(echo) as receiver, sending(home) as sender:
        url = f"http://{HOST}:{receiver.port}/hooks/T0K3N-OF-THE-PATH?key=S3CR3T-OF-THE-QUERY"
        verdict = sender.send(opened(home, url))

    assert verdict == Refused("404 was answered: Cannot POST /hooks/…?key=… there")
    logged = caplog.text + "".join(capfd.readouterr()) + repr(opened(home, None))
    for secret in ("T0K3N", "S3CR3T", SECRET.decode()):
        assert secret not in logged


def test_a_sender_gives_one_receiver_sixteen_at_once(home: House) -> None:
    with sending(home) as sender:
        assert (sender.pace.concurrent, sender.pace.per_second) == (16, None)
