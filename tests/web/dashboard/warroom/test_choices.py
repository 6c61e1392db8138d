"""What is offered to whom, asked of the rules themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core import incident, maintenance
from tocsin.core.evidence import Access, Given
from tocsin.core.facts import Actor
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy
from tocsin.core.ticket import Assignee, PublicUpdate, Ticket
from tocsin.core.words import Role, Severity, Status, TicketType, is_active, statuses_of
from tocsin.handler.directory import OrgDirectory
from tocsin.store.contract import Head
from tocsin.web.dashboard.warroom.choices import Choices, Verb, choices

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWNER = Actor(type="user", id="owner", name="Owner")
INCIDENT = Ticket(
    id="1",
    ref="I20261120-aaaa",
    type=TicketType.INCIDENT,
    title="t",
    description="d",
    severity=Severity.SEV2,
    status=Status.OPEN,
    created_at=NOON,
    updated_at=NOON,
    version=1,
    created_by=OWNER,
    via="api",
    contributor_id="alpha",
    devices=("ams-1",),
    affected_contributors=("alpha", "beta"),
    start_at=NOON,
    detected_at=NOON,
    last_status_at=NOON,
    last_word_at=NOON,
)
MAINTENANCE = replace(
    INCIDENT,
    ref="M20261120-aaaa",
    type=TicketType.MAINTENANCE,
    status=Status.PLANNED,
    end_at=NOON + timedelta(hours=2),
)


def offered(
    ticket: Ticket,
    role: Role = Role.ORG_ADMIN,
    *,
    contributor: str | None = None,
    member: str = "somebody",
    policy: Policy = DEFAULT_POLICY,
) -> Choices:
    head = Head(org_id=1, stream="policy:policy", number=1, version=1, state=policy)
    return choices(
        ticket,
        Given(
            at=NOON,
            entry_id="",
            actor=OWNER,
            access=Access(role=role, member_id=member, contributor_id=contributor),
            via="web",
            directory=OrgDirectory([head]),
        ),
    )


@pytest.mark.parametrize("status", statuses_of(TicketType.INCIDENT))
def test_an_incident_is_offered_the_moves_that_its_lifecycle_has(status: Status) -> None:
    found = offered(replace(INCIDENT, status=status))
    to = set(found.moves)
    to |= {Status.ACKNOWLEDGED} if Verb.ACKNOWLEDGE in found else set()
    to |= {Status.RESOLVED} if Verb.RESOLVE in found else set()
    to |= {Status.CLOSED} if Verb.CLOSE in found else set()
    to |= {Status.CANCELLED} if Verb.CANCEL in found else set()
    to |= {Status.INVESTIGATING} if Verb.REOPEN in found else set()
    assert to == set(incident.MOVES[status])
    assert (Verb.REOPEN in found) is not is_active(status)
    assert not {Verb.START, Verb.COMPLETE, Verb.EXTEND, Verb.WINDOW, Verb.CONFIRM} & found.verbs


@pytest.mark.parametrize("status", statuses_of(TicketType.MAINTENANCE))
def test_a_maintenance_is_offered_the_moves_that_its_lifecycle_has(status: Status) -> None:
    found = offered(replace(MAINTENANCE, status=status))
    to = {Status.IN_PROGRESS} if {Verb.START, Verb.EXTEND} & found.verbs else set()
    to |= {Status.COMPLETED} if Verb.COMPLETE in found else set()
    to |= {Status.CLOSED} if Verb.CLOSE in found else set()
    to |= {Status.CANCELLED} if Verb.CANCEL in found else set()
    allowed = set(maintenance.MOVES[status])
    if status is Status.IN_PROGRESS:
        allowed.add(Status.IN_PROGRESS)
    assert to == allowed
    assert (Verb.WINDOW in found) is (status is Status.PLANNED)
    assert not {Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.REOPEN, Verb.MOVE, Verb.SLO} & found.verbs


def test_a_viewer_is_offered_nothing() -> None:
    assert not offered(INCIDENT, Role.VIEWER).any
    assert not offered(MAINTENANCE, Role.VIEWER).any


def test_a_member_adds_to_any_ticket_and_works_their_own() -> None:
    added = frozenset({Verb.NOTE, Verb.ACT})
    others = offered(INCIDENT, Role.MEMBER)
    assert others.verbs == added | {Verb.SLO}
    assert offered(MAINTENANCE, Role.MEMBER).verbs == added
    own = offered(INCIDENT, Role.MEMBER, member="owner")
    assert {Verb.RESOLVE, Verb.MOVE, Verb.ASSIGN, Verb.EDIT, Verb.LABELS} <= own.verbs
    assert Verb.PUBLISH not in own
    assert own.severities == (Severity.SEV1,)


def test_those_of_a_contributor_work_what_is_their_contributors() -> None:
    assert Verb.RESOLVE in offered(INCIDENT, Role.MEMBER, contributor="beta")
    assert Verb.RESOLVE not in offered(INCIDENT, Role.ONCALL_ENGINEER, contributor="gamma")
    assert Verb.PUBLISH in offered(INCIDENT, Role.ONCALL_ENGINEER, contributor="beta")
    assert Verb.PUBLISH not in offered(INCIDENT, Role.ONCALL_ENGINEER, contributor="gamma")


def test_severities_are_those_of_the_org_and_lowering_is_for_leads() -> None:
    assert offered(INCIDENT).severities == (Severity.SEV1, Severity.SEV3, Severity.SEV4)
    three = replace(DEFAULT_POLICY, severity_levels=3)
    assert offered(INCIDENT, policy=three).severities == (Severity.SEV1, Severity.SEV3)
    assert offered(INCIDENT, Role.ONCALL_ENGINEER).severities == ()
    assert Verb.SEVERITY not in offered(INCIDENT, Role.ONCALL_ENGINEER)


def test_reopening_what_is_over_is_for_leads() -> None:
    closed = replace(INCIDENT, status=Status.CLOSED)
    assert Verb.REOPEN in offered(closed, Role.SRE_LEAD)
    assert Verb.REOPEN not in offered(closed, Role.ONCALL_ENGINEER)
    resolved = replace(INCIDENT, status=Status.RESOLVED)
    assert Verb.REOPEN in offered(resolved, Role.ONCALL_ENGINEER)


def test_confirming_is_for_owners_who_have_not_yet() -> None:
    assert Verb.CONFIRM in offered(MAINTENANCE, Role.MEMBER, contributor="beta")
    assert Verb.CONFIRM not in offered(MAINTENANCE, Role.MEMBER, contributor="alpha")
    assert Verb.CONFIRM not in offered(MAINTENANCE, Role.SRE_LEAD)
    assert Verb.CONFIRM in offered(MAINTENANCE)
    confirmed = replace(MAINTENANCE, confirmed_by=("beta",))
    assert Verb.CONFIRM not in offered(confirmed, Role.MEMBER, contributor="beta")
    whole = replace(MAINTENANCE, effect=("ams-1",))
    assert Verb.CONFIRM not in offered(whole, Role.MEMBER, contributor="beta")


def test_a_public_update_is_corrected_where_there_is_one() -> None:
    assert Verb.CORRECT not in offered(INCIDENT)
    said = PublicUpdate(id="1", status="investigating", posted_at=NOON)
    assert Verb.CORRECT in offered(replace(INCIDENT, public_updates=(said,)))


def test_forcing_is_for_administrators_where_the_policy_forbids() -> None:
    strict = replace(DEFAULT_POLICY, forbid_overlap=True)
    assert offered(MAINTENANCE, policy=strict).forces
    assert not offered(MAINTENANCE, Role.SRE_LEAD, policy=strict).forces
    assert not offered(MAINTENANCE).forces
    assert not offered(INCIDENT, policy=strict).forces


def test_what_is_assigned_to_oneself_is_ones_own() -> None:
    mine = replace(INCIDENT, assignee=Assignee(kind="member", id="somebody"))
    assert offered(mine, Role.MEMBER).mine
    assert Verb.RESOLVE in offered(mine, Role.MEMBER)
