"""A rolling upgrade at a small size: from this very release, for want of an older one here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.rolling import roll

HERE = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_two_releases_side_by_side_lose_nothing(tmp_path: Path) -> None:
    said = roll(HERE, folder=tmp_path, tickets=10)

    assert [line.partition(": ")[0] for line in said[:5]] == ["10 tickets and updates"] * 5
    assert said[5].startswith("150 deliveries arrived, all in order")
    assert said[6].endswith("are sound")
