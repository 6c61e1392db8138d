"""What Amazon SNS says about itself, and what only pretends to be from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.adapters.generic.sns import (
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
    is_amazons,
    message,
)
from tocsin.core.ingestion import Unreadable

PAYLOADS = Path(__file__).parent / "payloads"
TOPIC = "arn:aws:sns:eu-central-1:210987654321:tocsin"


def changed(name: str, **changes: object) -> bytes:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    return json.dumps({**document, **changes}).encode()


def test_a_subscription_waits_to_be_confirmed() -> None:
    said = message(changed("sns_subscription"))

    assert isinstance(said, SubscriptionConfirmation)
    assert said.topic_arn == TOPIC
    assert said.subscribe_url == (
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
        f"&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2"
    )
    assert is_amazons(said.signed.certificate_url)
    assert said.signed.version == "1"


def test_what_is_signed_of_a_subscription() -> None:
    lines = message(changed("sns_subscription", Message="Hello")).signed.text.decode().split("\n")

    assert lines[::2] == [
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
        "",
    ]
    assert lines[1] == "Hello"
    assert lines[-2] == "SubscriptionConfirmation"


def test_what_is_signed_of_a_notification() -> None:
    with_subject = message(changed("sns_text", Message="Hello", Subject="S")).signed.text
    without = message(changed("sns_text", Message="Hello")).signed.text

    assert with_subject == (
        b"Message\nHello\nMessageId\ne9a0c8de-1c9f-5d50-bb3a-6a5b4c3d2e1f\nSubject\nS\n"
        b"Timestamp\n2026-11-21T03:00:00.000Z\n"
        b"TopicArn\narn:aws:sns:eu-central-1:210987654321:tocsin\nType\nNotification\n"
    )
    assert without == with_subject.replace(b"Subject\nS\n", b"")


def test_the_other_messages() -> None:
    ended = message(changed("sns_subscription", Type="UnsubscribeConfirmation"))

    assert isinstance(message(changed("sns_alarm")), Notification)
    assert isinstance(ended, UnsubscribeConfirmation)


@pytest.mark.parametrize(
    "changes",
    [
        {"Type": "Other"},
        {"Type": 3},
        {"TopicArn": "arn:aws:sqs:eu-central-1:210987654321:tocsin"},
        {"TopicArn": "tocsin"},
        {"SubscribeURL": None},
        {"SubscribeURL": "https://sns.eu-central-1.amazonaws.com.example/"},
        {"SubscribeURL": "http://sns.eu-central-1.amazonaws.com/"},
    ],
)
def test_what_only_pretends_is_unreadable(changes: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        message(changed("sns_subscription", **changes))


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.eu-central-1.amazonaws.com/x.pem",
        "https://sns.us-gov-west-1.amazonaws.com/x.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        "https://sns.ap-southeast-2.amazonaws.com:443/x.pem",
    ],
)
def test_addresses_of_amazon(address: str) -> None:
    assert is_amazons(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com:8443/",
        "https://a@sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com@evil.example/",
        "https://evil.example/sns.eu-central-1.amazonaws.com",
        "https://sns.eu-central-1.amazonaws.com.evil.example/",
        "https://bucket.s3.amazonaws.com/x.pem",
        "https://sns.evil.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com\\@evil.example/",
        "https://[::1/",
        "https://sns.eu-central-1.amazonaws.com:x/",
        "https://sns.eu-central-1.amazonaws.com/\n",
        "https://sns.eu-central-1.amazonaws.com/" + "x" * 2_000,
    ],
)
def test_addresses_that_are_not(address: str) -> None:
    assert not is_amazons(address)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_anything_is_read_or_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        message(body)


@given(st.text())
def test_any_address_is_judged(address: str) -> None:
    assert is_amazons("https://" + address) in {True, False}
