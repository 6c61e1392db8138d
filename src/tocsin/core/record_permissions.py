"""Who may administer what (Domain: roles): parties, keys, assets, services, routes,
connectors and rules.

A member bound to a contributor reaches only what is that contributor's own. An ``sre_lead`` so
bound manages the contributor's members, contacts and keys, never above its own role: a contributor
runs itself.
"""

from __future__ import annotations

from typing import assert_never

from tocsin.core.commands import Redact
from tocsin.core.errors import Forbidden
from tocsin.core.evidence import Access, Given
from tocsin.core.facts import NotGiven
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
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
    LifeCommand,
    RemoveInterface,
    Waive,
    Wish,
)
from tocsin.core.provisioning.words import DesiredStatus
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
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    Key,
    Link,
    Member,
    Record,
    Route,
    Rule,
    View,
)
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
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView
from tocsin.core.words import Role, UnknownWord, parse_word


def permit_record(command: RecordCommand, state: Record | None, given: Given) -> None:
    """Let *command* pass, asked of the record *state* by ``given.access``.

    Raises:
        Forbidden: it may not be asked by this role, or not of what is not its own.
    """
    access = given.access
    if access.system:
        return
    match command:
        case CreateOrg():
            raise Forbidden("an org is made with the command line, on the machine that serves it")
        case ChangePolicy():
            _require(access, Role.ORG_ADMIN, "changing the policy")
            _whole_org(access, "changing the policy")
        case CreateContributor():
            _require(access, Role.ORG_ADMIN, "taking in a contributor")
            _whole_org(access, "taking in a contributor")
        case RemoveContributor():
            _require(access, Role.ORG_ADMIN, "removing a contributor")
            _whole_org(access, "removing a contributor")
        case UpdateContributor():
            _permit_contributor(command, state, access)
        case CreateMember() | UpdateMember() | RemoveMember():
            _permit_member(command, state, given)
        case IssueLinkCode():
            _permit_link_code(state, given)
        case LinkSlack():
            raise Forbidden("a Slack user is tied by the code that they say in Slack")
        case CreateKey() | UpdateKey() | RevokeKey():
            _permit_key(command, state, given)
        case CreateService() | UpdateService() | RemoveService():
            _require(access, Role.SRE_LEAD, "administering services")
            _whole_org(access, "administering services")
        case CreateLocation() | UpdateLocation() | RemoveLocation():
            _require(access, Role.SRE_LEAD, "administering locations")
            _whole_org(access, "administering locations")
        case CreateEntryPoint() | UpdateEntryPoint() | RemoveEntryPoint():
            _require(access, Role.SRE_LEAD, "administering entry points")
            _whole_org(access, "administering entry points")
        case CreateStatusPage() | UpdateStatusPage() | RemoveStatusPage():
            _require(access, Role.SRE_LEAD, "administering status pages")
            _whole_org(access, "administering status pages")
        case CreateSubscription():
            raise Forbidden("a subscription is asked for, and confirmed, on the status page itself")
        case RemoveSubscription():
            _require(access, Role.ORG_ADMIN, "ending a subscription")
            _whole_org(access, "ending a subscription")
        case CreateView() | UpdateView() | RemoveView():
            permit_view(command, state, access)
        case CreateRoute() | UpdateRoute() | RemoveRoute():
            _permit_route(command, state, given)
        case CreateConnector() | UpdateConnector() | RemoveConnector():
            _permit_connector(command, state, given)
        case CreateRule() | UpdateRule() | RemoveRule():
            _permit_rule(command, state, given)
        case RegisterDevice() | UpdateDevice() | RemoveDevice():
            _permit_device(command, state, given)
        case RegisterLink() | UpdateLink() | RemoveLink():
            _permit_link(command, state, given)
        case Redact():
            _require(access, Role.ORG_ADMIN, "erasing personal data")
            _within(access, _owner_of(state), "erasing personal data")
        case _:
            permit_life(command, state, access)


def permit_life(command: LifeCommand, state: Record | None, access: Access) -> None:
    """Let a command about the life of a device or link pass (Provisioning: who may).

    Its owner decides; of a link that is the contributor of the A side. Either side may drain it,
    and only the Z side accepts it.

    Raises:
        Forbidden: it may not be asked by this role, or not of what is not its own.
    """
    if access.system:
        return
    match command:
        case Wish():
            what = "changing the desired status"
            if isinstance(state, Link) and _drains(command):
                _require(access, Role.MEMBER, what)
                if access.contributor_id == state.side_z_contributor_id:
                    return
            _permit_asset(state, access, what)
        case AcceptLink():
            _require(access, Role.MEMBER, "accepting a link")
            if access.contributor_id is None:
                _require(access, Role.ORG_ADMIN, "accepting a link for its Z side")
            elif isinstance(state, Link) and access.contributor_id != state.side_z_contributor_id:
                raise Forbidden("only the contributor of the link's Z side accepts it")
        case DefineInterface() | ChangeInterface() | RemoveInterface():
            _permit_asset(state, access, "administering interfaces")
        case Waive() | Demand():
            _require(access, Role.ORG_ADMIN, "waiving a criterion")
            _whole_org(access, "waiving a criterion")
        case BindInterface() | FreeInterface() | Judge() | Advance():
            raise Forbidden("only the system does this")
        case FollowLedger() | LeaveLedger():
            raise Forbidden("only the system does this")
        case _:
            assert_never(command)


def _drains(command: Wish) -> bool:
    try:
        wanted = parse_word(DesiredStatus, command.desired, field="desired_status")
    except UnknownWord:
        return False
    return wanted in (DesiredStatus.SOFT_DRAINED, DesiredStatus.HARD_DRAINED)


def _require(access: Access, role: Role, what: str) -> None:
    if access.role < role:
        raise Forbidden(f"{what} needs the role {role.value}; yours is {access.role.value}")


def _whole_org(access: Access, what: str) -> None:
    if access.contributor_id is not None:
        raise Forbidden(f"{what} takes a member bound to no contributor; you are bound to one")


def _within(access: Access, contributor_id: str | None, what: str) -> None:
    """Refuse a bound member what is not its contributor's."""
    if access.contributor_id is not None and access.contributor_id != contributor_id:
        raise Forbidden(
            f"{what} reaches only your own contributor's; this takes a member of theirs, "
            "or one bound to no contributor"
        )


def _owner_of(state: Record | None) -> str | None:
    match state:
        case Contributor():
            return state.id
        case Member() | Route() | Connector() | Device() | Link():
            return state.contributor_id
        case _:
            return None


def _named_contributor(name: str | None, given: Given) -> str | None:
    """The id of the contributor that a new record is for; the asker's where none is named."""
    if name is None:
        return given.access.contributor_id
    found = given.directory.contributor(name)
    return None if found is None else found.id


def _permit_contributor(command: UpdateContributor, state: Record | None, access: Access) -> None:
    """Identity is for org_admin, contacts for sre_lead, the rest for the contributor's members."""
    code, pubkey = (state.code, state.pubkey) if isinstance(state, Contributor) else (None, None)
    # Saying again what is so changes nothing (PUT does).
    if _moves(command.code, code) or _moves(command.pubkey, pubkey):
        _require(access, Role.ORG_ADMIN, "changing a contributor's code or pubkey")
    if not isinstance(command.contacts, NotGiven):
        _require(access, Role.SRE_LEAD, "changing a contributor's contacts")
    _require(access, Role.MEMBER, "changing a contributor's data")
    if access.contributor_id is None:
        _require(access, Role.SRE_LEAD, "changing data of a contributor that is not your own")
    if state is not None:
        _within(access, _owner_of(state), "changing a contributor's data")


def _moves(wanted: str | NotGiven, now: str | None) -> bool:
    return not isinstance(wanted, NotGiven) and wanted != now


def _not_above(access: Access, role: Role, what: str) -> None:
    if role > access.role:
        raise Forbidden(
            f"{what} with the role {role.value} is for those who have it; "
            f"yours is {access.role.value}"
        )


def _role(text: str | None | NotGiven) -> Role | None:
    """The role that *text* names; None where there is none to judge."""
    if not isinstance(text, str):
        return None
    try:
        return parse_word(Role, text, field="role")
    except UnknownWord:
        return None


def _manages(access: Access, contributor_id: str | None, what: str) -> None:
    """org_admin, or the sre_lead of that very contributor."""
    if access.contributor_id is None:
        _require(access, Role.ORG_ADMIN, what)
    else:
        _require(access, Role.SRE_LEAD, what)
        _within(access, contributor_id, what)


def _permit_member(
    command: CreateMember | UpdateMember | RemoveMember, state: Record | None, given: Given
) -> None:
    access = given.access
    what = "administering members"
    if isinstance(command, CreateMember):
        _manages(access, _named_contributor(command.contributor, given), what)
    else:
        member = state if isinstance(state, Member) else None
        # What is not there is not found; before that the role alone decides.
        owner = access.contributor_id if member is None else member.contributor_id
        _manages(access, owner, what)
        if member is not None:
            _not_above(access, member.role, what)
    if isinstance(command, UpdateMember) and not isinstance(command.contributor, NotGiven):
        # None unbinds: for a bound asker that reaches beyond its own.
        moved_to = (
            None if command.contributor is None else _named_contributor(command.contributor, given)
        )
        _within(access, moved_to, what)
    if isinstance(command, CreateMember | UpdateMember):
        role = _role(command.role)
        if role is not None:
            _not_above(access, role, what)


def _permit_link_code(state: Record | None, given: Given) -> None:
    """By the member itself, or by who may change it: who says the code speaks as that member.

    With a key of a lower role nobody gets more than that by it, of themselves neither.
    """
    access = given.access
    member = state if isinstance(state, Member) else None
    if member is not None and member.id == access.member_id:
        _not_above(access, member.role, "a link code of one's own")
        return
    what = "giving out another member's link code"
    _manages(access, access.contributor_id if member is None else member.contributor_id, what)
    if member is not None:
        _not_above(access, member.role, what)


def permit_sign_in_link(access: Access, member: Member) -> None:
    """Let *access* have a link that signs *member* in: its own, or as an org_admin anybody's.

    With a key of a lower role nobody gets more than that by it, of themselves neither.

    Raises:
        Forbidden: it may not.
    """
    if access.system:
        return
    if member.id == access.member_id:
        _not_above(access, member.role, "one's own link to sign in")
        return
    what = "making another member's link to sign in"
    _require(access, Role.ORG_ADMIN, what)
    _within(access, member.contributor_id, what)


def _permit_key(
    command: CreateKey | UpdateKey | RevokeKey, state: Record | None, given: Given
) -> None:
    access = given.access
    what = "administering keys"
    key = state if isinstance(state, Key) else None
    if isinstance(command, CreateKey):
        member = given.directory.member(command.member_id)
    else:
        member = None if key is None else given.directory.member(key.member_id)
    if member is None and key is not None:
        # Its member is gone: nobody bound can show that it is theirs.
        _manages(access, None, what)
    else:
        _manages(access, access.contributor_id if member is None else member.contributor_id, what)
    if member is not None:
        _not_above(access, member.role, what)
    if key is not None:
        _not_above(access, key.role, what)
    if isinstance(command, CreateKey | UpdateKey):
        role = _role(command.role)
        if role is not None:
            _not_above(access, role, what)


def _permit_route(
    command: CreateRoute | UpdateRoute | RemoveRoute, state: Record | None, given: Given
) -> None:
    access = given.access
    what = "administering routes"
    _require(access, Role.SRE_LEAD, what)
    if isinstance(command, CreateRoute):
        _within(access, _named_contributor(command.contributor, given), what)
    elif state is not None:
        _within(access, _owner_of(state), what)
    if isinstance(command, UpdateRoute) and not isinstance(command.contributor, NotGiven):
        moved_to = (
            None if command.contributor is None else _named_contributor(command.contributor, given)
        )
        _within(access, moved_to, what)


def _permit_connector(
    command: CreateConnector | UpdateConnector | RemoveConnector,
    state: Record | None,
    given: Given,
) -> None:
    access = given.access
    what = "administering connectors"
    _require(access, Role.SRE_LEAD, what)
    if isinstance(command, CreateConnector):
        _within(access, _named_contributor(command.contributor, given), what)
    elif state is not None:
        _within(access, _owner_of(state), what)
    if isinstance(command, UpdateConnector) and not isinstance(command.contributor, NotGiven):
        moved_to = (
            None if command.contributor is None else _named_contributor(command.contributor, given)
        )
        _within(access, moved_to, what)


def _permit_rule(
    command: CreateRule | UpdateRule | RemoveRule, state: Record | None, given: Given
) -> None:
    """A rule is its connector's owner's; one for every connector is for the whole org to say."""
    access = given.access
    what = "administering rules"
    _require(access, Role.SRE_LEAD, what)
    if isinstance(state, Rule):
        _within(access, _owner_of_connector(state.connector_id, given), what)
    if isinstance(command, CreateRule) or (
        isinstance(command, UpdateRule) and not isinstance(command.connector, NotGiven)
    ):
        named = command.connector if isinstance(command.connector, str) else None
        _within(access, _owner_of_connector(named, given), what)


def permit_view(
    command: CreateView | UpdateView | RemoveView, state: Record | None, access: Access
) -> None:
    """One's own by everybody who opens tickets; what everybody sees by an ``oncall_engineer``, and
    somebody else's that is shared by an ``sre_lead``, both bound to nobody."""
    what = "saving a view"
    _require(access, Role.MEMBER, what)
    view = state if isinstance(state, View) else None
    if view is not None and view.member_id != access.member_id:
        if not view.shared:
            raise Forbidden("this view is another member's own")
        what = "changing somebody else's view"
        _require(access, Role.SRE_LEAD, what)
        _whole_org(access, what)
    elif (view is not None and view.shared) or (
        not isinstance(command, RemoveView) and command.shared is True
    ):
        what = "sharing a view with everybody"
        _require(access, Role.ONCALL_ENGINEER, what)
        _whole_org(access, what)


def _owner_of_connector(name: str | None, given: Given) -> str | None:
    found = None if name is None else given.directory.connector(name)
    return None if found is None else found.contributor_id


def permit_redelivery(access: Access, route: Route | None, what: str) -> None:
    """Let *access* have something sent to *route* now (None: to whichever routes are its own):
    *what*, a trial or a parked delivery (Domain: roles, "routes").

    Raises:
        Forbidden: it may not, or not there.
    """
    if access.system:
        return
    _require(access, Role.SRE_LEAD, what)
    if route is not None:
        _within(access, route.contributor_id, what)


def _permit_asset(state: Record | None, access: Access, what: str) -> None:
    """The row "devices, links": own for member and oncall_engineer, all for sre_lead."""
    _require(access, Role.MEMBER, what)
    if not isinstance(state, Device | Link):
        return
    if access.contributor_id is not None:
        _within(access, state.contributor_id, what)
    elif access.role < Role.SRE_LEAD and state.created_by != access.member_id:
        raise Forbidden(
            f"{what} that you did not register needs the role {Role.SRE_LEAD.value}; "
            f"yours is {access.role.value}"
        )


def _permit_owner(name: str | None | NotGiven, given: Given, what: str) -> None:
    """A bound member makes and moves assets for its own contributor only."""
    owner = given.directory.contributor(name) if isinstance(name, str) else None
    # One that is not known is for the decision to refuse.
    if owner is not None:
        _within(given.access, owner.id, what)


def _permit_device(
    command: RegisterDevice | UpdateDevice | RemoveDevice, state: Record | None, given: Given
) -> None:
    what = "administering devices"
    _permit_asset(state, given.access, what)
    if isinstance(command, RegisterDevice | UpdateDevice):
        _permit_owner(command.contributor, given, what)


def _permit_link(
    command: RegisterLink | UpdateLink | RemoveLink, state: Record | None, given: Given
) -> None:
    what = "administering links"
    _permit_asset(state, given.access, what)
    if isinstance(command, RegisterLink | UpdateLink):
        _permit_owner(command.contributor, given, what)
        if isinstance(command.side_a, SideDraft):
            # The A side owns a link, so it starts at one's own device.
            device = given.directory.device(command.side_a.device)
            if device is not None:
                _within(given.access, device.contributor_id, what)
