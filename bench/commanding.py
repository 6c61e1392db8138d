"""Section ``slack``: how soon Slack is answered, and what becomes of it afterwards.

A server and a local Slack that keeps Slack's rules, which sends it slash commands at a steady pace
and signs them as Slack does: half open an incident, a quarter list, a quarter acknowledge one.
Every command has to be answered, every incident opened, and every person told. Then a long thread
becomes one incident, and the picker of an update is asked while there are thousands of tickets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import metrics, preparation, processes
from bench.asking import uncollected
from bench.exchange import exchange, request_parts, status_of
from bench.load import CREATED, quantile
from bench.report import Figure, under
from bench.tickets import INCIDENT_BODY, ORG
from tests.servers.slack import SIGNING_SECRET, Answer, Channel, LocalSlack, User, local_slack

SECTION: Final = "slack"
RATE: Final = 50.0
"""Slash commands a second."""

PEOPLE: Final = 32
"""Who type at once, at most."""

PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: commands, the first of them unmeasured, messages of the thread, tickets
    that a picker chooses from, and questions that it is asked."""

    commands: int
    unmeasured: int
    messages: int
    tickets: int
    questions: int


FULL: Final = Extent(commands=1_600, unmeasured=100, messages=1_000, tickets=5_000, questions=200)
QUICK: Final = Extent(commands=24, unmeasured=4, messages=30, tickets=60, questions=4)


@dataclass(frozen=True, slots=True)
class Desk:
    """A server that speaks to a Slack, and somebody there who may do everything."""

    slack: LocalSlack
    port: int
    keys: preparation.Keys
    person: User
    channel: Channel

    def ask(self, method: str, path: str, body: object = None) -> processes.Answer:
        """Ask the server itself."""
        at = f"/v1/orgs/{ORG}{path}"
        return processes.call(self.port, method, at, token=self.keys.admin, body=body)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """All of it, over an empty *folder*.

    Raises:
        ProcessFailed: something was not answered, not done or not told.
    """
    extent = QUICK if quick else FULL
    with _desk(folder) as desk:
        return [
            *_commands(desk, extent=extent),
            *_thread(desk, extent=extent),
            *_picker(desk, extent=extent),
        ]


@contextmanager
def _desk(folder: Path) -> Iterator[Desk]:
    data = folder / "data"
    admin = preparation.found(data)
    port = processes.free_port()
    with local_slack(app=f"http://{processes.HOST}:{port}", echoes=False) as slack:
        person = slack.user("anna")
        slack.channel("#contributor-incidents")
        slack.channel("#contributor-maintenance")
        channel = slack.channel("#general")
        told = {
            "TOCSIN_SLACK_BOT_TOKEN": slack.home.token,
            "TOCSIN_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "TOCSIN_SLACK_API_URL": slack.base_url,
        }
        command = processes.serve_command(data=data, port=port)
        served = processes.start(
            command, port=port, ready_path="/readyz", log=folder / "data.log", environment=told
        )
        try:
            keys = preparation.furnish(port, admin=admin, matches={})
            desk = Desk(slack, port, keys, person, channel)
            member = {"name": "Anna", "role": "org_admin", "slack_user_id": person.id}
            processes.expect(desk.ask("POST", "/members", member), 201)
            _until("the routes of Slack", lambda: len(desk.ask("GET", "/routes").body["items"]), 2)
            yield desk
        finally:
            processes.stop(served.process)


def _until(what: str, count: Callable[[], int], wanted: int) -> None:
    """Until *count* has come to *wanted*. Raises: ProcessFailed when it does not in time."""
    processes.wait_for(f"{wanted} {what}", lambda: count() >= wanted, within=PATIENCE)


# -- slash commands -------------------------------------------------------------------------------


def _commands(desk: Desk, *, extent: Extent) -> list[Figure]:
    opened = desk.ask("POST", "/tickets", _INCIDENT)
    ref = processes.expect(opened, 201).body["ref"]
    texts = [
        ("create Loss between Amsterdam and Frankfurt", "list", "create Fibre cut", f"ack {ref}")[
            number % 4
        ]
        for number in range(extent.commands)
    ]
    told_before = len(desk.slack.ephemerals_to(desk.person))
    taken: list[float] = []
    answered_last = 0.0
    with ThreadPoolExecutor(PEOPLE) as people:
        began = time.perf_counter()
        waiting = []
        for number, text in enumerate(texts):
            due = began + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append((due, people.submit(_typed, desk, text)))
        for number, (due, typed) in enumerate(waiting):
            answer, at = typed.result()
            if not answer.ok:
                raise processes.ProcessFailed(f"a command was answered {answer.failed}")
            answered_last = max(answered_last, at)
            if number >= extent.unmeasured:
                taken.append(at - due)
    _until(
        "commands that were answered to",
        lambda: len(desk.slack.ephemerals_to(desk.person)) - told_before,
        extent.commands,
    )
    told_all = time.perf_counter()
    wanted = sum(text.startswith("create") for text in texts) + 1
    _expect_tickets(desk, wanted)
    taken.sort()
    at_rate = f"{RATE:.0f} slash commands a second"
    return [
        Figure(SECTION, f"acknowledged to Slack, p50, {at_rate}", quantile(taken, 0.5) * 1e3, "ms"),
        Figure(
            SECTION,
            f"acknowledged to Slack, p99, {at_rate}",
            quantile(taken, 0.99) * 1e3,
            "ms",
            under(60.0),
        ),
        Figure(SECTION, f"acknowledged to Slack, longest, {at_rate}", taken[-1] * 1e3, "ms"),
        Figure(
            SECTION,
            "everybody told, after the last acknowledgement",
            told_all - answered_last,
            "s",
        ),
    ]


_INCIDENT: Final = {
    "type": "incident",
    "title": "Fibre cut",
    "description": "Dug through.",
    "severity": "sev3",
    "services": ["api"],
}


def _typed(desk: Desk, text: str) -> tuple[Answer, float]:
    answer = desk.slack.command(desk.person, desk.channel, "/incident", text)
    return answer, time.perf_counter()


def _expect_tickets(desk: Desk, wanted: int) -> None:
    cursor, found = "", 0
    while True:
        page = processes.expect(desk.ask("GET", f"/tickets?limit=200{cursor}"), 200).body
        found += len(page["items"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    if found != wanted:
        raise processes.ProcessFailed(f"{found} tickets were opened, {wanted} were asked for")


# -- a long thread --------------------------------------------------------------------------------


def _thread(desk: Desk, *, extent: Extent) -> list[Figure]:
    slack, person, channel = desk.slack, desk.person, desk.channel
    before = desk.ask("GET", "/tickets?limit=1").body["items"][0]["id"]
    first = slack.say(person, channel, "The west side is slow.", deliver=False)
    for number in range(extent.messages - 1):
        step = f"Still looking, step {number}."
        slack.say(person, channel, step, thread=first, deliver=False)
    began = time.perf_counter()
    slack.mention(person, channel, "please take this", thread=first)

    def newest() -> str:
        return str(desk.ask("GET", "/tickets?limit=1").body["items"][0]["id"])

    _until("incidents from a thread", lambda: int(newest() != before), 1)
    ticket = newest()
    _until("messages on the timeline", lambda: _messages(desk, ticket), extent.messages)
    return [
        Figure(
            SECTION,
            f"a thread of {extent.messages:,} messages on one incident's timeline",
            time.perf_counter() - began,
            "s",
        )
    ]


def _messages(desk: Desk, ticket: str) -> int:
    cursor, found = "", 0
    while True:
        page = desk.ask("GET", f"/tickets/{ticket}/events?limit=200{cursor}").body
        kinds = [str(one["kind"]) for one in page["items"]]
        found += sum(kind.endswith("message_recorded") for kind in kinds)
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


# -- a picker -------------------------------------------------------------------------------------


def _picker(desk: Desk, *, extent: Extent) -> list[Figure]:
    _fill(desk, tickets=extent.tickets)
    # What is asked for by its words is found once the search has come as far.
    metrics.seconds_until_caught_up(desk.port, within=PATIENCE)
    desk.slack.command(desk.person, desk.channel, "/update")
    _until("forms", lambda: len(desk.slack.open_views(desk.person)), 1)
    view = desk.slack.top_view(desk.person)
    taken: list[float] = []
    with uncollected():
        for number in range(extent.questions):
            typed = ("", "loss", "ams", "packet loss above", "I2026")[number % 5]
            began = time.perf_counter()
            found = desk.slack.options(desk.person, view, "tocsin_pick_ticket", typed)
            taken.append(time.perf_counter() - began)
            if not found and typed != "ams":
                raise processes.ProcessFailed(f"nothing was offered for {typed!r}")
    taken.sort()
    return [
        Figure(
            SECTION,
            f"options of the update picker, p99, of {extent.tickets:,} tickets and more",
            quantile(taken, 0.99) * 1e3,
            "ms",
        )
    ]


def _fill(desk: Desk, *, tickets: int) -> None:
    before, after = request_parts(
        method="POST", path=f"/v1/orgs/{ORG}/tickets", body=INCIDENT_BODY, token=desk.keys.load
    )
    requests = (b"%bpicker-%d%b" % (before, number, after) for number in range(tickets))

    def take(answer: bytes, _sent_at: float, _now: float) -> None:
        if status_of(answer) != CREATED:
            raise processes.ProcessFailed(answer[:500].decode("latin-1"))

    exchange(desk.port, connections=16, next_request=lambda: next(requests, None), take=take)
