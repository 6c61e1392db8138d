"""Changing fields of a ticket: what was given, read, bounded and compared (Domain: ticket)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.commands import ChangeFields
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import Change, JsonValue, NotGiven, Payload
from tocsin.core.instants import to_text
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import TagRemoved, TicketUpdated
from tocsin.core.ticket_reading import (
    LABEL,
    NAME,
    NEEDS_AFFECTED,
    TEXT,
    TITLE,
    Assets,
    Errors,
    assets,
    correlation_keys,
    email,
    missing_affected,
    optional_text,
    owned,
    owners,
    refuse_foreign_assets,
    refuse_held_keys,
    required_text,
    runbook_path,
    services,
    word,
)
from tocsin.core.words import (
    Impact,
    Role,
    RootCause,
    TicketType,
    is_active,
    parse_environment,
    parse_word,
)

MINIMAL_FIELDS = frozenset({"devices", "links", "start_at"})
"""Changes of these are minimal facts."""

LONGEST_AUTO_CLOSE_HOURS = 8_760


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsRead:
    """The new values of the fields that were given, as JSON; and the assets as they will be."""

    values: Mapping[str, JsonValue]
    named: Assets | None


def read_fields(state: Ticket, command: ChangeFields, given: Given, errors: Errors) -> FieldsRead:
    """Read every field of *command* that both types have; windows and starts are read elsewhere."""
    values: dict[str, JsonValue] = {}
    _read_texts(command, values, errors)
    if not isinstance(command.environment, NotGiven):
        values["environment"] = parse_environment(
            required_text(command.environment, field="environment", longest=LABEL, errors=errors)
        )
    if not isinstance(command.runbook_path, NotGiven):
        values["runbook_path"] = runbook_path(command.runbook_path, errors=errors)
    if not isinstance(command.reporter_email, NotGiven):
        values["reporter_email"] = email(
            command.reporter_email, field="reporter_email", errors=errors
        )
    if not isinstance(command.impact, NotGiven):
        values["impact"] = _impact(command.impact, state, errors)
    if not isinstance(command.root_cause, NotGiven):
        values["root_cause"] = _root_cause(command.root_cause, state, errors)
    if not isinstance(command.correlation_keys, NotGiven):
        values["correlation_keys"] = list(correlation_keys(command.correlation_keys, errors=errors))
    if not isinstance(command.services, NotGiven):
        values["services"] = list(
            services(command.services, formal=True, given=given, errors=errors)
        )
    return FieldsRead(values=values, named=_read_assets(state, command, values, given, errors))


def _read_texts(command: ChangeFields, values: dict[str, JsonValue], errors: Errors) -> None:
    for field, required, longest in (
        ("title", command.title, TITLE),
        ("description", command.description, TEXT),
        ("detected_by", command.detected_by, LABEL),
    ):
        if not isinstance(required, NotGiven):
            values[field] = required_text(required, field=field, longest=longest, errors=errors)
    for field, optional, longest in (
        ("reporter_name", command.reporter_name, NAME),
        ("project_id", command.project_id, NAME),
        ("primary_signal_id", command.primary_signal_id, NAME),
        ("internal_reference", command.internal_reference, TITLE),
        ("resolution", command.resolution, TEXT),
    ):
        if not isinstance(optional, NotGiven):
            values[field] = optional_text(optional, field=field, longest=longest, errors=errors)


def _impact(text: str | None, state: Ticket, errors: Errors) -> JsonValue:
    if text is None:
        if state.type is TicketType.MAINTENANCE:
            errors.append(FieldError("impact", "required", "a maintenance has an impact"))
        return None
    read = word(lambda: parse_word(Impact, text, field="impact"), errors)
    return None if read is None else read.value


def _root_cause(text: str | None, state: Ticket, errors: Errors) -> JsonValue:
    if state.type is TicketType.MAINTENANCE:
        errors.append(FieldError("root_cause", "forbidden_field", "only incidents have one"))
        return None
    if text is None:
        return None
    read = word(lambda: parse_word(RootCause, text, field="root_cause"), errors)
    return None if read is None else read.value


def _read_assets(
    state: Ticket,
    command: ChangeFields,
    values: dict[str, JsonValue],
    given: Given,
    errors: Errors,
) -> Assets | None:
    """The assets as they will be, where they are given anew; None where they stay."""
    devices, links = command.devices, command.links
    given_anew = not (isinstance(devices, NotGiven) and isinstance(links, NotGiven))
    if not given_anew and "services" not in values:
        return None
    named: Assets | None = None
    has_asset = bool(state.devices or state.links)
    if given_anew:
        # Only what is given is looked up under its field; what stays may have been removed since.
        read = assets(
            () if isinstance(devices, NotGiven) else devices,
            () if isinstance(links, NotGiven) else links,
            given=given,
            errors=errors,
        )
        kept = _kept(state, command, given)
        named = Assets(
            devices=kept.devices if isinstance(devices, NotGiven) else read.devices,
            links=kept.links if isinstance(links, NotGiven) else read.links,
        )
        if not isinstance(devices, NotGiven):
            values["devices"] = list(read.device_pubkeys)
        if not isinstance(links, NotGiven):
            values["links"] = list(read.link_pubkeys)
        has_asset = bool(
            values.get("devices", list(state.devices)) or values.get("links", list(state.links))
        )
    has_service = bool(values.get("services", list(state.services)))
    missing = missing_affected(has_asset=has_asset, has_service=has_service, given=given)
    if missing is not None and not errors:
        errors.append(missing)
    return named


def _kept(state: Ticket, command: ChangeFields, given: Given) -> Assets:
    """The assets that the command leaves as they are, those still registered."""
    find = given.directory
    devices = [find.device(name) for name in state.devices]
    links = [find.link(name) for name in state.links]
    return Assets(
        devices=tuple(device for device in devices if device is not None)
        if isinstance(command.devices, NotGiven)
        else (),
        links=tuple(link for link in links if link is not None)
        if isinstance(command.links, NotGiven)
        else (),
    )


def field_facts(state: Ticket, read: FieldsRead, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from the values read: one update with old and new, or nothing.

    Raises:
        Conflict: a new correlation key is held by another active ticket.
        Forbidden: a new asset is another contributor's, under the policy that forbids it.
    """
    facts: list[Change] = []
    changes: list[Change] = []
    for field in sorted(read.values):
        new = read.values[field]
        old = as_json(getattr(state, field))
        if old != new:
            (facts if field in MINIMAL_FIELDS else changes).append(
                Change(field=field, old=old, new=new)
            )
    _check_keys(state, changes, given)
    if not facts and not changes:
        return ()
    contributors, effect = None, None
    if read.named is not None and any(change.field != "start_at" for change in facts):
        refuse_foreign_assets(_added(state, read.named), given=given)
        contributors, effect = owners(read.named), _effect(state, read.named, given)
    updated = TicketUpdated(
        facts=tuple(facts),
        changes=tuple(changes),
        affected_contributors=contributors,
        effect=effect,
    )
    names_something = any(
        change.field in ("devices", "links", "services") and change.new
        for change in (*facts, *changes)
    )
    if NEEDS_AFFECTED in state.labels and names_something:
        return updated, TagRemoved(label=NEEDS_AFFECTED)
    return (updated,)


def _check_keys(state: Ticket, changes: list[Change], given: Given) -> None:
    if not is_active(state.status):
        return
    for change in changes:
        if change.field == "correlation_keys" and isinstance(change.new, list):
            new = [str(key) for key in change.new if key not in state.correlation_keys]
            refuse_held_keys(new, stream=state.stream, given=given)


def _added(state: Ticket, named: Assets) -> Assets:
    return Assets(
        devices=tuple(each for each in named.devices if each.pubkey not in state.devices),
        links=tuple(each for each in named.links if each.pubkey not in state.links),
    )


def _effect(state: Ticket, named: Assets, given: Given) -> tuple[str, ...]:
    """Where the ticket has effect once it has these assets: what it had, and what is now owned."""
    pubkeys = {*named.device_pubkeys, *named.link_pubkeys}
    added = _added(state, named)
    access = given.access
    if access.role is Role.ORG_ADMIN:
        new = {*added.device_pubkeys, *added.link_pubkeys}
    else:
        entitled = [*state.confirmed_by]
        entitled += [
            identity
            for identity in (state.contributor_id, access.contributor_id)
            if identity is not None
        ]
        new = owned(added, entitled)
    return tuple(sorted((pubkeys & set(state.effect)) | new))


def read_auto_close(hours: int, errors: Errors) -> int:
    """Hours of quiet after which a maintenance closes itself, 0 to 8,760."""
    if not 0 <= hours <= LONGEST_AUTO_CLOSE_HOURS:
        detail = f"must be 0 to {LONGEST_AUTO_CLOSE_HOURS:,} hours"
        errors.append(FieldError("auto_close_after_hours", "out_of_range", detail))
    return hours


def as_json(value: object) -> JsonValue:
    """A field of a ticket as JSON, as changes carry it."""
    match value:
        case tuple():
            return [as_json(part) for part in value]
        case datetime():
            return to_text(value)
        case bool() | int() | None:
            return value
        case _:
            return str(value)
