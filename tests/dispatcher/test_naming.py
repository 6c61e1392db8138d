"""What deliveries and duties are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import NOON
from tocsin.core.ids import uuid7
from tocsin.dispatcher.naming import DUTIES, SHARDS, delivery_id, duty_of, read_delivery_id


@given(position=st.integers(1, 10**18 - 1), route=st.integers(0, 2**60))
def test_a_name_is_read_as_it_was_made(position: int, route: int) -> None:
    route_id = uuid7(NOON, route)
    assert read_delivery_id(delivery_id(position, route_id)) == (position, route_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dlv",
        "dlv_",
        "dlv_1",
        "dlv_1_",
        "dlv__route",
        "dlv_x_route",
        "dlv_-1_route",
        "dlv_+1_route",
        "dlv_1.5_route",
        "dlv_ 1_route",
        "dlv_٣_route",
        "dlv_²_route",
        "del_1_route",
        "DLV_1_route",
        f"dlv_{10**18}_route",
    ],
)
def test_what_is_no_name_is_not_read(text: str) -> None:
    assert read_delivery_id(text) is None


@given(st.text())
def test_any_text_is_read_or_not(text: str) -> None:
    found = read_delivery_id(text)
    assert found is None or found[0] >= 0


def test_every_route_has_one_duty_for_ever() -> None:
    routes = [uuid7(NOON, number) for number in range(500)]
    duties = [duty_of(route) for route in routes]
    assert duties == [duty_of(route) for route in routes]
    assert set(duties) == set(DUTIES)
    assert len(DUTIES) == SHARDS
    # It must not change between releases, while both run.
    assert duty_of("01a1f8d3-ea00-7000-8000-000000000027") == "delivery/1"
