"""A served Tocsin with an Alertmanager connector, and two targets for a Prometheus to watch."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from bench import processes
from tests.servers.alertmanager import Amtool, alertmanager
from tests.servers.prometheus import Told, Watcher, last_words, prometheus
from tests.servers.target import Target, target

PATIENCE: Final = 30.0

Found = TypeVar("Found")
Json = dict[str, Any]


@dataclass
class WatchedTown:
    """The server, an org_admin's key, the connector's token, and what is watched."""

    folder: Path
    port: int
    key: str
    targets: tuple[Target, Target]
    token: str = ""
    ingest_path: str = ""
    served: processes.Served | None = field(default=None)

    @property
    def address(self) -> str:
        """Host and port of the server, the same over all its restarts."""
        return f"{processes.HOST}:{self.port}"

    # -- the server ------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve, with what was kept."""
        self.served = processes.start(
            processes.serve_command(data=self.folder / "data", port=self.port),
            port=self.port,
            ready_path="/readyz",
            log=self.folder / "log",
        )

    def kill(self) -> None:
        """End the server as a crash would."""
        assert self.served is not None
        self.served.process.kill()
        self.served.process.wait()
        self.served = None

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The body of what the gateway answers; it must take it."""
        answer = processes.call(self.port, method, f"/v1/orgs/net{path}", token=self.key, body=body)
        return processes.expect(answer, 200, 201).body

    # -- its neighbours --------------------------------------------------------------------------

    def alertmanager(self) -> Watcher:
        """An Alertmanager that tells the connector, not yet running."""
        return alertmanager(
            self.folder / "alertmanager",
            webhook=f"http://{self.address}{self.ingest_path}",
            token=self.token,
        )

    def prometheus(self, *, tells: str | None = None, resend_seconds: int) -> Watcher:
        """A Prometheus that watches the targets and tells an Alertmanager at *tells*, or the
        server itself; not yet running."""
        return prometheus(
            self.folder / "prometheus",
            targets=[one.address for one in self.targets],
            tells=Told(address=self.address, token=self.token)
            if tells is None
            else Told(address=tells),
            resend_seconds=resend_seconds,
        )

    def amtool(self, *, token: str | None = None) -> Amtool:
        """``amtool`` with the server for its Alertmanager."""
        return Amtool(folder=self.folder, url=f"http://{self.address}", token=token or self.token)

    # -- what came of it -------------------------------------------------------------------------

    def incidents(self) -> list[Json]:
        """All incidents, whatever their status."""
        found: list[Json] = self.ask("GET", "/tickets?type=incident&limit=100")["items"]
        return found

    def events(self, incident: Json) -> list[Json]:
        """Its events, in order."""
        found: list[Json] = self.ask("GET", f"/tickets/{incident['id']}/events?limit=100")["items"]
        return found

    def signals(self, incident: Json) -> Counter[tuple[str, str]]:
        """How often each instance was recorded in each state."""
        return Counter(
            (event["data"]["labels"]["instance"], event["data"]["state"])
            for event in self.events(incident)
            if event["kind"] == "incident.signal_ingested"
        )

    def inbox(self) -> list[Json]:
        """Every delivery that arrived, oldest first."""
        found: list[Json] = self.ask("GET", "/inbox?limit=100")["items"]
        return sorted(found, key=lambda item: str(item["received_at"]))

    def until(self, what: str, seen: Callable[[], Found], *, within: float = PATIENCE) -> Found:
        """What *seen* finds, once it finds something."""
        return processes.wait_for(what, seen, within=within)

    def until_more_arrives(self, what: str, *, deliveries: int = 1) -> None:
        """Until so many more deliveries have arrived than now."""
        before = len(self.inbox())
        self.until(what, lambda: len(self.inbox()) >= before + deliveries)

    def until_seen(self, watcher: Watcher) -> None:
        """Until Prometheus has asked each target and knows whom to tell."""
        scrapes = [one.scrapes for one in self.targets]

        def ready() -> bool:
            known = watcher.get("/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
            asked = (one.scrapes for one in self.targets)
            return bool(known) and all(
                now > before for now, before in zip(asked, scrapes, strict=True)
            )

        self.until("a Prometheus at work", ready)

    def until_status(self, status: str) -> Json:
        """The only incident, once its status is *status*."""

        def such() -> list[Json]:
            found = self.incidents()
            assert len(found) <= 1, [incident["title"] for incident in found]
            return [incident for incident in found if incident["status"] == status]

        [incident] = self.until(f"an incident that is {status}", such)
        return incident


@dataclass(frozen=True, slots=True)
class Founded:
    """A data folder with one org, to be copied, and the key of its org_admin."""

    data: Path
    key: str


def founded(data: Path) -> Founded:
    """The org ``net``, in a folder that is made for it."""
    processes.run("admin", "org", "create", "--code", "net", "--name", "Net", "--data", str(data))
    made = ("--org", "net", "--name", "admin", "--role", "org_admin", "--data", str(data))
    return Founded(data, processes.run("admin", "key", "create", *made).strip())


@contextmanager
def watched_town(folder: Path, *, of: Founded) -> Iterator[WatchedTown]:
    """The org with a service and an Alertmanager connector ``am``, served; a failure in the block
    shows the end of the server's log."""
    shutil.copytree(of.data, folder / "data")
    with target() as one, target() as other:
        here = WatchedTown(folder, processes.free_port(), of.key, (one, other))
        try:
            here.start()
            here.ask("POST", "/services", {"code": "api", "name": "API"})
            connector = {"kind": "alertmanager", "code": "am", "name": "Alertmanager"}
            told = here.ask("POST", "/connectors", connector)
            here.token, here.ingest_path = told["token"], urlsplit(told["ingest_url"]).path
            yield here
        except BaseException as failure:
            failure.add_note(last_words("tocsin", folder / "log"))
            raise
        finally:
            if here.served is not None:
                processes.stop(here.served.process)
