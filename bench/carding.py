"""``python -m bench.carding``: kill −9 between sending a card to Slack and marking it as sent.

A ticket is opened, and the moment the local Slack has the message with its card the server is
killed: before it has the answer, or just after, as it happens; every other time Slack drops the
connection without an answer besides. Then the server is started again. At the end every ticket must
have exactly one card, and a reply that is said in its thread exactly once.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench import preparation, processes
from bench.processes import Served
from bench.tickets import INCIDENT, ORG
from tests.servers.slack import SIGNING_SECRET, Channel, LocalSlack, Message, local_slack

KILLS: Final = 100
PATIENCE: Final = 120.0
COMMENT: Final = "Next look in an hour."
LONGEST_AFTER: Final = 0.004
"""Seconds after Slack has the card until the kill, at most: around the answer and the mark."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: cards and first replies that every ticket has, and how many it should."""

    kills: int
    tickets: int
    cards: Counter[str]
    replies: Counter[str]

    @property
    def is_sound(self) -> bool:
        """Whether every ticket has one card, and one reply."""
        each = [self.cards.values(), self.replies.values()]
        return all(len(one) == self.tickets and set(one) == {1} for one in each)


def run(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Kill so many times; what is in Slack at the end.

    Raises:
        ProcessFailed: the server did not start, or a card never came.
    """
    luck = random.Random(seed)
    data = folder / "data"
    admin = preparation.found(data)
    port = processes.free_port()
    with local_slack(app=f"http://{processes.HOST}:{port}", echoes=False) as slack:
        # One a second is Slack's pace for a channel, and is kept by the sender itself.
        incidents = slack.channel("#contributor-incidents")
        opened: list[str] = []
        with _serving(folder, slack, port=port):
            preparation.furnish(port, admin=admin, matches={})
            processes.wait_for("routes", lambda: _routes(port, admin) == 2, within=PATIENCE)
        for number in range(kills):
            with _serving(folder, slack, port=port) as served:
                if number % 2:
                    slack.lose_answer("chat.postMessage")
                cards = len(_cards(incidents))
                opened.append(_open(port, admin))
                processes.wait_for("a card", partial(_is_more, incidents, cards), within=PATIENCE)
                time.sleep(luck.uniform(0.0, LONGEST_AFTER))
                served.process.kill()
                served.process.wait()
                slack.heal()
        with _serving(folder, slack, port=port):
            for ticket in opened:
                _comment(port, admin, ticket)
            processes.wait_for(
                "every reply",
                lambda: len(_replies(incidents)) >= len(opened),
                within=PATIENCE + 3 * len(opened),
            )
        return Outcome(
            kills=kills,
            tickets=len(opened),
            cards=Counter(_cards(incidents)),
            replies=Counter(_replies(incidents)),
        )


@contextmanager
def _serving(folder: Path, slack: LocalSlack, *, port: int) -> Iterator[Served]:
    served = processes.start(
        processes.serve_command(data=folder / "data", port=port),
        port=port,
        ready_path="/readyz",
        log=folder / "data.log",
        environment={
            "TOCSIN_SLACK_BOT_TOKEN": slack.home.token,
            "TOCSIN_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "TOCSIN_SLACK_API_URL": slack.base_url,
        },
    )
    try:
        yield served
    finally:
        processes.stop(served.process)


def _is_more(channel: Channel, than: int) -> bool:
    return len(_cards(channel)) > than


def _routes(port: int, admin: str) -> int:
    listed = processes.call(port, "GET", f"/v1/orgs/{ORG}/routes", token=admin)
    return len(processes.expect(listed, 200).body["items"])


def _open(port: int, admin: str) -> str:
    made = processes.call(port, "POST", f"/v1/orgs/{ORG}/tickets", token=admin, body=INCIDENT)
    return str(processes.expect(made, 201).body["id"])


def _comment(port: int, admin: str, ticket: str) -> None:
    at = f"/v1/orgs/{ORG}/tickets/{ticket}/updates"
    said = processes.call(port, "POST", at, token=admin, body={"body": COMMENT})
    processes.expect(said, 201)


def _cards(channel: Channel) -> list[str]:
    """The tickets of the cards in *channel*."""
    return [_ticket(one) for one in channel.of_bot() if one.metadata is not None]


def _replies(channel: Channel) -> list[str]:
    """The tickets in whose threads the comment was said."""
    return [
        _ticket(card)
        for card in channel.of_bot()
        for reply in channel.thread(card.ts)
        if COMMENT in reply.text
    ]


def _ticket(message: Message) -> str:
    assert message.metadata is not None
    return str(message.metadata["event_payload"]["ticket_id"])


def main() -> int:
    """Kill, and print what came of it; 1 when it is not sound."""
    parser = argparse.ArgumentParser(prog="python -m bench.carding", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as name:
        outcome = run(Path(name), kills=asked.kills, seed=asked.seed)
    print(
        f"{outcome.kills} kills: {outcome.cards.total()} cards and {outcome.replies.total()}"
        f" replies for {outcome.tickets} tickets"
    )
    print("sound" if outcome.is_sound else "NOT sound")
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
