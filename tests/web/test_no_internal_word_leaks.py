"""No internal word is at an address that anybody may ask, of a server as it runs.

Every internal field of tickets and records holds a marker. What the pages are made of is looked
through in :mod:`tests.web.status.test_nothing_internal`; here it is what leaves the house: bodies,
headers, refusals, and the files of an export.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.app.test_database_commands import run
from tests.app.test_serve import WITHIN, Served, serving
from tests.handler.acting import House, house, pubkey
from tests.projections.histories import follow
from tests.web.status.test_nothing_internal import (
    MARKER,
    commands,
    filled,
    opening,
    told,
)
from tocsin.core.commands import (
    ChangeFields,
    ChangeStatus,
    Command,
    OpenIncident,
    PlanMaintenance,
    RecordMessage,
)
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.location_commands import CreateLocation
from tocsin.core.provisioning.commands import Advance, Judge, Waive, Wish
from tocsin.core.record_commands import (
    ContactDraft,
    CreateConnector,
    CreateContributor,
    CreateEntryPoint,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    DestinationDraft,
    UpdateMember,
)
from tocsin.core.registry_commands import RegisterDevice, RegisterLink, SideDraft
from tocsin.core.subscription_commands import CreateSubscription
from tocsin.core.view_commands import CreateView
from tocsin.web.status import addresses, forms

HOUR: Final = timedelta(hours=1)
TOKEN: Final = "ab" * 32
"""The digest of the connector's token."""


@dataclass(frozen=True)
class Known:
    """What a test may ask a server for: an org_admin's key, and a ticket of each sort."""

    key: str
    public: tuple[str, ...]
    silent: str


def records(home: House) -> Iterator[tuple[str, Command]]:
    """One of each record, with the marker in all that people may say of it; and two pages that
    have a service of another name."""
    contact = ContactDraft(name=MARKER, method="Phone", address=f"+31 {MARKER}", hours=MARKER)
    yield (
        "contributor",
        CreateContributor(
            contributor_id=home.fresh(),
            code=MARKER,
            name=MARKER,
            pubkey=pubkey(77),
            slack_handle=f"@{MARKER}",
            contacts=(contact,),
        ),
    )
    yield (
        "device",
        RegisterDevice(device_id=home.fresh(), pubkey=pubkey(78), code=MARKER, contributor=MARKER),
    )
    yield (
        "service",
        CreateService(service_id=home.fresh(), code=MARKER, name=MARKER, description=MARKER),
    )
    yield (
        "location",
        CreateLocation(location_id=home.fresh(), code=MARKER, name=MARKER, lat=1.5, lng=2.5),
    )
    for number, code in ((79, "tower-1"), (80, "tower-2")):
        yield (
            "device",
            RegisterDevice(
                device_id=home.fresh(),
                pubkey=pubkey(number),
                code=code,
                contributor=MARKER,
                location=MARKER,
                exchange=MARKER,
                mgmt_vrf=MARKER,
                metrics_publisher=pubkey(88),
            ),
        )
    yield (
        "link",
        RegisterLink(
            link_id=home.fresh(),
            pubkey=pubkey(81),
            code="tower-line",
            contributor=MARKER,
            link_type="WAN",
            side_a=SideDraft(device="tower-1", interface=MARKER),
            side_z=SideDraft(device="tower-2", interface=MARKER),
        ),
    )
    yield "service", CreateService(service_id=home.fresh(), code="api", name="Public API")
    yield (
        "connector",
        CreateConnector(
            connector_id=home.fresh(),
            code=MARKER,
            name=MARKER,
            kind="generic",
            token_digest=TOKEN,
            contributor=MARKER,
            service=MARKER,
            environment=MARKER,
            mapping={"summary": f"body.{MARKER}"},
        ),
    )
    yield (
        "rule",
        CreateRule(
            rule_id=home.fresh(),
            name=MARKER,
            action="create",
            matchers=(f'labels.{MARKER}="{MARKER}"',),
            connector=MARKER,
            title=MARKER,
            service=MARKER,
            device=MARKER,
            contributor=MARKER,
            correlation_key=MARKER,
        ),
    )
    yield (
        "route",
        CreateRoute(
            route_id=home.fresh(),
            name=MARKER,
            kinds=("incident.*",),
            enabled=False,
            destination=DestinationDraft(kind="email", address=f"{MARKER}@example.org"),
        ),
    )
    yield (
        "entry_point",
        CreateEntryPoint(
            entry_point_id=home.fresh(), name=MARKER, words=(MARKER,), prompt=MARKER, service=MARKER
        ),
    )
    for code, services in (("ring", ("api",)), ("whole", ())):
        yield (
            "status_page",
            CreateStatusPage(
                status_page_id=home.fresh(),
                code=code,
                name=code.title(),
                services=services,
                about="Of a ring of towns.",
                accent="#0f766e",
                shows_network=code == "ring",
            ),
        )
    yield (
        "subscription",
        CreateSubscription(
            subscription_id=home.fresh(),
            page="ring",
            kind="email",
            address=f"{MARKER}@example.org",
            asked_at=home.clock(),
        ),
    )


def furnished(home: House) -> Known:
    """Fill *home* with all of it: an incident and a maintenance of which the public was told, and
    an incident of which it was not."""
    home.clock.now = datetime.now(UTC) - 6 * HOUR
    net = home.orgs["net"]
    for sort, command in records(home):
        home.system(sort, command, org_id=net)
    for life in (
        Wish(desired="activated", reason=MARKER),
        Waive(criterion="side_a", reason=MARKER, until=home.clock() + HOUR),
        Judge(health="healthy", reasons=(MARKER,)),
        Advance(),
        Judge(health="impaired", reasons=(MARKER,)),
    ):
        home.system("link", life, org_id=net, subject="tower-line")
    key = home.invite(MARKER, org="net", role="org_admin", contributor=MARKER)
    with home.store.reading() as turn:
        ((stream,),) = turn.select(
            "SELECT stream FROM events WHERE kind = 'member.created' AND private LIKE ?",
            (f'%"name":"{MARKER}"%',),
            org_id=None,
        )
    member = stream.partition(":")[2]
    email = UpdateMember(email=f"{MARKER}@example.org")
    home.system("member", email, org_id=net, subject=member)
    view = CreateView(view_id=home.fresh(), name=MARKER, query=f"q={MARKER}")
    home.ask(MARKER, view, sort="view")

    day = f"{home.clock.now:%Y%m%d}"
    refs = {"incident": f"I{day}-0001", "maintenance": f"M{day}-0001", "silent": f"I{day}-0002"}
    start_at = home.clock() + HOUR
    subjects = {
        "incident": home.ask(MARKER, OpenIncident(**opening(home, 1), refs=(refs["incident"],))),
        "maintenance": home.ask(
            MARKER,
            PlanMaintenance(
                **opening(home, 2),
                refs=(refs["maintenance"],),
                start_at=start_at,
                end_at=start_at + HOUR,
            ),
        ),
        "silent": home.ask(MARKER, OpenIncident(**opening(home, 3), refs=(refs["silent"],))),
    }
    ids = {name: outcome.stream.partition(":")[2] for name, outcome in subjects.items()}
    for name, other in (("incident", "maintenance"), ("maintenance", "incident")):
        for command in commands(home, other=ids[other]):
            fit = command
            if isinstance(command, ChangeFields) and name == "maintenance":
                fit = replace(command, primary_signal_id=NOT_GIVEN)
            home.ask(MARKER, fit, subject=ids[name])
        message = RecordMessage(
            message_id=f"{MARKER}-{name}",
            source=MARKER,
            author=MARKER,
            text=MARKER,
            at=home.clock(),
        )
        home.system("ticket", filled(message), org_id=net, subject=ids[name])
    told(home, ids["incident"], status="investigating", over="resolved")
    told(home, ids["maintenance"], status="scheduled", over="completed")
    home.ask(
        MARKER,
        filled(ChangeStatus(status="resolved", body=MARKER, reason=MARKER, resolution=MARKER)),
        subject=ids["incident"],
    )
    follow(home)
    return Known(
        key=f"tk_{key.key_id}_{MARKER}",
        public=(refs["incident"], refs["maintenance"]),
        silent=refs["silent"],
    )


@dataclass(frozen=True)
class Here:
    """A server, and what is asked of it."""

    served: Served
    known: Known
    data: Path

    def ask(self, path: str, *, method: str = "GET", key: str | None = None) -> tuple[int, str]:
        """Status, and all that came back: the reason, the headers, the body."""
        sent = {} if key is None else {"Authorization": f"Bearer {key}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=WITHIN)
        try:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            told = f"{answer.reason}\n{answer.headers}\n{answer.read().decode()}"
            return answer.status, told
        finally:
            connection.close()


@contextmanager
def running(folder: Path) -> Iterator[Here]:
    with house(folder) as home:
        known = furnished(home)
    with serving(folder, TOCSIN_DEFAULT_PAGE="ring") as served:
        yield Here(served, known, folder)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A server over a house in which every internal field holds the marker."""
    with running(tmp_path_factory.mktemp("marked")) as made:
        yield made


def public_paths(here: Here) -> Iterator[tuple[str, int]]:
    """Every address of a public page, and how it answers."""
    now = datetime.now(UTC)
    for slug in ("ring", "whole"):
        for name in (
            *("", "/", f"/{forms.HISTORY}", f"/{forms.HISTORY}/{now:%Y-%m}", f"/{forms.ACCENT}"),
            *(f"/{name}" for name in forms.MACHINE_FORMS),
            *(f"/{name}" for name in addresses.STATUSPAGE_NAMES),
            "/badge.svg?service=api",
        ):
            yield f"/status/{slug}{name}", 308 if name == "/" else 200
        for ref in here.known.public:
            yield f"/status/{slug}/{addresses.NOTICES}/{ref}", 200
        yield f"/status/{slug}/{addresses.NOTICES}/{here.known.silent}", 404
        yield f"/status/{slug}/badge.svg?service=zanzibar", 404
        yield f"/status/{slug}/none", 404
        yield f"/status/{slug}/{addresses.NETWORK}", 200 if slug == "ring" else 404
        yield f"/status/{slug}/subscribe", 200
        for leaf in ("confirm", "end"):
            yield f"/status/{slug}/subscribe/{leaf}", 404
    yield "/status/none", 404
    yield "/list", 200
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json", "/sign-in"):
        yield path, 200
    # What takes a key, asked without one.
    for path in ("/", "/tickets"):
        yield path, 303
    yield "/v1/me", 401
    yield f"/v1/orgs/net/tickets/{here.known.silent}", 401
    yield "/v1/orgs/none/tickets", 401


def test_no_public_address_tells_an_internal_word(here: Here) -> None:
    answers = {}
    for path, status in public_paths(here):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            found, told = here.ask(path, method=method)
            answers[method, path] = told
            if method == "GET":
                assert found == status, (path, told)
    assert len(answers) > 200
    page = answers["GET", f"/status/ring/{addresses.NOTICES}/{here.known.public[0]}"]
    for public in ("Trouble in the ring", "We know.", "It is over."):
        assert public in page
    assert (
        '"code":"tower-line","kind":"link","state":"incident"'
        in answers["GET", f"/status/ring/{addresses.NETWORK}"]
    )
    assert "tower-line" in answers["GET", "/status/ring"]
    told_elsewhere = {asked for asked, told in answers.items() if "tower-" in told}
    assert {path for _, path in told_elsewhere} == {
        *("/status/ring", f"/status/ring/{addresses.NETWORK}")
    }
    pubkeys = [pubkey(number) for number in (77, 78, 79, 80, 81, 88)]
    assert not [asked for asked, told in answers.items() if any(one in told for one in pubkeys)]
    leaking = {asked for asked, told in answers.items() if MARKER in told.lower()}
    assert leaking == set()
    assert not [asked for asked, told in answers.items() if TOKEN in told]


def test_an_export_tells_none_either(here: Here, tmp_path: Path) -> None:
    done = run("status", "export", "--to", str(tmp_path), data=here.data)
    assert done.exit_code == 0, done.output
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 40
    assert [file for file in files if MARKER in file.read_text().lower()] == []
    assert "tower-line" in (tmp_path / "ring" / addresses.NETWORK).read_text()
    assert not (tmp_path / "whole" / addresses.NETWORK).exists()


def test_whoever_belongs_to_the_house_is_told_all_of_it(here: Here) -> None:
    for path in (
        *(f"tickets/{ref}" for ref in (*here.known.public, here.known.silent)),
        *(f"tickets/{ref}/events" for ref in here.known.public),
        *("contributors", "members", "keys", "devices", "services", "connectors", "rules"),
        *("routes", "entry-points", "events", "subscriptions", "views", "locations"),
    ):
        status, told = here.ask(f"/v1/orgs/net/{path}", key=here.known.key)
        assert status == 200, (path, told)
        assert MARKER in told.lower(), path
