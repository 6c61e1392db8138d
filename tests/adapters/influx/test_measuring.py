"""What measures the judging of a network measures, at a size that takes a moment."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.influx.measuring import measured


def test_a_small_network_is_judged(tmp_path: Path) -> None:
    found = measured(2, tmp_path)

    assert (found["links"], found["interfaces"]) == (10, 22)
    assert found["healthy"] == 10
    # Where the counters stood, and each half of an hour, however many devices there are.
    assert found["cold_queries"] == 49
    assert found["steady_queries_a_round"] <= 2
