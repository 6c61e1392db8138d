"""The door of the receiver on a real server, with a few listeners behind it that do as they are
told; a local Slack knocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from slack_bolt import Ack, App
from slack_sdk import WebClient

from tests.handler.acting import House, house
from tests.servers.slack import SIGNING_SECRET, Channel, LocalSlack, User, local_slack
from tocsin.adapters.slack.contract import Surroundings, Workspace
from tocsin.adapters.slack.errands import Errands
from tocsin.adapters.slack.mounting import AT_ONCE, THREADS, Door
from tocsin.adapters.slack.people import SlackPeople
from tocsin.adapters.slack.receiver import make_app
from tocsin.adapters.slack.telling import failed
from tocsin.adapters.slack.workspaces import Installing, StoredWorkspaces, introduced, tie

Work = Callable[[str], None]


@dataclass
class Behind:
    """What is behind the door: what was heard, and what to do with it (``work``, later;
    ``at_once``, before the acknowledgement; ``after_ack``, right after it)."""

    heard: list[str] = field(default_factory=list)
    work: Work = lambda text: None
    at_once: Work = lambda text: None
    after_ack: Work = lambda text: None

    def register(self, app: App, surroundings: Surroundings) -> None:
        """Listen to a command and to messages."""

        def hear(text: str) -> None:
            self.heard.append(text)
            self.work(text)

        def command(ack: Ack, body: dict[str, str]) -> None:
            self.at_once(body["text"])
            ack()
            self.after_ack(body["text"])
            surroundings.run(lambda: hear(body["text"]))

        def message(event: dict[str, str]) -> None:
            surroundings.run(lambda: hear(event.get("text", "")))

        app.command("/incident")(command)
        app.event("message")(message)


@dataclass
class Doorstep:
    """A local Slack in front of the door."""

    home: House
    slack: LocalSlack
    channel: Channel
    anna: User
    behind: Behind
    surroundings: Surroundings
    app: App
    listeners: Errands
    errands: Errands

    def settle(self) -> None:
        """Until everything that was heard is done; nothing more can be heard after that."""
        self.listeners.shutdown()
        self.errands.shutdown()

    def told(self) -> list[str]:
        """What only Anna was told."""
        return [one.text for one in self.slack.ephemerals_to(self.anna)]


def client_of(slack: LocalSlack) -> Callable[[Workspace], WebClient]:
    """Makes clients for the workspaces of that Slack."""
    return lambda workspace: WebClient(
        token=workspace.token, base_url=slack.base_url, timeout=5, retry_handlers=[]
    )


def installing(home: House) -> Installing:
    """What a workspace is tied with; a sealed token is one written backwards."""
    return Installing(
        store=home.store, writer=home.writer, seal=lambda token: token[::-1], clock=home.clock
    )


def installed(home: House, slack: LocalSlack, *, org: str = "net", team: Any = None) -> Workspace:
    """Tie a workspace of that Slack to an org."""
    token = (team or slack.home).token
    found, name, scopes = introduced(WebClient(token=token, base_url=slack.base_url))
    workspace = replace(found, org_id=home.orgs[org])
    tie(workspace, installing(home), name=name, scopes=scopes)
    return workspace


@contextmanager
def served(door: Door) -> Iterator[str]:
    """The door on a free port of this machine; its address."""
    server = uvicorn.Server(
        uvicorn.Config(door, port=0, log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def surrounded(
    home: House, slack: LocalSlack, *, workers: int = 4, waiting: int = 100
) -> Iterator[tuple[Surroundings, Errands]]:
    """The surroundings of a receiver, and the threads for what it does later."""
    errands = Errands(on_failure=failed, workers=workers, waiting=waiting)
    client = client_of(slack)
    surroundings = Surroundings(
        store=home.store,
        writer=home.writer,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
        workspaces=StoredWorkspaces(home.store, unseal=lambda box: box[::-1]),
        people=SlackPeople(home.store, writer=home.writer, client=client),
        client=client,
        run=errands.run,
    )
    try:
        yield surroundings, errands
    finally:
        errands.shutdown()


@contextmanager
def doorstep(
    folder: Path,
    *,
    threads: int = THREADS,
    at_once: int = AT_ONCE,
    listeners: int = 16,
    listeners_waiting: int = 100,
) -> Iterator[Doorstep]:
    """A door that is open to the workspace of the org ``net``."""
    with house(folder) as home, local_slack(echoes=False) as slack:
        installed(home, slack)
        anna = slack.user("anna")
        behind = Behind()
        hearing = Errands(
            on_failure=failed, name="slack-listener", workers=listeners, waiting=listeners_waiting
        )
        with surrounded(home, slack) as (surroundings, errands):
            app = make_app(
                surroundings,
                signing_secret=SIGNING_SECRET,
                listeners=hearing,
                api_url=slack.base_url,
                register=behind.register,
            )
            door = Door(app, signing_secret=SIGNING_SECRET, threads=threads, at_once=at_once)
            with served(door) as address:
                slack.outbox.app = address
                yield Doorstep(
                    home=home,
                    slack=slack,
                    channel=slack.channel("#contributor-incidents"),
                    anna=anna,
                    behind=behind,
                    surroundings=surroundings,
                    app=app,
                    listeners=hearing,
                    errands=errands,
                )
            door.close()
            hearing.shutdown()
