"""How devices and links are on the page and as JSON: three words, the worst by name, and small."""

from __future__ import annotations

import json
from dataclasses import replace
from time import perf_counter

from tests.web.status import pictures
from tocsin.core.provisioning.public_facts import PublicFact, PublicState
from tocsin.web.status import addresses, forms, pages
from tocsin.web.status.network import MOST_NAMED, network_json
from tocsin.web.status.pages import Addresses
from tocsin.web.status.view import PageView

SERVED = Addresses.served(pictures.URL)
MOST_BYTES = 60_000
"""Of a page with all that it loads."""


def fact(
    number: int, *, kind: str = "link", state: PublicState = PublicState.HEALTHY
) -> PublicFact:
    since = None if state is PublicState.HEALTHY else pictures.NOW - number * pictures.MINUTE
    return PublicFact(code=f"{kind}-{number:04d}", kind=kind, state=state, since=since)


def showing(*facts: PublicFact) -> PageView:
    return replace(pictures.several(), network=facts)


def large(*, troubled: int) -> PageView:
    """A thousand devices and five thousand links, of which the first are in trouble."""
    states = [PublicState.INCIDENT] * troubled
    links = (
        fact(at, state=states[at] if at < troubled else PublicState.HEALTHY) for at in range(5_000)
    )
    return showing(*(fact(at, kind="device") for at in range(1_000)), *links)


def test_a_page_that_does_not_show_it_has_nothing_of_it() -> None:
    page = pictures.several()

    assert 'id="network"' not in pages.status_page(page, SERVED)
    assert addresses.NETWORK not in pages.status_page(page, SERVED)
    assert addresses.NETWORK not in [*forms.names(page)]
    assert forms.form(page, addresses.NETWORK, SERVED) is None
    assert forms.is_machine_form(addresses.NETWORK)


def test_the_page_counts_all_and_names_who_is_not_healthy() -> None:
    page = showing(
        fact(1, kind="device"),
        fact(2, state=PublicState.MAINTENANCE),
        fact(3, state=PublicState.INCIDENT),
        fact(4),
        fact(5, state=PublicState.INCIDENT),
    )

    html = pages.status_page(page, SERVED)

    part = html[html.index('id="network"') :]
    for words in ("1 healthy", "2 with an incident", "1 in maintenance"):
        assert words in part
    named = [part.index(f"link-{number:04d}") for number in (3, 5, 2)]
    assert named == sorted(named)
    assert "link-0004" not in html
    assert 'href="/status/ring/network.json"' in part


def test_the_json_has_all_of_them_and_four_fields_of_each() -> None:
    page = showing(fact(1, kind="device"), fact(3, state=PublicState.INCIDENT))
    assert page.network is not None

    told = json.loads(network_json(page, page.network).body)

    assert told["counts"]["device"] == {"healthy": 1, "maintenance": 0, "incident": 0}
    assert told["counts"]["link"] == {"healthy": 0, "maintenance": 0, "incident": 1}
    assert told["assets"] == [
        {"code": "device-0001", "kind": "device", "state": "healthy", "since": None},
        {
            "code": "link-0003",
            "kind": "link",
            "state": "incident",
            "since": "2026-11-20T14:02:30.123Z",
        },
    ]
    form = forms.form(page, addresses.NETWORK, SERVED)
    assert form is not None
    assert form.open
    assert addresses.NETWORK in [*forms.names(page)]


def test_a_network_without_anything_in_service_says_so() -> None:
    assert "No device or link is in service." in pages.status_page(showing(), SERVED)


def test_a_large_network_in_trouble_makes_no_large_page() -> None:
    loaded = sum(len(pages.asset(name)) for name in ("tocsin.css", "status.js", "operational.svg"))
    calm, bad = (pages.status_page(large(troubled=some), SERVED) for some in (0, 4_000))

    assert loaded + len(bad.encode()) < MOST_BYTES
    assert len(bad) - len(calm) < 6_000
    assert f"and {4_000 - MOST_NAMED} more" in bad


def test_a_large_network_is_printed_in_no_time() -> None:
    page = large(troubled=4_000)
    assert page.network is not None
    began = perf_counter()
    pages.status_page(page, SERVED)
    body = network_json(page, page.network).body
    assert perf_counter() - began < 1.0
    assert len(body) < 600_000
