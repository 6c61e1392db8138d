"""Whoever posts JSON of its own is read by the connector's mapping or the shipped one."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.neighbouring import connector, json_of, neighbour, request
from tocsin.adapters.generic.receiver import MappedReceiver
from tocsin.adapters.generic.shipped import SHIPPED
from tocsin.app.receivers import MAPPED, receivers
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ingestion import Unreadable
from tocsin.handler.arrival import PayloadVerdict
from tocsin.handler.receiving import NotAuthentic

PAYLOADS = Path(__file__).parent / "payloads"
MAPPING = {"summary": "what", "severity": "how_bad", "correlation_key": "about"}
SECRET = b"what the sender has"


def test_a_mapping_reads_what_is_sent_and_it_has_its_consequences(tmp_path: Path) -> None:
    with neighbour(tmp_path, ConnectorKind.GENERIC, mapping=MAPPING) as sender:
        sent = {"what": "Pump 3 is dry", "how_bad": "critical", "about": "pump-3"}
        reply, opened = sender.send("", sent)
        assert (reply.status, json_of(reply)["verdict"]) == (200, "created")
        assert sender.ticket(opened).title == "Pump 3 is dry"
        assert sender.send("", sent)[1].verdict is PayloadVerdict.DEDUPLICATED

        reply, accounted = sender.send("", {"how_bad": "critical"})
        assert reply.status == 422
        assert "mapping.summary" in json_of(reply)["message"]
        assert accounted.verdict is PayloadVerdict.UNPARSEABLE
        assert sender.send("elsewhere", sent)[0].status == 404
        assert sender.look("").status == 404


@pytest.mark.parametrize("kind", [kind for kind in MAPPED if kind.value in SHIPPED])
def test_a_shipped_mapping_is_used_unless_the_connector_has_one(kind: ConnectorKind) -> None:
    receiver = MappedReceiver(kind)
    payload = sorted(PAYLOADS.glob(f"{kind.value}_*.json"))[-1]
    sent = request("", payload.read_bytes())

    (signal, *_) = receiver.read(sent, connector(kind)).said
    assert isinstance(signal, SignalDraft)
    own = connector(kind, mapping={"summary": "'always this'"})
    (mine,) = receiver.read(sent, own).said
    assert isinstance(mine, SignalDraft)
    assert mine.summary == "always this" != signal.summary


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({}, "no mapping yet"),
        ({"summary": "what", "items": "list"}, "finds no signal"),
        ({"summary": "what", "later": "x"}, "this release"),
    ],
)
def test_a_mapping_that_yields_nothing_says_so(mapping: dict[str, str], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        MappedReceiver(ConnectorKind.GENERIC).read(
            request("", {"list": []}), connector(ConnectorKind.GENERIC, mapping=mapping)
        )


@pytest.mark.parametrize(
    ("kind", "header", "scheme"),
    [
        (ConnectorKind.GENERIC, "x-hub-signature-256", "sha256="),
        (ConnectorKind.SENTRY, "sentry-hook-signature", ""),
    ],
)
def test_what_is_signed_is_checked(kind: ConnectorKind, header: str, scheme: str) -> None:
    receiver, body = MappedReceiver(kind), b'{"a": 1}'
    right = hmac.new(SECRET, body, "sha256").hexdigest()

    def check(headers: dict[str, str], **given: Any) -> None:
        receiver.check(request("", given.get("body", body), headers=headers), secret=SECRET)

    check({header: scheme + right})
    for wrong in ({}, {header: ""}, {header: right[:-1] + "x"}, {header: "ß"}):
        with pytest.raises(NotAuthentic):
            check(wrong)
    with pytest.raises(NotAuthentic):
        check({header: scheme + right}, body=b'{"a": 2}')
    receiver.check(request("", body), secret=None)


def test_every_kind_has_a_receiver() -> None:
    assert receivers().keys() == {kind.value for kind in ConnectorKind}
