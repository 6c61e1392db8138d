"""Kills between sending a card and marking it, a few of them; ``make chaos`` does a hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.carding import run


@pytest.mark.slow
def test_a_server_killed_while_it_sends_cards_leaves_one_for_each_ticket(tmp_path: Path) -> None:
    outcome = run(tmp_path, kills=3, seed=7)

    assert outcome.is_sound, outcome
    assert outcome.tickets == 3
