"""States that are not decoded again: the same as a fresh reading, bounded, from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.records import Service
from tocsin.store.remembering import Remembered

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def service(name: str) -> Service:
    return Service(id=name, code=name, name=name, created_at=NOON, updated_at=NOON, version=1)


def test_what_is_kept_is_found_by_its_sort_and_text() -> None:
    known = Remembered()
    api = service("api")
    known.keep("service", "{}", api)
    assert known.find("service", "{}") is api
    assert known.find("member", "{}") is None
    assert known.find("service", "{ }") is None


def test_what_was_not_asked_for_for_longest_is_forgotten() -> None:
    known = Remembered(characters=1_000)
    texts = [f"{number:010}" for number in range(100)]
    for text in texts:
        known.keep("service", text, service(text))
    assert all(known.find("service", text) for text in texts)
    known.find("service", texts[0])
    known.keep("service", "x" * 10, service("x"))
    assert known.find("service", texts[0]) is not None
    assert known.find("service", texts[1]) is None
    assert len(known) == 100


def test_a_text_that_would_push_out_many_is_not_kept() -> None:
    known = Remembered(characters=1_000)
    known.keep("service", "x" * 11, service("x"))
    assert known.find("service", "x" * 11) is None
    assert len(known) == 0


@given(st.lists(st.tuples(st.booleans(), st.text("ab", max_size=4)), max_size=60))
def test_it_never_holds_more_than_its_room_and_never_another_state(
    asked: list[tuple[bool, str]],
) -> None:
    known = Remembered(characters=400)
    kept: dict[str, Service] = {}
    for keep, text in asked:
        if keep:
            kept[text] = service(text or "empty")
            known.keep("service", text, kept[text])
        found = known.find("service", text)
        assert found is None or found is kept[text]
    held = [text for text in kept if known.find("service", text) is not None]
    assert sum(map(len, held)) <= 400
    assert len(held) == len(known)


def test_threads_that_keep_at_once_leave_it_within_its_room() -> None:
    known = Remembered(characters=5_000)

    def keep(thread: int) -> None:
        for number in range(2_000):
            text = f"{(thread * 7 + number) % 300:05}" * 4
            known.keep("service", text, service(text))
            assert known.find("service", text) in (None, service(text))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(keep, range(4)))
    assert len(known) == 250
