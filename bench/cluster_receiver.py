"""A webhook receiver that misbehaves on purpose, and writes down every arrival in order.

What it answers follows from the seed, the path, the delivery and how often that delivery has come;
so a run can be made again. A path that begins with ``/rough`` is answered wrongly now and then; one
that begins with ``/outage`` not at all for a while, again and again; any other always with 204.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

TAKEN: Final = "taken"
MANNERS: Final = {
    "error": 4,
    "too_many": 3,
    "dropped_unread": 3,
    "dropped": 3,
    "hangs": 1,
}
"""Ways not to take a delivery, by how often each is chosen."""

ROUGH_SHARE: Final = 0.06
"""Share of the arrivals at a rough path that are not taken."""

OUTAGE_LENGTH: Final = 6
"""Arrivals that an outage lasts: three to be taken for one, and a few probes."""

HANG_SECONDS: Final = 6.0
"""Longer than one send may take."""

_ANSWERS: Final = {
    "no_delivery": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    TAKEN: b"HTTP/1.1 204 No Content\r\n\r\n",
    "error": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    "too_many": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: where, which delivery, what it told of, and what was answered to it.

    The event's fields are empty where the body was not read.
    """

    path: str
    delivery: str
    answer: str
    event: str = ""
    stream: str = ""
    position: int = 0
    version: int = 0


def arrivals(record: Path) -> Iterator[Arrival]:
    """What a receiver has written down, in the order in which it came."""
    with record.open(encoding="utf-8") as lines:
        for line in lines:
            # A last line may be half written.
            if line.endswith("\n"):
                yield Arrival(*json.loads(line))


@dataclass(slots=True)
class Temper:
    """Decides what each arrival is answered."""

    seed: int
    outage_every: int
    came: Counter[tuple[str, str]] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def manner(self, path: str, delivery: str) -> str:
        """What this arrival gets: ``taken``, or one of :data:`MANNERS`."""
        self.came[path, delivery] += 1
        chance = random.Random(f"{self.seed} {path} {delivery} {self.came[path, delivery]}")
        if path.startswith("/rough") and chance.random() < ROUGH_SHARE:
            return _one_of(chance)
        if path.startswith("/outage"):
            if self.left[path]:
                self.left[path] -= 1
                return _one_of(chance)
            if (self.taken[path] + 1) % self.outage_every == 0:
                self.left[path] = OUTAGE_LENGTH
        self.taken[path] += 1
        return TAKEN


def _one_of(chance: random.Random) -> str:
    return chance.choices(tuple(MANNERS), weights=tuple(MANNERS.values()))[0]


@dataclass(slots=True)
class Receiver:
    """Takes connections, and writes what arrives to *record*."""

    temper: Temper
    record: TextIO

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        # A sender that is killed leaves its connections as they are.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                pass
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read a request and do with it what the temper says; whether there may be another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split(" ", 2)
        if method != "POST":
            # Somebody asks whether this is up.
            writer.write(_ANSWERS["no_delivery"])
            return True
        headers = dict(_header(line) for line in head.split("\r\n")[1:-2])
        delivery = headers["webhook-id"]
        manner = self.temper.manner(path, delivery)
        if manner == "dropped_unread":
            self._note(Arrival(path=path, delivery=delivery, answer=manner))
            return False
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self._note(_arrival(path, delivery, manner, body["data"]["event"]))
        if manner == "dropped":
            return False
        if manner == "hangs":
            await asyncio.sleep(HANG_SECONDS)
            return False
        writer.write(_ANSWERS[manner])
        await writer.drain()
        return True

    def _note(self, one: Arrival) -> None:
        # Before it is answered: what was acknowledged to a sender is always written down.
        noted = (one.path, one.delivery, one.answer, one.event, one.stream)
        self.record.write(json.dumps((*noted, one.position, one.version)) + "\n")
        self.record.flush()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _arrival(path: str, delivery: str, answer: str, event: dict[str, Any]) -> Arrival:
    return Arrival(
        path=path,
        delivery=delivery,
        answer=answer,
        event=event["id"],
        stream=event["stream"],
        position=event["position"],
        version=event["version"],
    )


async def _serve(port: int, receiver: Receiver) -> None:
    server = await asyncio.start_server(receiver.attend, "127.0.0.1", port, limit=1_048_576)
    async with server:
        await server.serve_forever()


def main() -> int:
    """Receive on the given port until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster_receiver", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--outage-every", type=int, default=1_000)
    arguments = parser.parse_args()
    temper = Temper(seed=arguments.seed, outage_every=arguments.outage_every)
    with arguments.record.open("a", encoding="utf-8") as record:
        asyncio.run(_serve(arguments.port, Receiver(temper=temper, record=record)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
