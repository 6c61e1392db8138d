"""A served Tocsin and a local Slack that know each other, with the scopes of our manifest alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from bench import processes
from tests.servers.slack import SIGNING_SECRET, Channel, LocalSlack, User, local_slack

MANIFEST: Final[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs/how-to/slack-app.yaml").read_text()
)
SCOPES: Final = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
PATIENCE: Final = 30.0

Found = TypeVar("Found")


@dataclass
class Town:
    """Slack, the server, and an org_admin's key."""

    slack: LocalSlack
    folder: Path
    port: int
    key: str
    environment: dict[str, str]
    people: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.folder / "log").read_text()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The body of what the gateway answers; it must take it."""
        answer = processes.call(self.port, method, f"/v1/orgs/net{path}", token=self.key, body=body)
        return processes.expect(answer, 200, 201).body

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server, running."""
        served = processes.start(
            processes.serve_command(data=self.data, port=self.port),
            port=self.port,
            ready_path="/readyz",
            log=self.folder / "log",
            environment=self.environment,
        )
        try:
            yield
        finally:
            processes.stop(served.process)

    def until(self, what: str, seen: Callable[[], Found], *, within: float = PATIENCE) -> Found:
        """What *seen* finds, once it finds something."""
        return processes.wait_for(what, seen, within=within)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """An org, a Slack with Anna (on call), Vera (who only looks) and Ulf (nobody), and channels:
    a private one for incidents, one for maintenance that the bot has not joined, and a general one.
    Nothing is served yet."""
    data = folder / "data"
    processes.run("admin", "org", "create", "--code", "net", "--name", "Net", "--data", str(data))
    made = ("--org", "net", "--name", "admin", "--role", "org_admin", "--data", str(data))
    key = processes.run("admin", "key", "create", *made).strip()
    port = processes.free_port()
    with local_slack(app=f"http://{processes.HOST}:{port}") as slack:
        slack.home.scopes.clear()
        slack.home.scopes.update(SCOPES)
        here = Town(
            slack,
            folder,
            port,
            key,
            {
                "TOCSIN_SLACK_BOT_TOKEN": slack.home.token,
                "TOCSIN_SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "TOCSIN_SLACK_API_URL": slack.base_url,
                "TOCSIN_PUBLIC_URL": "https://tocsin.example.net",
                # Everything that could be said is, so that a test can look for what must not be.
                "TOCSIN_LOG_LEVEL": "debug",
            },
        )
        here.people = {name: slack.user(name) for name in ("anna", "vera", "ulf")}
        here.channels = {
            "incidents": slack.channel("#contributor-incidents", private=True),
            "maintenance": slack.channel("#contributor-maintenance", bot=False),
            "general": slack.channel("#general"),
        }
        yield here
