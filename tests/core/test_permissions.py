"""The Roles table of the domain, cell by cell, for the unbound and those bound to a contributor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest

from tests.core.records_in_memory import OrgInMemory, network, pubkey
from tocsin.core import commands, record_commands, registry_commands
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    ClearOverlap,
    Command,
    Confirm,
    EditPublicUpdate,
    Extend,
    NoteOverlap,
    NoteRelation,
    OpenIncident,
    OpenTicket,
    PlanMaintenance,
    PostPublicUpdate,
    RecordMessage,
    RecordSloViolation,
    Redact,
    ReferenceDraft,
    Relate,
    SetRca,
    SignalDraft,
    Tick,
    TicketCommand,
)
from tocsin.core.errors import Forbidden
from tocsin.core.evidence import SYSTEM_ACCESS, Access
from tocsin.core.facts import Actor
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.permissions import READERS, is_own, may_read, permit, require_member
from tocsin.core.provisioning import commands as life_commands
from tocsin.core.provisioning.commands import (
    AcceptLink,
    Advance,
    BindInterface,
    ChangeInterface,
    DefineInterface,
    Demand,
    FollowLedger,
    FreeInterface,
    Judge,
    LeaveLedger,
    RemoveInterface,
    Waive,
    Wish,
)
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateConnector,
    CreateContributor,
    CreateEntryPoint,
    CreateKey,
    CreateMember,
    CreateOrg,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    DestinationDraft,
    IssueLinkCode,
    LinkSlack,
    RecordCommand,
    RemoveConnector,
    RemoveContributor,
    RemoveEntryPoint,
    RemoveMember,
    RemoveRoute,
    RemoveRule,
    RemoveService,
    RemoveStatusPage,
    RevokeKey,
    UpdateConnector,
    UpdateContributor,
    UpdateEntryPoint,
    UpdateKey,
    UpdateMember,
    UpdateRoute,
    UpdateRule,
    UpdateService,
    UpdateStatusPage,
)
from tocsin.core.records import Connector, Device, Key, Link, Record
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.ticket import Assignee, Overlap, Relation, Ticket
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView
from tocsin.core.words import Role, Severity, Status, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
VIEWER, MEMBER, ONCALL, LEAD, ADMIN = Role
NOBODY: frozenset[Role] = frozenset()
ALL_BUT_VIEWER = frozenset({MEMBER, ONCALL, LEAD, ADMIN})
ONCALL_UP = frozenset({ONCALL, LEAD, ADMIN})
LEAD_UP = frozenset({LEAD, ADMIN})
ADMIN_ONLY = frozenset({ADMIN})

TICKET = Ticket(
    id="t",
    ref="I20261120-af36",
    type=TicketType.INCIDENT,
    title="Fibre cut",
    description="Fibre cut",
    severity=Severity.SEV3,
    status=Status.OPEN,
    created_at=NOON,
    updated_at=NOON,
    version=1,
    created_by=Actor(type="user", id="somebody", name="Somebody"),
    via="api",
    start_at=NOON,
    detected_at=NOON,
    last_status_at=NOON,
    last_word_at=NOON,
)
CLOSED = replace(TICKET, status=Status.CLOSED)
CANCELLED = replace(TICKET, status=Status.CANCELLED)
RESOLVED = replace(TICKET, status=Status.RESOLVED)
SIGNAL = SignalDraft(source="am", summary="down")
HOOK = DestinationDraft(kind="webhook", url="https://example.org/")

# (command, state, roles that may on their own, roles that may on any): the table of the domain.
TICKETS: list[tuple[TicketCommand, Ticket | None, frozenset[Role], frozenset[Role]]] = [
    (OpenIncident(ticket_id="t", refs=(), title="a"), None, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (PlanMaintenance(ticket_id="t", refs=(), title="a"), None, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (ChangeStatus(body="a note"), TICKET, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (AddAction(action_kind="NOTE", label="a"), TICKET, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (AttachSignal(signal=SIGNAL), TICKET, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (
        RecordMessage(message_id="m", source="slack", author="Mia", text="a", at=NOON),
        TICKET,
        frozenset(),
        frozenset(),
    ),
    (
        RecordSloViolation(
            slo_id="s", window_start=NOON, window_end=NOON, error_budget_consumed=1.0
        ),
        TICKET,
        ALL_BUT_VIEWER,
        ALL_BUT_VIEWER,
    ),
    (ChangeStatus(status="closed"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeStatus(status="acknowledged"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeStatus(status="no such word"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeStatus(body="so", root_cause="hardware"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (Extend(end_at=NOON), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeStatus(status="investigating"), CLOSED, LEAD_UP, LEAD_UP),
    (ChangeStatus(status="INVESTIGATING", dialect="its"), CLOSED, LEAD_UP, LEAD_UP),
    (ChangeStatus(status="closed"), CLOSED, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeStatus(status="investigating"), CANCELLED, LEAD_UP, LEAD_UP),
    (ChangeStatus(status="investigating"), RESOLVED, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeSeverity(severity="sev1"), TICKET, ALL_BUT_VIEWER, LEAD_UP),
    (ChangeSeverity(severity="P3"), TICKET, ALL_BUT_VIEWER, LEAD_UP),
    (ChangeSeverity(severity="sev4"), TICKET, LEAD_UP, LEAD_UP),
    (ChangeFields(title="b"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (Assign(assignee=None), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (ChangeLabels(add=("a",)), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (
        AddReference(reference=ReferenceDraft(kind="rca", url="https://example.org/")),
        TICKET,
        ALL_BUT_VIEWER,
        ONCALL_UP,
    ),
    (Relate(ticket="u", kind="related"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (SetRca(url="https://example.org/"), TICKET, ALL_BUT_VIEWER, ONCALL_UP),
    (PostPublicUpdate(status="monitoring", body="a"), TICKET, ONCALL_UP, ONCALL_UP),
    (EditPublicUpdate(public_update_id="p", body="b"), TICKET, ONCALL_UP, ONCALL_UP),
    (Redact(event="e", fields=("body",)), TICKET, ADMIN_ONLY, ADMIN_ONLY),
    (Confirm(), TICKET, ADMIN_ONLY, ADMIN_ONLY),
    (Tick(at=NOON), TICKET, NOBODY, NOBODY),
    (NoteOverlap(overlap=Overlap(ticket_id="u", shared=())), TICKET, NOBODY, NOBODY),
    (ClearOverlap(ticket_id="u"), TICKET, NOBODY, NOBODY),
    (NoteRelation(relation=Relation(kind="related", ticket_id="u")), TICKET, NOBODY, NOBODY),
]
OPEN_TO_ANY = (OpenTicket, AddAction, AttachSignal, RecordSloViolation)


def allowed(
    command: TicketCommand | RecordCommand, state: Ticket | Record | None, access: Access
) -> bool:
    return permitted(network(), command, state, access)


def permitted(
    org: OrgInMemory,
    command: TicketCommand | RecordCommand,
    state: Ticket | Record | None,
    access: Access,
) -> bool:
    try:
        permit(command, state, org.given(access))
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("command", "state", "on_own", "on_any"),
    TICKETS,
    ids=[f"{type(row[0]).__name__}-{index}" for index, row in enumerate(TICKETS)],
)
def test_tickets_and_an_unbound_member(
    command: TicketCommand,
    state: Ticket | None,
    on_own: frozenset[Role],
    on_any: frozenset[Role],
) -> None:
    org = network()
    own = state and replace(state, created_by=Actor(type="user", id="me", name="Me"))
    for role in Role:
        me = Access(role=role, member_id="me")
        assert permitted(org, command, own, me) is (role in on_own), (role, "own")
        assert permitted(org, command, state, me) is (role in on_any), (role, "not own")
    assert permitted(org, command, state, SYSTEM_ACCESS)


@pytest.mark.parametrize(
    ("command", "state", "on_own", "on_any"),
    TICKETS,
    ids=[f"{type(row[0]).__name__}-{index}" for index, row in enumerate(TICKETS)],
)
def test_tickets_and_a_member_bound_to_a_contributor(
    command: TicketCommand,
    state: Ticket | None,
    on_own: frozenset[Role],
    on_any: frozenset[Role],
) -> None:
    org = network()
    everywhere = isinstance(command, OPEN_TO_ANY) or command == ChangeStatus(body="a note")
    if isinstance(command, Confirm):
        on_own = ALL_BUT_VIEWER  # an owner of the assets confirms
    own = state and replace(state, affected_contributors=("alpha",))
    for role in Role:
        me = Access(role=role, member_id="me", contributor_id="alpha")
        assert permitted(org, command, own, me) is (role in on_own), (role, "own")
        may = role in on_any and everywhere
        assert permitted(org, command, state, me) is may, (role, "not own")


def test_own_is_created_assigned_or_on_an_asset_of_the_contributor() -> None:
    bound = Access(role=MEMBER, member_id="me", contributor_id="alpha")
    unbound = Access(role=MEMBER, member_id="me")
    mine = Actor(type="user", id="me", name="Me")
    of_members = [
        replace(TICKET, created_by=mine),
        replace(TICKET, assignee=Assignee(kind="member", id="me")),
    ]
    of_contributors = [
        replace(TICKET, contributor_id="alpha"),
        replace(TICKET, assignee=Assignee(kind="contributor", id="alpha")),
        replace(TICKET, affected_contributors=("alpha", "beta")),
    ]
    strange = [
        TICKET,
        replace(TICKET, created_by=Actor(type="connector", id="me", name="A namesake")),
        replace(TICKET, assignee=Assignee(kind="contributor", id="me")),
        replace(TICKET, assignee=Assignee(kind="member", id="alpha")),
        replace(TICKET, contributor_id="beta", affected_contributors=("beta",)),
    ]

    assert all(is_own(ticket, unbound) for ticket in of_members)
    assert all(is_own(ticket, bound) for ticket in (*of_members, *of_contributors))
    assert not any(is_own(ticket, unbound) for ticket in (*of_contributors, *strange))
    assert not any(is_own(ticket, bound) for ticket in strange)


def test_a_contributor_that_only_opened_the_ticket_does_not_confirm_it() -> None:
    opened = replace(TICKET, contributor_id="alpha", affected_contributors=("beta",))
    for contributor, may in (("alpha", False), ("beta", True)):
        me = Access(role=MEMBER, member_id="me", contributor_id=contributor)
        assert allowed(Confirm(), opened, me) is may


def test_a_refusal_names_the_role_that_would_do() -> None:
    with pytest.raises(Forbidden, match="sre_lead"):
        permit(
            ChangeSeverity(severity="sev4"),
            TICKET,
            network().given(Access(role=ONCALL, member_id="me")),
        )


# Administration: (command, stream of its state, unbound roles that may, roles bound to the owner
# that may). Whoever is bound elsewhere never may. Streams are those of the example network.
def link_draft(*, from_device: str = "ams-1") -> RegisterLink:
    return RegisterLink(
        link_id="l",
        pubkey=pubkey(31),
        code="l",
        link_type="WAN",
        contributor="alpha",
        side_a=SideDraft(device=from_device, interface="e"),
        side_z=SideDraft(device="lon-1", interface="e"),
    )


RECORDS: list[tuple[RecordCommand, str | None, frozenset[Role], frozenset[Role]]] = [
    (CreateOrg(org_id="1", code="a", name="A"), None, NOBODY, NOBODY),
    (ChangePolicy(severity_levels=3), None, ADMIN_ONLY, NOBODY),
    (
        CreateContributor(contributor_id="c", code="c", name="C", pubkey=pubkey(3)),
        None,
        ADMIN_ONLY,
        NOBODY,
    ),
    (RemoveContributor(), "contributor:alpha", ADMIN_ONLY, NOBODY),
    (UpdateContributor(code="alef"), "contributor:alpha", ADMIN_ONLY, ADMIN_ONLY),
    (UpdateContributor(pubkey=pubkey(9)), "contributor:alpha", ADMIN_ONLY, ADMIN_ONLY),
    (UpdateContributor(contacts=()), "contributor:alpha", LEAD_UP, LEAD_UP),
    (UpdateContributor(code="alpha", name="A"), "contributor:alpha", LEAD_UP, ALL_BUT_VIEWER),
    (
        CreateMember(member_id="n", name="N", role="viewer", contributor="alpha"),
        None,
        ADMIN_ONLY,
        LEAD_UP,
    ),
    (UpdateMember(name="N"), "member:alpha-member", ADMIN_ONLY, LEAD_UP),
    (UpdateMember(role="org_admin"), "member:alpha-member", ADMIN_ONLY, ADMIN_ONLY),
    (UpdateMember(contributor=None), "member:alpha-member", ADMIN_ONLY, NOBODY),
    (UpdateMember(contributor="beta"), "member:alpha-member", ADMIN_ONLY, NOBODY),
    (IssueLinkCode(digest="d"), "member:alpha-member", ADMIN_ONLY, LEAD_UP),
    (
        LinkSlack(digest="d", slack_user_id="U1", slack_team_id="T1"),
        "member:alpha-member",
        NOBODY,
        NOBODY,
    ),
    (RemoveMember(), "member:alpha-member", ADMIN_ONLY, LEAD_UP),
    (Redact(event="e", fields=("name",)), "member:alpha-member", ADMIN_ONLY, ADMIN_ONLY),
    (Redact(event="e", fields=("contacts",)), "contributor:alpha", ADMIN_ONLY, ADMIN_ONLY),
    (
        CreateKey(key_id="n", name="n", member_id="alpha-member", role="viewer"),
        None,
        ADMIN_ONLY,
        LEAD_UP,
    ),
    (
        CreateKey(key_id="n", name="n", member_id="alpha-sre_lead", role="org_admin"),
        None,
        ADMIN_ONLY,
        ADMIN_ONLY,
    ),
    (CreateKey(key_id="n", name="n", member_id="beta-member"), None, ADMIN_ONLY, NOBODY),
    (CreateKey(key_id="n", name="n", member_id="admin"), None, ADMIN_ONLY, NOBODY),
    (UpdateKey(name="n"), "key:alpha", ADMIN_ONLY, LEAD_UP),
    (RevokeKey(), "key:alpha", ADMIN_ONLY, LEAD_UP),
    (CreateService(service_id="s", code="s", name="S"), None, LEAD_UP, NOBODY),
    (UpdateService(name="S"), "service:api", LEAD_UP, NOBODY),
    (RemoveService(), "service:api", LEAD_UP, NOBODY),
    (CreateLocation(location_id="l", code="l", name="L"), None, LEAD_UP, NOBODY),
    (UpdateLocation(name="L"), "location:ams", LEAD_UP, NOBODY),
    (RemoveLocation(), "location:ams", LEAD_UP, NOBODY),
    (
        CreateRoute(route_id="r", name="r", destination=HOOK, contributor="alpha"),
        None,
        LEAD_UP,
        LEAD_UP,
    ),
    (UpdateRoute(enabled=False), "route:alpha", LEAD_UP, LEAD_UP),
    (UpdateRoute(contributor=None), "route:alpha", LEAD_UP, NOBODY),
    (UpdateRoute(enabled=False), "route:org", LEAD_UP, NOBODY),
    (RemoveRoute(), "route:alpha", LEAD_UP, LEAD_UP),
    (CreateEntryPoint(entry_point_id="e", name="e", words=("e",)), None, LEAD_UP, NOBODY),
    (UpdateEntryPoint(order=1), "entry_point:pay", LEAD_UP, NOBODY),
    (RemoveEntryPoint(), "entry_point:pay", LEAD_UP, NOBODY),
    (CreateStatusPage(status_page_id="s", code="s", name="S"), None, LEAD_UP, NOBODY),
    (UpdateStatusPage(name="S"), "status_page:main", LEAD_UP, NOBODY),
    (RemoveStatusPage(), "status_page:main", LEAD_UP, NOBODY),
    (
        CreateSubscription(
            subscription_id="s", page="main", kind="email", address="a@b.example", asked_at=NOON
        ),
        None,
        NOBODY,
        NOBODY,
    ),
    (RemoveSubscription(), "subscription:ann", ADMIN_ONLY, NOBODY),
    (CreateView(view_id="v", name="v", query="", shared=True), None, ONCALL_UP, NOBODY),
    (UpdateView(name="v"), "view:shared", LEAD_UP, NOBODY),
    (RemoveView(), "view:shared", LEAD_UP, NOBODY),
    (
        CreateConnector(
            connector_id="c",
            code="c",
            name="c",
            kind="generic",
            token_digest="0" * 64,
            contributor="alpha",
        ),
        None,
        LEAD_UP,
        LEAD_UP,
    ),
    (UpdateConnector(mode="observe"), "connector:alpha", LEAD_UP, LEAD_UP),
    (UpdateConnector(contributor=None), "connector:alpha", LEAD_UP, NOBODY),
    (UpdateConnector(mode="observe"), "connector:org", LEAD_UP, NOBODY),
    (RemoveConnector(), "connector:alpha", LEAD_UP, LEAD_UP),
    (
        CreateRule(rule_id="n", name="n", action="ignore", connector="alpha"),
        None,
        LEAD_UP,
        LEAD_UP,
    ),
    (CreateRule(rule_id="n", name="n", action="ignore"), None, LEAD_UP, NOBODY),
    (UpdateRule(order=1), "rule:alpha", LEAD_UP, LEAD_UP),
    (UpdateRule(connector=None), "rule:alpha", LEAD_UP, NOBODY),
    (UpdateRule(order=1), "rule:org", LEAD_UP, NOBODY),
    (RemoveRule(), "rule:alpha", LEAD_UP, LEAD_UP),
    (
        RegisterDevice(device_id="d", pubkey=pubkey(30), code="d", contributor="alpha"),
        None,
        ALL_BUT_VIEWER,
        ALL_BUT_VIEWER,
    ),
    (UpdateDevice(location="ams"), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (UpdateDevice(contributor="beta"), "device:ams-1", LEAD_UP, NOBODY),
    (RemoveDevice(), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (link_draft(), None, ALL_BUT_VIEWER, ALL_BUT_VIEWER),
    (
        link_draft(from_device="fra-1"),
        None,
        ALL_BUT_VIEWER,
        NOBODY,
    ),
    (UpdateLink(mtu=9_000), "link:ams-1:fra-1", LEAD_UP, ALL_BUT_VIEWER),
    (
        UpdateLink(side_a=SideDraft(device="fra-1", interface="e")),
        "link:ams-1:fra-1",
        LEAD_UP,
        NOBODY,
    ),
    (RemoveLink(), "link:ams-1:fra-1", LEAD_UP, ALL_BUT_VIEWER),
    (Wish(desired="activated"), "link:ams-1:fra-1", LEAD_UP, ALL_BUT_VIEWER),
    (Wish(desired="hard-drained"), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (AcceptLink(), "link:ams-1:fra-1", ADMIN_ONLY, NOBODY),
    (DefineInterface(name="Ethernet9"), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (ChangeInterface(name="Ethernet1"), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (RemoveInterface(name="Ethernet1"), "device:ams-1", LEAD_UP, ALL_BUT_VIEWER),
    (
        Waive(criterion="side_a", reason="standby", until=NOON + timedelta(days=1)),
        "link:ams-1:fra-1",
        ADMIN_ONLY,
        NOBODY,
    ),
    (Demand(criterion="side_a"), "link:ams-1:fra-1", ADMIN_ONLY, NOBODY),
    (BindInterface(name="Ethernet1", link_type="WAN"), "device:ams-1", NOBODY, NOBODY),
    (FreeInterface(name="Ethernet1"), "device:ams-1", NOBODY, NOBODY),
    (Judge(health="healthy", reasons=()), "link:ams-1:fra-1", NOBODY, NOBODY),
    (Advance(), "link:ams-1:fra-1", NOBODY, NOBODY),
    (
        FollowLedger(status="activated", health="healthy", desired_status="activated"),
        "link:ams-1:fra-1",
        NOBODY,
        NOBODY,
    ),
    (LeaveLedger(), "link:ams-1:fra-1", NOBODY, NOBODY),
]


def administered() -> OrgInMemory:
    org = network()
    org.ask("location:ams", CreateLocation(location_id="ams", code="ams", name="AMS"))
    org.ask("service:api", CreateService(service_id="api", code="api", name="API"))
    org.ask("key:alpha", CreateKey(key_id="alpha", name="k", member_id="alpha-member"))
    org.ask("entry_point:pay", CreateEntryPoint(entry_point_id="pay", name="Pay", words=("pay",)))
    org.ask("status_page:main", CreateStatusPage(status_page_id="main", code="main", name="Main"))
    org.ask(
        "subscription:ann",
        CreateSubscription(
            subscription_id="ann", page="main", kind="email", address="a@b.example", asked_at=NOON
        ),
    )
    org.ask("view:shared", CreateView(view_id="shared", name="All", query="", shared=True))
    for name, owner in (("alpha", "alpha"), ("org", None)):
        org.ask(
            f"route:{name}",
            CreateRoute(route_id=name, name=name, destination=HOOK, contributor=owner),
        )
        org.ask(
            f"connector:{name}",
            CreateConnector(
                connector_id=name,
                code=name,
                name=name,
                kind="generic",
                token_digest=name.encode().hex().ljust(64, "0"),
                contributor=owner,
            ),
        )
        org.ask(
            f"rule:{name}",
            CreateRule(rule_id=name, name=name, action="ignore", connector=name),
        )
    return org


@pytest.mark.parametrize(
    ("command", "stream", "unbound", "bound"),
    RECORDS,
    ids=[f"{type(row[0]).__name__}-{index}" for index, row in enumerate(RECORDS)],
)
def test_records(
    command: RecordCommand,
    stream: str | None,
    unbound: frozenset[Role],
    bound: frozenset[Role],
) -> None:
    org = administered()
    state = None if stream is None else org.states[stream]
    for role in Role:
        nobodys = Access(role=role, member_id="me")
        assert permitted(org, command, state, nobodys) is (role in unbound), (role, "unbound")
        alphas = Access(role=role, member_id="me", contributor_id="alpha")
        assert permitted(org, command, state, alphas) is (role in bound), (role, "owner's")
        strangers = Access(role=role, member_id="me", contributor_id="gamma")
        assert not permitted(org, command, state, strangers), (role, "stranger's")
    assert permitted(org, command, state, SYSTEM_ACCESS)


def test_either_side_drains_a_link_and_only_the_z_side_accepts_it() -> None:
    org = network()
    state = org.states["link:ams-1:fra-1"]
    z_side = Access(role=MEMBER, member_id="me", contributor_id="beta")

    assert permitted(org, Wish(desired="soft_drained"), state, z_side)
    assert permitted(org, Wish(desired="hard_drained"), state, z_side)
    for not_theirs in ("activated", "deleted", "nonsense"):
        assert not permitted(org, Wish(desired=not_theirs), state, z_side)
    assert permitted(org, AcceptLink(), state, z_side)
    assert not permitted(org, AcceptLink(), state, replace(z_side, contributor_id="alpha"))


def test_an_unknown_contributor_is_for_the_decision_to_refuse() -> None:
    device = RegisterDevice(device_id="d", pubkey=pubkey(30), code="d", contributor="nowhere")

    assert allowed(device, None, Access(role=MEMBER, member_id="me", contributor_id="alpha"))


def test_a_lead_does_not_change_a_key_above_it() -> None:
    org = administered()
    org.ask("key:admin", CreateKey(key_id="admin", name="k", member_id="alpha-sre_lead"))
    key = org.states["key:admin"]
    assert isinstance(key, Key)
    # Its member was an org_admin when the key was made.
    above = replace(key, role=ADMIN)
    lead = Access(role=LEAD, member_id="me", contributor_id="alpha")

    assert permitted(org, UpdateKey(name="n"), key, lead)
    assert not permitted(org, UpdateKey(name="n"), above, lead)


def test_an_unbound_member_changes_the_assets_it_registered() -> None:
    org = network()
    me = Access(role=MEMBER, member_id="me")
    org.ask(
        "device:mine",
        RegisterDevice(device_id="mine", pubkey=pubkey(40), code="mine", contributor="alpha"),
        me,
    )
    link = RegisterLink(
        link_id="mine",
        pubkey=pubkey(41),
        code="mine",
        link_type="WAN",
        contributor="alpha",
        side_a=SideDraft(device="mine", interface="e"),
        side_z=SideDraft(device="fra-1", interface="e"),
    )
    org.ask("link:mine", link, me)

    for command, stream in (
        (UpdateLink(mtu=1_500), "link:mine"),
        (UpdateDevice(location="x"), "device:mine"),
    ):
        assert isinstance(org.states[stream], Device | Link)
        assert permitted(org, command, org.states[stream], me)
        other = Access(role=ONCALL, member_id="other")
        assert not permitted(org, command, org.states[stream], other)


def test_a_lead_does_not_touch_those_above_it() -> None:
    org = network()
    org.ask(
        "member:boss",
        CreateMember(member_id="boss", name="Boss", role="org_admin", contributor="alpha"),
    )
    org.ask("key:boss", CreateKey(key_id="boss", name="k", member_id="boss", role="viewer"))
    lead = Access(role=LEAD, member_id="alpha-sre_lead", contributor_id="alpha")

    for command, stream in (
        (UpdateMember(name="B"), "member:boss"),
        (RemoveMember(), "member:boss"),
        (RevokeKey(), "key:boss"),
    ):
        assert not permitted(org, command, org.states[stream], lead)
    key = CreateKey(key_id="n", name="n", member_id="boss", role="viewer")
    assert not permitted(org, key, None, lead)


def test_the_key_of_a_member_that_is_gone_is_for_an_unbound_admin() -> None:
    org = administered()
    org.ask("member:alpha-member", RemoveMember())
    state = org.states["key:alpha"]

    assert not permitted(
        org, RevokeKey(), state, Access(role=ADMIN, member_id="me", contributor_id="alpha")
    )
    assert permitted(org, RevokeKey(), state, Access(role=ADMIN, member_id="me"))


def test_reading() -> None:
    at_least = {
        "ticket": VIEWER,
        "device": VIEWER,
        "service": VIEWER,
        "location": VIEWER,
        "measures": VIEWER,
        "inbox": ONCALL,
        "delivery": ONCALL,
        "connector": ONCALL,
        "rule": ONCALL,
        "route": ONCALL,
        "entry_point": ONCALL,
        "status_page": VIEWER,
        "view": VIEWER,
        "key": LEAD,
        "subscription": ADMIN,
        **dict.fromkeys(
            ("incident", "maintenance", "link", "contributor", "member", "org", "policy"), VIEWER
        ),
    }
    assert at_least.keys() == READERS.keys()
    for (what, least), role in product(at_least.items(), Role):
        assert may_read(Access(role=role, member_id="me"), what) is (role >= least)
    assert may_read(SYSTEM_ACCESS, "key")


def test_who_has_a_key_tells_signals_in_the_name_of_its_own_contributors_connectors() -> None:
    org = administered()
    alphas, orgs = org.directory.connector("alpha"), org.directory.connector("org")
    assert alphas is not None
    assert orgs is not None

    def may(access: Access, connector: Connector | None) -> bool:
        try:
            require_member(access, connector)
        except Forbidden:
            return False
        return True

    for role in Role:
        unbound = Access(role=role, member_id="me")
        bound = replace(unbound, contributor_id="alpha")
        elsewhere = replace(unbound, contributor_id="beta")
        told = role >= MEMBER
        assert [may(unbound, one) for one in (None, alphas, orgs)] == [told, told, told]
        assert [may(bound, one) for one in (None, alphas, orgs)] == [told, told, False]
        assert [may(elsewhere, one) for one in (None, alphas, orgs)] == [told, False, False]
    assert may(SYSTEM_ACCESS, alphas)


def test_every_command_is_known_to_permit() -> None:
    """No command slips by: each is one of the unions that permit is exhaustive over, and tried."""

    # A class with slots is made twice; what a module holds is the one that counts.
    known = {
        found
        for module in (commands, record_commands, registry_commands, life_commands)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Command)
    }
    ours = known - {Command, OpenTicket}
    tried = {type(row[0]) for row in TICKETS} | {type(row[0]) for row in RECORDS}

    assert ours == {*get_args(TicketCommand), *get_args(RecordCommand)}
    assert tried == ours
