"""The pages show the evidence that readiness rests on, as a source of telemetry told it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.provisioning.town import (
    CYOA,
    DAY,
    DIA,
    SIDE_A,
    SIDE_Z,
    START,
    Town,
    explainer,
    furnish,
    lay,
)
from tests.web.dashboard.browsing import Browser, Desk, desk
from tests.web.dashboard.network.test_network import text_of
from tocsin.adapters.rest.explaining import Explaining
from tocsin.core.provisioning.device_criteria import DEVICE_CRITERIA, INTERFACE_CRITERIA
from tocsin.core.provisioning.link_criteria import LINK_CRITERIA
from tocsin.web.dashboard.network.words import is_criterion

LINE = "/network/links/line"
BOX = "/network/devices/ams-1"


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def at_town(tmp_path: Path, town: Town) -> Iterator[Desk]:
    """A dashboard whose readiness asks the town."""
    with desk(
        tmp_path, explaining=lambda house: Explaining(explain=explainer(house, town).explain)
    ) as made:
        lay(made.house)
        yield made


@pytest.fixture
def owner(at_town: Desk) -> Browser:
    made = Browser(at_town)
    made.sign_in("owner")
    return made


def test_both_sides_of_a_link_are_drawn_with_what_went_wrong(owner: Browser, town: Town) -> None:
    town.carry(SIDE_Z, start=START, minutes=DAY + 30)
    town.carry(SIDE_A, start=START, minutes=DAY - 61, errors_at=DAY - 90)

    page = owner.get(LINE).text

    assert page.count('<figure class="course">') == 2
    assert 'aria-labelledby="side_a-0-t side_a-0-d"' in page
    told = text_of(page)
    assert "Ethernet1 of ams-1: octets and errors" in told
    assert "1 error, from 09:59." in told
    assert "octets, at most 60 k in 30 minutes 1 error" in told
    assert "1 error octets not sampled for 90 minutes, 90 minutes not heard" in told
    assert re.search(r"Ethernet2 of fra-1 octets, at most 60 k in 30 minutes no error", told)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_device_shows_its_interfaces_its_agents_and_its_tests(
    owner: Browser, town: Town, at_town: Desk
) -> None:
    furnish(at_town.house)
    town.carry(SIDE_A, DIA, CYOA, start=START, minutes=DAY + 30)
    town.run(start=START, minutes=DAY - 1)

    told = text_of(owner.get(BOX).text)

    for said in (
        "Ethernet8 of ams-1 octets, at most 60 k in 30 minutes no error",
        "Ethernet1 of ams-1 octets",
        "config agent of ams-1 well in 1,410 minutes not known in 30 minutes",
        "QA tests of ams-1 passed in 1,410 minutes no test",
        "samples of ams-1 well in 1,440 minutes",
    ):
        assert said in told, said


def test_while_a_source_is_silent_nothing_is_drawn(owner: Browser, town: Town) -> None:
    town.silent = "it does not answer"

    page = owner.get(LINE).text

    assert "town is silent: it does not answer" in page
    assert "<figure" not in page


def test_every_criterion_has_its_words() -> None:
    """What is told of a reason begins with them; one without would stand as the API writes it."""
    named = {*DEVICE_CRITERIA, *INTERFACE_CRITERIA, *LINK_CRITERIA}
    assert {name for name in named if not is_criterion(name)} == set()
