"""Which addresses and names lead inside, in every spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.addresses import is_inside_name, is_public

INSIDE = (
    "10.0.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "ff0e::1",
    "2001:db8::1",
    "64:ff9b:1::808:808",
)
OUTSIDE = ("1.1.1.1", "100.128.0.1", "172.32.0.1", "192.169.0.1", "2606:4700:4700::1111")


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_address_outside_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(address=st.ip_addresses(v=4))
def test_what_an_address_is_carried_in_does_not_make_it_public(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    tunnelled = ipaddress.IPv6Address((0x2002 << 112) | (number << 80))

    assert is_public(mapped) == is_public(address)
    assert is_public(translated) == is_public(address)
    assert is_public(address) or not is_public(tunnelled)


@given(address=st.ip_addresses())
def test_an_address_is_judged_alike_as_a_host(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert is_inside_name(str(address)) == (not is_public(address))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost.",
        "a.localhost",
        "printer",
        "db.internal",
        "nas.local",
        "router.home.arpa",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "fe80::1%eth0",
        "",
        ".",
    ],
)
def test_a_name_that_leads_inside_is_known_by_its_spelling(host: str) -> None:
    assert is_inside_name(host)


@pytest.mark.parametrize(
    "host", ["hooks.example.net", "HOOKS.EXAMPLE.NET.", "localhost.example.net", "a1.example2.net"]
)
def test_other_names_may_lead_outside(host: str) -> None:
    assert not is_inside_name(host)
