"""Head and body of an answer go out together, and nothing of it is lost or held for long."""

from __future__ import annotations

import asyncio
from typing import cast

from tocsin.app.corking import Corked


class Wire:
    """A transport that remembers what it was given."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed_after = len(self.written)

    def is_closing(self) -> bool:
        return self.closed_after is not None

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


async def the_next_round() -> None:
    """Let the event loop do what was to be done soon."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(done.set_result, None)
    await done


def test_what_is_written_in_one_round_goes_out_as_one() -> None:
    wire = Wire()

    async def answer() -> None:
        corked = Corked(cast("asyncio.Transport", wire), asyncio.get_running_loop())
        corked.write(b"head ")
        corked.write(b"body")
        assert wire.written == []
        await the_next_round()
        assert wire.written == [b"head body"]
        corked.write(b"event 1")
        await the_next_round()
        corked.write(b"event 2")
        await the_next_round()
        assert wire.written[1:] == [b"event 1", b"event 2"]

    asyncio.run(answer())


def test_closing_writes_what_is_held_first_and_only_once() -> None:
    wire = Wire()

    async def answer() -> None:
        corked = Corked(cast("asyncio.Transport", wire), asyncio.get_running_loop())
        corked.write(b"goodbye")
        corked.close()
        await the_next_round()

    asyncio.run(answer())
    assert wire.written == [b"goodbye"]
    assert wire.closed_after == 1


def test_everything_else_is_the_transports_own() -> None:
    wire = Wire()
    corked = Corked(cast("asyncio.Transport", wire), cast("asyncio.AbstractEventLoop", None))
    assert corked.get_extra_info("peername") == "the peername"
    assert not corked.is_closing()
