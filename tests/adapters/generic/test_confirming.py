"""A subscription of Amazon SNS is confirmed for allowed topics only, and only when it is signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.adapters.neighbouring import AT, Neighbour, connector, neighbour, request
from tocsin.adapters.generic.confirming import FetchFailed
from tocsin.adapters.generic.receiver import SnsReceiver
from tocsin.adapters.generic.sns import message
from tocsin.core.connector_words import ConnectorKind
from tocsin.handler.arrival import PayloadVerdict

PAYLOADS = Path(__file__).parent / "payloads"
TOPIC = "arn:aws:sns:eu-central-1:210987654321:tocsin"
HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
SNS = connector(ConnectorKind.SNS)


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def certificate(*, until: datetime = AT + timedelta(days=1)) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(until)
        .sign(key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def subscription(*, version: str = "2", **changes: Any) -> bytes:
    document = json.loads((PAYLOADS / "sns_subscription.json").read_bytes())
    document |= {"SignatureVersion": version, "Signature": "", **changes}
    if "Signature" not in changes:
        text = message(json.dumps(document).encode()).signed.text
        signature = key().sign(text, padding.PKCS1v15(), HASHES.get(version, hashes.SHA256()))
        document["Signature"] = base64.b64encode(signature).decode()
    return json.dumps(document).encode()


@dataclass
class Amazon:
    """Answers as Amazon's hosts would, and remembers who was asked."""

    certificate: bytes = field(default_factory=certificate)
    is_there: bool = True
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if not self.is_there:
            raise FetchFailed("sns.eu-central-1.amazonaws.com cannot be reached")
        return self.certificate if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"


def visits(amazon: Amazon, body: bytes, *, topics: tuple[str, ...] = (TOPIC,)) -> list[str]:
    """Where the errand of *body* leads, besides to the certificate."""
    receiver = SnsReceiver(topics=topics, fetch=amazon)
    errand = receiver.errand(request("", body, at=AT), SNS)
    if errand is not None:
        errand()
    return [url for url in amazon.asked if not url.endswith(".pem")]


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_subscription_of_an_allowed_topic_is_confirmed(version: str) -> None:
    amazon = Amazon()
    body = subscription(version=version)

    assert visits(amazon, body) == [json.loads(body)["SubscribeURL"]]


def test_a_topic_that_is_not_allowed_is_not_even_looked_at() -> None:
    amazon = Amazon()

    assert visits(amazon, subscription(), topics=()) == []
    assert visits(amazon, subscription(), topics=(TOPIC + "x",)) == []
    assert amazon.asked == []


def other_text() -> bytes:
    document = json.loads(subscription())
    return json.dumps({**document, "Token": "another"}).encode()


@pytest.mark.parametrize(
    "body",
    [
        other_text(),
        subscription(Signature="AAAA"),
        subscription(Signature="not base64!"),
        subscription(version="3"),
        subscription(SigningCertURL="https://sns.eu-central-1.amazonaws.com.evil.example/c.pem"),
        subscription(SigningCertURL="https://sns.eu-central-1.amazonaws.com/c.txt"),
        subscription(SigningCertURL="http://sns.eu-central-1.amazonaws.com/c.pem"),
    ],
)
def test_what_is_not_signed_by_amazon_is_not_confirmed(body: bytes) -> None:
    amazon = Amazon()

    assert visits(amazon, body) == []
    assert all("evil" not in url and url.startswith("https:") for url in amazon.asked)


@pytest.mark.parametrize(
    "amazon",
    [
        Amazon(is_there=False),
        Amazon(certificate=b"none"),
        Amazon(certificate=certificate(until=AT - timedelta(hours=1))),
    ],
)
def test_without_a_certificate_that_holds_nothing_is_confirmed(amazon: Amazon) -> None:
    assert visits(amazon, subscription()) == []


@pytest.fixture
def sns(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(
        tmp_path,
        ConnectorKind.SNS,
        receiver=lambda: SnsReceiver(topics=(TOPIC,), fetch=Amazon()),
    ) as made:
        yield made


def test_what_is_said_about_a_subscription_waits_in_the_inbox(sns: Neighbour) -> None:
    reply, asked = sns.send("", subscription())
    assert reply.status == 200
    assert asked.verdict is PayloadVerdict.UNATTACHED
    assert f"{TOPIC} asks to post here" in asked.reason

    over = subscription(Type="UnsubscribeConfirmation")
    assert "posts here no more" in sns.send("", over)[1].reason
    assert SnsReceiver(topics=(TOPIC,), fetch=Amazon()).errand(request("", over), SNS) is None
    elsewhere = subscription(SubscribeURL="https://evil.example/", Signature="AAAA")
    reply, accounted = sns.send("", elsewhere)
    assert (reply.status, accounted.verdict) == (422, PayloadVerdict.UNPARSEABLE)


def test_an_alarm_that_names_a_confirmation_is_an_alarm_still(sns: Neighbour) -> None:
    alarm = json.loads((PAYLOADS / "sns_alarm.json").read_bytes())
    alarm["Subject"] = "SubscriptionConfirmation"

    _, opened = sns.send("", alarm)
    assert opened.verdict is PayloadVerdict.CREATED
    receiver = SnsReceiver(topics=(TOPIC,), fetch=Amazon())
    assert receiver.errand(request("", alarm), SNS) is None
