"""A server killed at random moments keeps what it acknowledged, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import chaos


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_made_twice(tmp_path: Path) -> None:
    outcome = chaos.run(tmp_path, kills=6, seed=5)

    assert outcome.unexpected == ()
    assert outcome.lost == ()
    assert outcome.listed_twice == ()
    assert outcome.made_twice == ()
    assert outcome.answered_differently == ()
    assert outcome.check_exit == 0, outcome.check_output
    assert outcome.is_sound
