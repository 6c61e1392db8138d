"""When its alerts are over, who has the last word on an incident (Domain: correlation)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.handler.acting import House
from tests.handler.hearing import alert, ask, neighbour, only
from tocsin.core.commands import ChangeStatus
from tocsin.core.words import Status

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("moved_to", ["acknowledged", "investigating", "mitigating", "monitoring"])
def test_who_moves_it_beyond_acknowledged_has_the_last_word(home: House, moved_to: str) -> None:
    am = neighbour(home)
    am.says(alert("disk"))
    ask(home, ChangeStatus(status=moved_to), only(home))

    am.says(alert("disk", state="resolved"))

    over = moved_to == "acknowledged"
    assert only(home).status is (Status.RESOLVED if over else Status(moved_to))


def test_who_reopens_it_has_the_last_word_and_a_connector_that_does_has_not(home: House) -> None:
    am = neighbour(home)
    am.says(alert("disk"))
    am.says(alert("disk", state="resolved"))
    ask(home, ChangeStatus(status="investigating"), only(home))
    am.says(alert("disk"))
    am.says(alert("disk", state="resolved"))
    assert only(home).status is Status.INVESTIGATING

    ask(home, ChangeStatus(status="resolved"), only(home))
    home.clock.pass_by(MINUTE)
    am.says(alert("disk", ts=home.clock()))
    assert only(home).status is Status.INVESTIGATING
    am.says(alert("disk", state="resolved"))
    assert only(home).status is Status.RESOLVED
