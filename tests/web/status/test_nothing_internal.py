"""No internal word, and no erased one, is in what the public may know.

Every field that holds text, of every command that a ticket takes, is filled with a marker; a field
that is new fails here until it is filled too or said to hold no text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.handler.acting import House, house, pubkey
from tests.projections.histories import follow
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Command,
    EditPublicUpdate,
    Extend,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    RecordMessage,
    RecordSloViolation,
    Redact,
    ReferenceDraft,
    Relate,
    ServiceImpactDraft,
    SetRca,
    SignalDraft,
)
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.record_commands import (
    CreateContributor,
    CreateService,
    CreateStatusPage,
)
from tocsin.core.registry_commands import RegisterDevice
from tocsin.projections.public_notices import PublicRows, public_rows
from tocsin.projections.rebuilding import rebuild
from tocsin.web.status.picture import picture
from tocsin.web.status.view import PageView

MARKER = "zanzibarium"
HOUR = timedelta(hours=1)
PLAIN: dict[type, frozenset[str]] = {
    OpenIncident: frozenset(
        {
            *("ticket_id", "refs", "severity", "status", "impact", "start_at", "end_at"),
            *("dialect", "formal", "detected_at", "detected_by", "links", "root_cause"),
        }
    ),
    ChangeFields: frozenset(
        {
            *("impact", "root_cause", "start_at", "end_at", "auto_close_after_hours", "links"),
            *("detected_by", "force_reason"),
        }
    ),
    ChangeStatus: frozenset(
        {
            *("status", "root_cause", "disposition", "duplicate_of", "at", "end_at", "dialect"),
            "force_reason",
        }
    ),
    ChangeSeverity: frozenset({"severity"}),
    AddAction: frozenset({"action_kind"}),
    RecordMessage: frozenset({"at", "deleted"}),
    SignalDraft: frozenset({"signal_type", "state", "ts", "severity", "link"}),
    RecordSloViolation: frozenset({"window_start", "window_end", "error_budget_consumed"}),
    ReferenceDraft: frozenset({"kind"}),
    Extend: frozenset({"end_at", "force_reason"}),
}
"""Fields that hold words of ours, ids, numbers, instants or names of links."""
PLAIN[PlanMaintenance] = PLAIN[OpenIncident] - {"detected_at"} | {
    "auto_close_after_hours",
    "force_reason",
}


def filled(made: Any, *, but: frozenset[str] = frozenset()) -> Any:
    """*made*, of which every field has the marker that does not hold something plain."""
    cls = type(made)
    texts = {one.name for one in dataclasses.fields(cls)} - PLAIN.get(cls, frozenset()) - but
    without = {name for name in texts if MARKER not in repr(getattr(made, name)).lower()}
    assert without == set(), f"{cls.__name__} has fields without the marker: {without}"
    return made


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A house whose contributor, device, service and admin are called by the marker, with a status
    page of one service that is not."""
    with house(tmp_path) as made:
        net = made.orgs["net"]
        for sort, command in (
            (
                "contributor",
                CreateContributor(
                    contributor_id=made.fresh(), code=MARKER, name=MARKER, pubkey=pubkey(77)
                ),
            ),
            (
                "device",
                RegisterDevice(
                    device_id=made.fresh(), pubkey=pubkey(78), code=MARKER, contributor=MARKER
                ),
            ),
            ("service", CreateService(service_id=made.fresh(), code=MARKER, name=MARKER)),
            ("service", CreateService(service_id=made.fresh(), code="api", name="Public API")),
            (
                "status_page",
                CreateStatusPage(
                    status_page_id=made.fresh(), code="ring", name="Ring", services=("api",)
                ),
            ),
            (
                "status_page",
                CreateStatusPage(status_page_id=made.fresh(), code="whole", name="Whole"),
            ),
        ):
            made.system(sort, command, org_id=net)
        made.invite(MARKER, org="net", role="org_admin", contributor=MARKER)
        yield made


def signal(other: str) -> SignalDraft:
    return SignalDraft(
        source=f"connector:{MARKER}",
        summary=MARKER,
        service_name=MARKER,
        environment=MARKER,
        device=MARKER,
        contributor=MARKER,
        correlation_key=f"{MARKER}-signal-{other}",
        trace_id=MARKER,
        fingerprint=MARKER,
        labels={MARKER: MARKER},
        data={MARKER: {MARKER: [MARKER]}},
    )


def reference(name: str) -> ReferenceDraft:
    return ReferenceDraft(
        kind="chat",
        url=f"https://chat.example/{MARKER}",
        title=MARKER,
        external_id=f"chat:{MARKER}:{name}",
    )


def opening(home: House, number: int) -> dict[str, Any]:
    """The fields that both ways of opening a ticket share."""
    return {
        "ticket_id": home.fresh(),
        "title": f"{MARKER} is dark",
        "description": MARKER,
        "severity": "sev2",
        "devices": (MARKER,),
        "services": (MARKER,),
        "impact": "outage",
        "reporter_name": MARKER,
        "reporter_email": f"{MARKER}@example.org",
        "project_id": MARKER,
        "environment": MARKER,
        "runbook_path": f"{MARKER}/runbook.md",
        "assignee": MARKER,
        "labels": (MARKER,),
        "correlation_keys": (f"{MARKER}-{number}",),
        "internal_reference": MARKER,
        "references": (filled(reference(f"{number}")),),
    }


def commands(home: House, *, other: str) -> list[Command]:
    """What can be done to a ticket of either type, with the marker in all that it says."""
    return [
        filled(
            ChangeFields(
                title=f"Still {MARKER}",
                description=f"Still {MARKER}",
                devices=(MARKER, "ams-1"),
                services=(MARKER, f"{MARKER}-2"),
                reporter_name=f"Lord {MARKER}",
                reporter_email=f"lord@{MARKER}.example",
                project_id=f"{MARKER}-2",
                environment=f"{MARKER}-2",
                primary_signal_id=f"{MARKER}-2",
                runbook_path=f"{MARKER}/other.md",
                correlation_keys=(f"{MARKER}-{other}",),
                internal_reference=f"{MARKER}-2",
                resolution=MARKER,
                reason=MARKER,
            )
        ),
        filled(ChangeSeverity(severity="sev1", reason=MARKER)),
        Assign(assignee=None),
        ChangeLabels(add=(f"{MARKER}-2",)),
        filled(AddAction(action_kind="NOTE", label=MARKER, details=MARKER)),
        filled(AddAction(action_kind="RUNBOOK_STEP_EXECUTED", label=MARKER, details=MARKER)),
        AttachSignal(signal=filled(signal(other))),
        AddReference(reference=filled(reference(other))),
        SetRca(url="https://rca.example/1"),
        Relate(ticket=other, kind="related"),
    ]


def told(home: House, subject: str, *, status: str, over: str) -> None:
    """Say to the public that it is so, correct that, and say that it is over."""
    post = PostPublicUpdate(
        title="Trouble in the ring",
        body="We look into it.",
        status=status,
        services=(ServiceImpactDraft(code="api", impact="major"),),
    )
    posted = home.ask(MARKER, post, subject=subject)
    update = posted.events[0].payload
    edit = EditPublicUpdate(public_update_id=getattr(update, "public_update_id"), body="We know.")  # noqa: B009
    home.ask(MARKER, edit, subject=subject)
    home.ask(MARKER, PostPublicUpdate(body="It is over.", status=over), subject=subject)


def seen(home: House, slug: str) -> tuple[PublicRows, PageView]:
    """What is read for the page, and its picture."""
    with home.store.reading() as turn:
        row = turn.page(slug)
        assert row is not None
        rows = public_rows(turn, row.org_id, page=row.stream)
    assert rows is not None
    view = picture(
        rows.page, rows.services, rows.notices, now=home.clock(), url=f"https://x.example/{slug}"
    )
    return rows, view


def public_texts(home: House) -> str:
    """Everything that the public may know: rows as they lie there, and both pictures."""
    with home.store.reading() as turn:
        rows = turn.select("SELECT notice FROM public_notices", org_id=None)
    texts = [text for (text,) in rows]
    for slug in ("ring", "whole"):
        read, view = seen(home, slug)
        texts += [msgspec.json.encode(part).decode() for part in (read.notices, view)]
    return "\n".join(texts)


def test_no_internal_word_is_public(home: House) -> None:
    incident = home.ask(
        MARKER,
        filled(
            OpenIncident(
                **opening(home, 1), refs=("I20261120-0001",), primary_signal_id=f"{MARKER}-1"
            )
        ),
    ).stream.partition(":")[2]
    start_at = home.clock() + HOUR
    maintenance = home.ask(
        MARKER,
        filled(
            PlanMaintenance(
                **opening(home, 2),
                refs=("M20261120-0001",),
                start_at=start_at,
                end_at=start_at + HOUR,
            )
        ),
    ).stream.partition(":")[2]
    for subject, other in ((incident, maintenance), (maintenance, incident)):
        for command in commands(home, other=other):
            fit = command
            if isinstance(command, ChangeFields) and subject == maintenance:
                fit = dataclasses.replace(command, primary_signal_id=NOT_GIVEN)
            home.ask(MARKER, fit, subject=subject)
        message = RecordMessage(
            message_id=f"{MARKER}-{subject}",
            source=MARKER,
            author=MARKER,
            text=MARKER,
            at=home.clock(),
        )
        home.system("ticket", filled(message), org_id=home.orgs["net"], subject=subject)
    told(home, incident, status="investigating", over="resolved")
    told(home, maintenance, status="scheduled", over="completed")
    broken = RecordSloViolation(
        slo_id=MARKER,
        window_start=home.clock() - HOUR,
        window_end=home.clock(),
        error_budget_consumed=0.5,
        threshold_breached=MARKER,
        details=MARKER,
    )
    home.ask(MARKER, filled(broken), subject=incident)
    home.ask(
        MARKER,
        filled(ChangeStatus(status="resolved", body=MARKER, reason=MARKER, resolution=MARKER)),
        subject=incident,
    )
    home.clock.pass_by(HOUR)
    home.ask(MARKER, ChangeStatus(status="in_progress", body=MARKER), subject=maintenance)
    longer = Extend(end_at=start_at + 3 * HOUR, reason=MARKER)
    home.ask(MARKER, filled(longer), subject=maintenance)

    follow(home)

    with home.store.reading() as turn:
        log = turn.select("SELECT kind, private FROM events", org_id=None)
    marked = {kind for kind, private in log if MARKER in str(private)}
    assert len(marked) > 20
    texts = public_texts(home)
    for public in ("Trouble in the ring", "We know.", "It is over.", "https://rca.example/1"):
        assert public in texts
    assert MARKER not in texts.lower()


@pytest.mark.parametrize("anew", [False, True], ids=["followed", "rebuilt"])
def test_no_erased_word_is_public(home: House, anew: bool) -> None:
    subject = home.ask("owner", home.incident()).stream.partition(":")[2]
    post = PostPublicUpdate(
        title=f"Trouble at {MARKER}", body=f"{MARKER} is dark.", status="investigating"
    )
    posted = home.ask("admin", post, subject=subject).events[0]
    update = getattr(posted.payload, "public_update_id")  # noqa: B009
    edit = EditPublicUpdate(public_update_id=update, body=f"{MARKER} is not well.")
    edited = home.ask("admin", edit, subject=subject).events[0]
    follow(home)
    assert public_texts(home).lower().count(MARKER) > 4

    words = ("title", "body")
    home.ask("admin", Redact(event=posted.id, fields=words), subject=subject)
    every = (*words, "title_before", "body_before")
    home.ask("admin", Redact(event=edited.id, fields=every), subject=subject)
    if anew:
        rebuild(home.store)
    follow(home)

    _, view = seen(home, "ring")
    assert [(one.title, one.updates[0].body) for one in view.open] == [("[removed]", "[removed]")]
    assert MARKER not in public_texts(home).lower()
