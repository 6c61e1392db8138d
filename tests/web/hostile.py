"""Texts that want to be more than text, put into every field that people write in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from tests.handler.acting import House, pubkey
from tocsin.core.commands import (
    AddAction,
    AddReference,
    ChangeFields,
    ChangeStatus,
    Command,
    EditPublicUpdate,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    ReferenceDraft,
    ServiceImpactDraft,
)
from tocsin.core.record_commands import (
    ContactDraft,
    CreateConnector,
    CreateContributor,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    DestinationDraft,
    PageGroupDraft,
)
from tocsin.core.registry_commands import RegisterDevice
from tocsin.handler.submission import Outcome

HOUR: Final = timedelta(hours=1)

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "script": '<script>alert("1")</script>',
        "quotes": "'\"><img src=x onerror=alert(1)>",
        "closing": "</title></style></textarea></p><svg onload=alert(1)>",
        "markdown": "[go](javascript:alert(1)) **bold** ![x](//evil.example/x) `c`",
        "links": "<//evil.example|go> <a href=javascript:alert(1)>there</a>",
        "mentions": "<!channel> <@U0VERA> <!subteam^S0NOC> @here #general *b* _i_",
        "entities": "&lt;b&gt;bold&lt;/b&gt; &amp; &#60;i&#62; %3Cb%3E",
        "templates": "{{ 7 * 7 }} {% raw %} ${7*7} %(name)s {0}",
        "feeds": "]]> <![CDATA[ <!-- --> <?xml?> &xxe;",
        "calendars": "a\\nb; c, d: e\\; ATTACH:x BEGIN:VEVENT \\\\",
        "directions": "invoice \u202egnp.exe\u202c \u2067fdp\u2069 \u202bend",
    }
)
"""None is longer than the shortest field."""
BODY: Final = "\n\n# Heading\n- item\n> quote\nBEGIN:VEVENT\nSubject: other\n\n"
"""What only a text of several lines can try."""

DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_GONE: Final = {ord(one): "" for one in DIRECTIONS}


def words(text: str) -> str:
    """*text* without what turns it round, white space of any length as one blank."""
    return " ".join(text.translate(_GONE).split())


@dataclass(frozen=True)
class Told:
    """What became of the text of that *name*; ``outcomes`` are what was done, oldest first."""

    name: str
    text: str
    incident: str
    maintenance: str
    outcomes: list[Outcome]

    @property
    def page(self) -> str:
        """The slug of the status page that is called by the text."""
        return f"page-{self.name}"


def _records(home: House, name: str, text: str, number: int) -> Iterator[tuple[str, Command]]:
    contact = ContactDraft(name=text, method="Phone", address=text, hours=text)
    owner, service = f"owner-{name}", f"service-{name}"
    yield (
        "contributor",
        CreateContributor(
            contributor_id=home.fresh(),
            code=owner,
            name=text,
            pubkey=pubkey(100 + number),
            contacts=(contact,),
        ),
    )
    yield (
        "device",
        RegisterDevice(
            device_id=home.fresh(),
            pubkey=pubkey(200 + number),
            code=f"device-{name}",
            contributor=owner,
        ),
    )
    yield (
        "service",
        CreateService(service_id=home.fresh(), code=service, name=text, description=text),
    )
    yield (
        "connector",
        CreateConnector(
            connector_id=home.fresh(),
            code=f"connector-{name}",
            name=text,
            kind="generic",
            token_digest=f"{number:064x}",
            environment=text,
        ),
    )
    rule = CreateRule(rule_id=home.fresh(), name=text, action="create")
    yield "rule", rule
    yield (
        "route",
        CreateRoute(
            route_id=home.fresh(),
            name=text,
            enabled=False,
            destination=DestinationDraft(kind="email", address="noc@example.org"),
        ),
    )
    yield (
        "status_page",
        CreateStatusPage(
            status_page_id=home.fresh(),
            code=f"page-{name}",
            name=text,
            about=text + BODY,
            services=(service,),
            groups=(PageGroupDraft(name=text, services=(service,)),),
        ),
    )


def _opening(home: House, name: str, text: str) -> dict[str, object]:
    return {
        "ticket_id": home.fresh(),
        "title": text,
        "description": text + BODY,
        "severity": "sev2",
        "devices": (f"device-{name}",),
        "services": (f"service-{name}",),
        "reporter_name": text,
        "project_id": text,
        "environment": text,
        "labels": (text,),
        "internal_reference": text,
    }


def _worked(name: str, text: str, *, first: str, last: str) -> Iterator[Command]:
    yield AddAction(action_kind="NOTE", label=text, details=text + BODY)
    yield AddReference(
        reference=ReferenceDraft(kind="chat", url="https://chat.example/1", title=text)
    )
    yield ChangeFields(project_id=f"{text}.", reason=text)
    yield ChangeStatus(body=text + BODY)
    yield PostPublicUpdate(
        title=text,
        body=f"first {text}",
        status=first,
        services=(ServiceImpactDraft(code=f"service-{name}", impact="partial"),),
    )
    yield PostPublicUpdate(title=text, body=text + BODY, status=last)


def furnish(home: House) -> list[Told]:
    """Put each of :data:`TEXTS` into every field of an incident, a maintenance, and whatever they
    are about; as a member of that name, whose word stands on the page of that name too."""
    return [_told(home, name, text, number) for number, (name, text) in enumerate(TEXTS.items())]


def _told(home: House, name: str, text: str, number: int) -> Told:
    for sort, command in _records(home, name, text, number):
        home.system(sort, command, org_id=home.orgs["net"])
    home.invite(text, org="net", role="org_admin", contributor=f"owner-{name}")
    day, outcomes = f"{home.clock.now:%Y%m%d}", []
    start_at = home.clock() + HOUR
    refs = f"I{day}-h0{number:02d}", f"M{day}-h0{number:02d}"
    openings: tuple[Command, Command] = (
        OpenIncident(**_opening(home, name, text), refs=refs[:1]),  # type: ignore[arg-type]
        PlanMaintenance(
            **_opening(home, name, text),  # type: ignore[arg-type]
            refs=refs[1:],
            start_at=start_at,
            end_at=start_at + HOUR,
        ),
    )
    states = ("investigating", "identified"), ("scheduled", "scheduled")
    for opening, (first, last) in zip(openings, states, strict=True):
        opened = home.ask(text, opening)
        outcomes.append(opened)
        subject = opened.stream.partition(":")[2]
        for command in _worked(name, text, first=first, last=last):
            outcomes.append(home.ask(text, command, subject=subject))
        update = getattr(outcomes[-2].events[0].payload, "public_update_id")  # noqa: B009
        edit = EditPublicUpdate(public_update_id=update, body=f"corrected {text}")
        outcomes.append(home.ask(text, edit, subject=subject))
    return Told(name, text, *refs, outcomes)


@dataclass
class Shown(HTMLParser):
    """A page as a browser takes it: what is text on it, and what it would do."""

    source: str
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("br", "p", "li", "td", "th", "div"):
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """What is read."""
        return words("".join(self.texts))

    @property
    def leads(self) -> list[str]:
        """Where its links lead."""
        return [value for tag, name, value in self.attributes if (tag, name) == ("a", "href")]

    def obeyed(self, *, hosts: frozenset[str]) -> list[str]:
        """What stands there that no text may bring about; addresses may be of *hosts*."""
        found = [f"<{tag}>" for tag in self.tags if tag in _NEVER]
        scripts = self.tags.count("script") - sum(
            tag == "script" and name == "src" for tag, name, _ in self.attributes
        )
        found += ["<script>"] * scripts
        for tag, name, value in self.attributes:
            if name.startswith("on") or name in ("srcdoc", "style"):
                found.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction", "xlink:href"):
                address = urlsplit(value)
                ours = address.scheme in ("", "http", "https", "mailto")
                ours = ours or _TELEPHONE.fullmatch(value) is not None
                if not ours or (address.netloc and address.netloc not in hosts):
                    found.append(f"{tag} {name}={value}")
        return found


_TELEPHONE: Final = re.compile(r"tel:\+?[0-9]+")
_NEVER: Final = frozenset({"iframe", "object", "embed", "base"})
