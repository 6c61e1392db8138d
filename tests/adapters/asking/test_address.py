"""Addresses as operators write them: where they lead, and what is none."""

from __future__ import annotations

import pytest

from tocsin.adapters.asking.address import address_of, checked_headers


@pytest.mark.parametrize(
    ("url", "below", "shown", "port", "target"),
    [
        ("http://example.net", "", "example.net", 80, "/"),
        ("https://example.net/", "", "example.net", 443, "/"),
        ("https://example.net:8443/rpc/key?x=1", "", "example.net:8443", 8443, "/rpc/key?x=1"),
        ("http://example.net", "/query", "example.net", 80, "/query"),
        ("http://example.net/below/", "/query", "example.net", 80, "/below/query"),
        ("http://[2001:db8::1]:8086", "/query", "[2001:db8::1]:8086", 8086, "/query"),
        ("https://[2001:db8::1]", "", "[2001:db8::1]", 443, "/"),
    ],
)
def test_where_an_address_leads(url: str, below: str, shown: str, port: int, target: str) -> None:
    address = address_of(url, below=below)

    assert (address.shown, address.port, address.target) == (shown, port, target)


@pytest.mark.parametrize("below", ["", "/query"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "ftp://example.net/secret",
        "https://",
        "https://user:secret@example.net/",
        "https://example.net/#secret",
        "https://example.net/se cret",
        "https://example.net/sécret",
        "https://example.net\r\nsecret: yes",
        "https://[::1",
        "https://example.net:99999/secret",
        "https://example.net:secret/",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str, below: str) -> None:
    with pytest.raises(ValueError, match="give an address") as refused:
        address_of(url, below=below)

    assert "cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_nothing_is_asked_below_an_address_with_a_query() -> None:
    with pytest.raises(ValueError, match="without a query"):
        address_of("https://example.net/?key=secret", below="/query")


def test_the_key_in_an_address_is_not_shown() -> None:
    assert "secret" not in repr(address_of("https://example.net/secret"))


@pytest.mark.parametrize("value", ["a\r\nx: y", "schlüssel", "\x00", "k" * 4_129])
def test_a_header_that_cannot_be_sent_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ValueError, match="authorization") as refused:
        checked_headers({"accept": "all", "authorization": value})

    assert value not in str(refused.value)
