"""The org and its contributors: what follows from a command (Domain: words)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, assert_never, runtime_checkable

from tocsin.core import record_reading as read
from tocsin.core.claims import CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY
from tocsin.core.commands import Redact
from tocsin.core.errors import Conflict, FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    ContactDraft,
    CreateContributor,
    CreateOrg,
    RemoveContributor,
    UpdateContributor,
)
from tocsin.core.record_facts import (
    ContributorCreated,
    OrgCreated,
    PartyRedacted,
    PartyUpdated,
    RecordRemoved,
)
from tocsin.core.records import Contact, Contributor, Device, Link, Org
from tocsin.core.words import ContactMethod

MOST_CONTACTS: Final = 50
_NAMED_OWNINGS: Final = 10


@runtime_checkable
class Holdings(Protocol):
    """What a directory also tells where a contributor is to be let go: what it still owns."""

    def devices_of(self, contributor_id: str) -> Sequence[Device]: ...
    def links_owned_by(self, contributor_id: str) -> Sequence[Link]: ...


def decide_org(state: Org | None, command: CreateOrg) -> tuple[Payload, ...]:
    """A new tenant.

    Raises:
        Conflict: it exists already.
        Invalid: a bad code or name.
    """
    read.absent(state, "org")
    errors: read.Errors = []
    made = OrgCreated(
        code=read.code(command.code, errors=errors), name=read.name(command.name, errors=errors)
    )
    read.refuse(errors)
    return (made,)


def decide_contributor(
    state: Contributor | None,
    command: CreateContributor | UpdateContributor | RemoveContributor | Redact,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for a contributor; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, a code or pubkey is taken, or it still owns something.
        Invalid: fields are wrong.
        NotFound: there is no such contributor.
    """
    match command:
        case CreateContributor():
            read.absent(state, "contributor")
            return (_created(command, given),)
        case UpdateContributor():
            return _updated(read.existing(state, "contributor"), command, given)
        case RemoveContributor():
            _refuse_while_owning(read.existing(state, "contributor"), given)
            return (RecordRemoved(at=given.at),)
        case Redact():
            # Personal data must go even when its record has gone before.
            return (redacted(command, ContributorCreated),)
        case _:
            assert_never(command)


def _created(command: CreateContributor, given: Given) -> ContributorCreated:
    errors: read.Errors = []
    made = ContributorCreated(
        code=read.code(command.code, errors=errors),
        name=read.name(command.name, errors=errors),
        pubkey=read.pubkey(command.pubkey, errors=errors),
        slack_handle=_slack(command.slack_handle, field="slack_handle", errors=errors),
        slack_user_group=_slack(command.slack_user_group, field="slack_user_group", errors=errors),
        contacts=_contacts(command.contacts, errors=errors),
    )
    read.refuse(errors)
    read.refuse_taken(
        (
            ("code", (CONTRIBUTOR_CODE, made.code)),
            ("pubkey", (CONTRIBUTOR_PUBKEY, made.pubkey)),
        ),
        stream=stream_name("contributor", command.contributor_id),
        given=given,
    )
    return made


def _updated(state: Contributor, command: UpdateContributor, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    taken = []
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
        taken.append(("code", (CONTRIBUTOR_CODE, command.code)))
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.pubkey, NotGiven):
        wanted["pubkey"] = read.pubkey(command.pubkey, errors=errors)
        taken.append(("pubkey", (CONTRIBUTOR_PUBKEY, command.pubkey)))
    if not isinstance(command.slack_handle, NotGiven):
        wanted["slack_handle"] = _slack(command.slack_handle, field="slack_handle", errors=errors)
    if not isinstance(command.slack_user_group, NotGiven):
        wanted["slack_user_group"] = _slack(
            command.slack_user_group, field="slack_user_group", errors=errors
        )
    if not isinstance(command.contacts, NotGiven):
        wanted["contacts"] = _contacts(command.contacts, errors=errors)
    read.refuse(errors)
    read.refuse_taken(taken, stream=stream_name("contributor", state.id), given=given)
    changes = changes_between(state, wanted)
    return (PartyUpdated(changes=changes),) if changes else ()


def _refuse_while_owning(state: Contributor, given: Given) -> None:
    directory = given.directory
    # A directory that cannot tell must not let a contributor go.
    assert isinstance(directory, Holdings), "the directory does not tell what a contributor owns"
    owned = [
        *(f"device {device.code}" for device in directory.devices_of(state.id)),
        *(f"link {link.code}" for link in directory.links_owned_by(state.id)),
        *(
            f"member {member.name}"
            for member in directory.members()
            if member.contributor_id == state.id
        ),
        *(
            f"route {route.name}"
            for route in directory.routes()
            if route.contributor_id == state.id
        ),
    ]
    if owned:
        named = ", ".join(owned[:_NAMED_OWNINGS])
        more = f" and {len(owned) - _NAMED_OWNINGS} more" if len(owned) > _NAMED_OWNINGS else ""
        raise Conflict(f"{state.code} still owns {named}{more}; remove or move them first")


def redacted(command: Redact, making: type[Payload]) -> PartyRedacted:
    """The erasure of personal data from the fact *making* that made the record, or a later change.

    Raises:
        Invalid: no field, or one that holds no personal data.
    """
    erasable = making.redactable | {"actor.name"}
    errors: read.Errors = []
    if not command.fields:
        errors.append(FieldError("fields", "required", "name at least one field"))
    for field in sorted(set(command.fields) - erasable):
        allowed = ", ".join(sorted(erasable))
        errors.append(
            FieldError("fields", "forbidden_field", f'"{field[:64]}" is not one of {allowed}')
        )
    reason = read.optional_text(command.reason, field="reason", longest=1_000, errors=errors)
    read.refuse(errors)
    return PartyRedacted(
        event=command.event,
        fields=tuple(sorted(set(command.fields))),
        remaining_digest=command.remaining_digest,
        reason=reason,
    )


def _slack(value: str | None, *, field: str, errors: read.Errors) -> str | None:
    return read.optional_text(value, field=field, longest=100, errors=errors)


def _contacts(drafts: tuple[ContactDraft, ...], *, errors: read.Errors) -> tuple[Contact, ...]:
    if len(drafts) > MOST_CONTACTS:
        errors.append(FieldError("contacts", "too_long", f"has more than {MOST_CONTACTS}"))
        return ()
    contacts = tuple(
        _contact(draft, field=f"contacts[{index}]", errors=errors)
        for index, draft in enumerate(drafts)
    )
    return tuple(sorted(contacts, key=lambda contact: contact.order))


def _contact(draft: ContactDraft, *, field: str, errors: read.Errors) -> Contact:
    method = read.word(ContactMethod, draft.method, field=f"{field}.method", errors=errors)
    return Contact(
        name=read.name(draft.name, field=f"{field}.name", errors=errors),
        method=method,
        address=(
            read.email(draft.address, field=f"{field}.address", errors=errors)
            if method is ContactMethod.EMAIL
            else read.name(draft.address, field=f"{field}.address", errors=errors)
        ),
        hours=read.optional_text(draft.hours, field=f"{field}.hours", longest=200, errors=errors),
        order=read.number(draft.order, field=f"{field}.order", least=0, most=10_000, errors=errors),
    )
