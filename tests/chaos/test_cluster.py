"""A cluster broken in every way keeps what it acknowledged and tells everybody; the judge sees."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from bench import cluster
from bench.cluster_chaos import plan
from bench.cluster_judging import judge_deliveries, judge_log
from bench.cluster_ledger import MARK, Ledger, Write
from bench.cluster_receiver import TAKEN, Arrival, Temper, arrivals
from tests.servers.postgres import QUICK


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    outcome = cluster.run(tmp_path, events=300, seed=3, settings=QUICK, say=print)

    assert {name: found for name, found in outcome.troubles.items() if found} == {}
    assert outcome.not_taken_over == 0
    assert outcome.stops_told == outcome.kills["standby"]
    assert outcome.stop_exits == (0, 0, 0, 0)
    assert outcome.check_passed, outcome.check_output
    assert outcome.record.repeated > 0
    assert outcome.deliveries.not_taken.total() > 0
    assert outcome.is_sound


def test_a_plan_has_everything_and_follows_from_the_chance() -> None:
    steps = plan(300, random.Random(5))

    assert set(steps) == {"gateway", "dispatcher", "failover", "standby"}
    assert steps == plan(300, random.Random(5))
    full = plan(10_000, random.Random(5))
    assert len(full) > 40
    assert full.count("pause") == full.count("failover") > 1


def _event(number: int, text: str, *, stream: str = "incident:1") -> dict[str, Any]:
    return {"id": f"e{number}", "stream": stream, "data": {"body": f"{MARK} {text}."}}


def _ledger(*keys: str) -> Ledger:
    ledger = Ledger(doors=(), token="")
    for key in keys:
        ledger.writes[key] = Write(key=key, path="", body={}, named="id")
    return ledger


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    ledger = _ledger("a-1", "a-2")
    ledger.answered(ledger.writes["a-1"], "u1")
    ledger.answered(ledger.writes["a-2"], "u2")

    assert judge_log(ledger, [_event(1, "a-1")]).lost == ("a-2",)


def test_a_key_that_made_two_facts_is_seen() -> None:
    ledger = _ledger("a-1")

    judged = judge_log(ledger, [_event(1, "a-1"), _event(2, "a-1")])

    assert judged.made_twice == ("a-1",)
    assert judged.acknowledged == 0


def test_a_key_that_was_answered_differently_is_seen() -> None:
    ledger = _ledger("a-1")
    ledger.answered(ledger.writes["a-1"], "u1")
    ledger.answered(ledger.writes["a-1"], "u2")

    assert judge_log(ledger, [_event(1, "a-1")]).answered_differently == ("a-1",)


def _arrival(number: int, *, answer: str = TAKEN, delivery: str = "", version: int = 0) -> Arrival:
    return Arrival(
        path="/a",
        delivery=delivery or f"d{number}",
        answer=answer,
        event=f"e{number}",
        stream="incident:1",
        position=number,
        version=version or number,
    )


LOG = [_event(1, "a-1"), _event(2, "a-2")]


def test_deliveries_that_came_in_order_are_sound_however_often() -> None:
    judged = judge_deliveries(
        LOG,
        [_arrival(1, answer="error"), _arrival(1), _arrival(1), _arrival(2)],
        paths=("/a",),
    )

    assert not any(judged.troubles.values())
    assert (judged.arrived, judged.duplicates, judged.not_taken["error"]) == (2, 1, 1)


def test_a_delivery_that_was_never_taken_is_missing() -> None:
    judged = judge_deliveries(LOG, [_arrival(1), _arrival(2, answer="dropped")], paths=("/a", "/b"))

    assert judged.missing == ("/a e2", "/b e1", "/b e2")


def test_a_later_fact_before_an_earlier_one_is_out_of_order() -> None:
    judged = judge_deliveries(
        LOG, [_arrival(1, answer="error"), _arrival(2), _arrival(1)], paths=("/a",)
    )

    assert len(judged.out_of_order) == 2


def test_another_id_for_the_same_fact_is_seen() -> None:
    again = judge_deliveries(LOG, [_arrival(1), _arrival(1, delivery="x")], paths=("/a",))
    shared = judge_deliveries(LOG, [_arrival(1), _arrival(2, delivery="d1")], paths=("/a",))

    assert len(again.other_id) == 1
    assert len(shared.other_id) == 1


def test_a_fact_that_is_not_in_the_log_is_unheard_of() -> None:
    judged = judge_deliveries(LOG, [_arrival(1), _arrival(2), _arrival(3)], paths=("/a",))

    assert judged.unheard_of == ("e3",)


def test_the_receiver_is_steady_rough_or_out_as_the_path_says() -> None:
    temper = Temper(seed=1, outage_every=10)

    def manners(path: str) -> list[str]:
        return [temper.manner(path, f"d{number}") for number in range(200)]

    assert set(manners("/steady")) == {TAKEN}
    rough = manners("/rough-1")
    assert 0 < sum(one != TAKEN for one in rough) < 40
    out = [one != TAKEN for one in manners("/outage")]
    assert out[:10] == [False] * 10
    assert out[10:16] == [True] * 6
    assert not out[16]


def test_the_same_seed_gives_the_same_answers() -> None:
    first, second = (Temper(seed=4, outage_every=10) for _ in range(2))

    for number in range(100):
        assert first.manner("/rough-1", f"d{number}") == second.manner("/rough-1", f"d{number}")


def test_a_half_written_last_line_is_no_arrival(tmp_path: Path) -> None:
    record = tmp_path / "arrivals"
    record.write_text('["/a", "d1", "taken", "e1", "incident:1", 7, 1]\n["/a", "d2"')

    assert list(arrivals(record)) == [
        Arrival(
            path="/a",
            delivery="d1",
            answer=TAKEN,
            event="e1",
            stream="incident:1",
            position=7,
            version=1,
        )
    ]
