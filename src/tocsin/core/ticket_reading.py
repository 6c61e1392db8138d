"""Reading and bounding what commands give: texts, words, instants, assets, names (Domain: ticket).

Every reader takes the list of field errors found so far and adds to it instead of stopping, so that
one answer names everything that is wrong; what it returns after an error is never recorded, because
the decision raises first. Readers of assets, services and assignees look names up in the directory
that came with the command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tocsin.core import record_reading
from tocsin.core.claims import CORRELATION_KEY, EXTERNAL_ID
from tocsin.core.commands import ReferenceDraft
from tocsin.core.errors import Conflict, FieldError, Forbidden
from tocsin.core.evidence import Given
from tocsin.core.facts import stream_identity
from tocsin.core.record_reading import service_code
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Assignee, Reference, Ticket
from tocsin.core.words import (
    ReferenceKind,
    Role,
    Severity,
    UnknownWord,
    parse_severity,
    parse_word,
)

TITLE = 200
TEXT = 10_000
REASON = 2_000
NAME = 100
URL = 2_000
LABEL = 64
KEY = 256
MOST_LABELS = 50
MOST_KEYS = 50
MOST_ASSETS = 200
MOST_SERVICES = 100
MOST_REFERENCES = 50
TOLERANCE = timedelta(seconds=60)
"""How far ahead another clock may be before its instants are refused as future ones."""

NEEDS_AFFECTED = "needs_affected"
"""The system's label of a ticket that names nothing affected."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

# Controls other than line feed and tab, and halves of pairs that no encoding can hold.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"\s")
_EMAIL = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})\.[A-Za-z0-9-]{2,63}"
)

Errors = list[FieldError]
T = TypeVar("T")


def required_text(text: str | None, *, field: str, longest: int, errors: Errors) -> str:
    """*text*, which must be there, not blank, of at most *longest* characters and printable."""
    if text is None or not text or text.isspace():
        errors.append(FieldError(field, "required", "must not be empty"))
        return ""
    return _bounded(text, field=field, longest=longest, errors=errors)


def optional_text(text: str | None, *, field: str, longest: int, errors: Errors) -> str | None:
    """*text* or None; where it is given it must not be blank, too long or unprintable."""
    if text is None:
        return None
    if not text or text.isspace():
        errors.append(FieldError(field, "too_short", "must not be blank; null empties it"))
        return None
    return _bounded(text, field=field, longest=longest, errors=errors)


def _bounded(text: str, *, field: str, longest: int, errors: Errors) -> str:
    if len(text) > longest:
        errors.append(
            FieldError(field, "too_long", f"{len(text):,} characters; at most {longest:,}")
        )
    elif _UNPRINTABLE.search(text) is not None:
        errors.append(
            FieldError(
                field, "control_character", "has control characters other than tab and line feed"
            )
        )
    return text


def word(read: Callable[[], T], errors: Errors) -> T | None:
    """What *read* reads, or None and a field error that lists the words that are known."""
    try:
        return read()
    except UnknownWord as unknown:
        allowed = ", ".join(unknown.allowed)
        detail = f'"{unknown.given}" is not one of {allowed}'
        errors.append(FieldError(unknown.field, "unknown_word", detail))
        return None


def severity(
    text: str, *, given: Given, errors: Errors, field: str = "severity"
) -> tuple[Severity | None, str | None]:
    """The severity that *text* names in this org, and the native word where it differs."""
    levels = given.policy.severity_levels
    found = word(lambda: parse_severity(text, levels=levels, field=field), errors)
    if found is None or text == found.value:
        return found, None
    return found, text.strip()


def instant(value: datetime | None, *, field: str, errors: Errors) -> datetime | None:
    """*value* when it has a zone and lies in the years 2000 to 2199."""
    if value is None:
        return None
    if value.tzinfo is None:
        errors.append(FieldError(field, "not_an_instant", "has no zone"))
        return None
    if not EARLIEST <= value < LATEST:
        errors.append(FieldError(field, "out_of_range", "must lie in the years 2000 to 2199"))
        return None
    return value


def past_instant(
    value: datetime | None, *, now: datetime, field: str, errors: Errors
) -> datetime | None:
    """*value* when it is not in the future; what is ahead by up to 60 s is taken as *now*."""
    read = instant(value, field=field, errors=errors)
    if read is None:
        return None
    if read > now + TOLERANCE:
        errors.append(FieldError(field, "not_in_future", "must not be in the future"))
        return None
    return min(read, now)


def window(
    start_at: datetime | None, end_at: datetime | None, *, errors: Errors
) -> tuple[datetime, datetime] | None:
    """The planned window: both ends given, the first before the second."""
    if start_at is None:
        errors.append(FieldError("start_at", "required", "a maintenance needs a planned start"))
    if end_at is None:
        errors.append(FieldError("end_at", "required", "a maintenance needs a planned end"))
    start_at = instant(start_at, field="start_at", errors=errors)
    end_at = instant(end_at, field="end_at", errors=errors)
    if start_at is None or end_at is None:
        return None
    if end_at <= start_at:
        errors.append(FieldError("end_at", "window", "must be after start_at"))
        return None
    return start_at, end_at


def email(text: str | None, *, field: str, errors: Errors) -> str | None:
    """*text* when it is an address of at most 100 characters, or None."""
    read = optional_text(text, field=field, longest=NAME, errors=errors)
    if read is not None and len(read) <= NAME and _EMAIL.fullmatch(read) is None:
        errors.append(FieldError(field, "bad_address", "not an e-mail address"))
    return read


def web_address(text: str, *, field: str, errors: Errors) -> str:
    """*text* when it is an absolute http or https address with a host."""
    read = required_text(text, field=field, longest=URL, errors=errors)
    if read and not _is_web_address(read):
        errors.append(FieldError(field, "bad_address", "not an absolute http or https address"))
    return read


def runbook_path(text: str | None, *, errors: Errors) -> str | None:
    """*text* when it is a web address, or a path that stays under the org's runbook address."""
    read = optional_text(text, field="runbook_path", longest=URL, errors=errors)
    if read is None or _is_web_address(read):
        return read
    unsafe = ":" in read.partition("/")[0] or "\\" in read or _BLANKS.search(read) is not None
    if unsafe or read.startswith("//") or ".." in read.split("/"):
        errors.append(
            FieldError("runbook_path", "bad_address", "neither a web address nor a path below one")
        )
    return read


def _is_web_address(text: str) -> bool:
    problems: list[FieldError] = []
    record_reading.url(text, errors=problems)
    return not problems


def reference(draft: ReferenceDraft, *, field: str, errors: Errors) -> Reference:
    """The reference of a *draft*; its kind is a word, its address http or https."""
    kind = word(lambda: parse_word(ReferenceKind, draft.kind, field=f"{field}kind"), errors)
    return Reference(
        kind=(kind or ReferenceKind.OTHER).value,
        title=optional_text(draft.title, field=f"{field}title", longest=TITLE, errors=errors),
        url=web_address(draft.url, field=f"{field}url", errors=errors),
        external_id=optional_text(
            draft.external_id, field=f"{field}external_id", longest=KEY, errors=errors
        ),
    )


def references(drafts: Sequence[ReferenceDraft], *, errors: Errors) -> tuple[Reference, ...]:
    """The references of *drafts*, each once, at most 50."""
    if len(drafts) > MOST_REFERENCES:
        errors.append(FieldError("references", "too_long", f"more than {MOST_REFERENCES}"))
        return ()
    read = (
        reference(draft, field=f"references[{index}].", errors=errors)
        for index, draft in enumerate(drafts)
    )
    return tuple(dict.fromkeys(read))


def text_set(
    texts: Sequence[str], *, field: str, most: int, longest: int, errors: Errors
) -> tuple[str, ...]:
    """*texts* as a sorted set: at most *most* of at most *longest* characters each."""
    if not texts:
        return ()
    if len(texts) > most:
        errors.append(FieldError(field, "too_long", f"{len(texts):,} of them; at most {most}"))
        return ()
    for index, text in enumerate(texts):
        required_text(text, field=f"{field}[{index}]", longest=longest, errors=errors)
    return tuple(sorted(set(texts)))


def labels(texts: Sequence[str], *, errors: Errors, field: str = "labels") -> tuple[str, ...]:
    """Labels as a sorted set; the system's own is refused."""
    read = text_set(texts, field=field, most=MOST_LABELS, longest=LABEL, errors=errors)
    if NEEDS_AFFECTED in read:
        errors.append(
            FieldError(
                field, "forbidden_field", f"{NEEDS_AFFECTED} is put on and taken off by itself"
            )
        )
    return read


def correlation_keys(
    texts: Sequence[str], *, errors: Errors, field: str = "correlation_keys"
) -> tuple[str, ...]:
    """Correlation keys as a sorted set."""
    return text_set(texts, field=field, most=MOST_KEYS, longest=KEY, errors=errors)


def refuse_held_keys(keys: Sequence[str], *, stream: str, given: Given) -> None:
    """Refuse keys that another active ticket holds.

    Raises:
        Conflict: one is held; the sentence names the ticket.
    """
    for key in keys:
        holder = given.claims.get((CORRELATION_KEY, key))
        if holder is not None and holder != stream:
            identity = stream_identity(holder)
            other = given.tickets.get(identity)
            name = identity if other is None else other.ref
            raise Conflict(
                f'correlation key "{key}" is held by {name}, which is active', holder=identity
            )


def refuse_held_conversations(
    references: Sequence[Reference], *, stream: str, given: Given
) -> None:
    """Refuse conversations that belong to another ticket, over or not.

    Raises:
        Conflict: one does; the sentence names the ticket.
    """
    for reference in references:
        if reference.external_id is None:
            continue
        holder = given.claims.get((EXTERNAL_ID, reference.external_id))
        if holder is not None and holder != stream:
            identity = stream_identity(holder)
            other = given.tickets.get(identity)
            name = identity if other is None else other.ref
            raise Conflict(f"this conversation belongs to {name} already", holder=identity)


def assignee(name: str | None, *, given: Given, errors: Errors) -> Assignee | None:
    """The member (by id) or contributor (by code) that *name* names."""
    if name is None:
        return None
    member = given.directory.member(name)
    if member is not None:
        return Assignee(kind="member", id=member.id)
    contributor = given.directory.contributor(name)
    if contributor is not None:
        return Assignee(kind="contributor", id=contributor.id)
    detail = f'no member with the id and no contributor with the code "{name[:LABEL]}"'
    errors.append(FieldError("assignee", "unknown_member", detail))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The devices and links that a command names, as the directory has them, by rising pubkey."""

    devices: tuple[Device, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def device_pubkeys(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(device.pubkey for device in self.devices)

    @property
    def link_pubkeys(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(link.pubkey for link in self.links)


def assets(
    device_names: Sequence[str], link_names: Sequence[str], *, given: Given, errors: Errors
) -> Assets:
    """The registered devices and links of these names (pubkeys or codes), none of them twice."""
    directory = given.directory
    devices = _named(
        device_names, directory.device, what="device", field="device_pubkey", errors=errors
    )
    links = _named(
        link_names, directory.link, what="link", field="affected_link_pubkey", errors=errors
    )
    return Assets(devices=devices, links=links)


Asset = TypeVar("Asset", Device, Link)


def _named(
    names: Sequence[str],
    find: Callable[[str], Asset | None],
    *,
    what: str,
    field: str,
    errors: Errors,
) -> tuple[Asset, ...]:
    if not names:
        return ()
    if len(names) > MOST_ASSETS:
        errors.append(
            FieldError(field, "too_long", f"{len(names):,} of them; at most {MOST_ASSETS}")
        )
        return ()
    found: dict[str, Asset] = {}
    for index, name in enumerate(names):
        asset = find(name)
        if asset is None:
            detail = f'no {what} with the pubkey or code "{name[:LABEL]}" is registered here'
            errors.append(FieldError(f"{field}[{index}]", f"unknown_{what}", detail))
        elif asset.pubkey in found:
            detail = f"{asset.code} is named twice"
            errors.append(FieldError(f"{field}[{index}]", "duplicate", detail))
        else:
            found[asset.pubkey] = asset
    return tuple(found[pubkey] for pubkey in sorted(found))


def services(
    names: Sequence[str], *, formal: bool, given: Given, errors: Errors
) -> tuple[str, ...]:
    """The codes of the services of these names, sorted.

    The name of one that nobody registered becomes the code it is discovered by (Domain: service).
    A *formal* command may not name one twice, nor by letters that no code has, without which the
    name might be another service's; a connector's word is taken as far as it goes.
    """
    if not names:
        return ()
    if len(names) > MOST_SERVICES:
        detail = f"{len(names):,} of them; at most {MOST_SERVICES}"
        errors.append(FieldError("services", "too_long", detail))
        return ()
    found: set[str] = set()
    for index, name in enumerate(names):
        field = f"services[{index}]"
        service = given.directory.service(name)
        code = service_code(name) if service is None else service.code
        if not code:
            errors.append(FieldError(field, "unknown_service", "has nothing that can be a code"))
        elif formal and service is None and (foreign := _foreign_letters(name)):
            detail = f"no service is called that, and {foreign} can be in no code; name it by a-z"
            errors.append(FieldError(field, "bad_character", detail))
        elif code in found and formal:
            errors.append(FieldError(field, "duplicate", f"{code} is named twice"))
        found.add(code)
    return tuple(sorted(found))


def _foreign_letters(name: str) -> str:
    """The letters and digits of *name* that no code has."""
    return "".join(dict.fromkeys(one for one in name if one.isalnum() and not one.isascii()))


def owners(named: Assets) -> tuple[str, ...]:
    """The contributor ids that own these assets, both sides of a link, sorted."""
    found = {device.contributor_id for device in named.devices}
    for link in named.links:
        found.add(link.contributor_id)
        found.add(link.side_z_contributor_id)
    return tuple(sorted(found))


def owned(named: Assets, contributor_ids: Sequence[str]) -> set[str]:
    """The pubkeys of those assets that one of the contributors owns, or a side of the link."""
    found = {device.pubkey for device in named.devices if device.contributor_id in contributor_ids}
    found.update(
        link.pubkey
        for link in named.links
        if link.contributor_id in contributor_ids or link.side_z_contributor_id in contributor_ids
    )
    return found


def effect(named: Assets, *, given: Given) -> tuple[str, ...]:
    """The pubkeys on which this actor's ticket has effect (Domain: effect needs ownership)."""
    if given.access.role is Role.ORG_ADMIN:
        return tuple(sorted((*named.device_pubkeys, *named.link_pubkeys)))
    if given.access.contributor_id is None:
        return ()
    return tuple(sorted(owned(named, (given.access.contributor_id,))))


def refuse_foreign_assets(named: Assets, *, given: Given) -> None:
    """Under the policy ``ticket_scope: own``, refuse assets of other contributors.

    Unbound members have the whole org; the A side owns a shared link.

    Raises:
        Forbidden: an asset is somebody else's.
    """
    access = given.access
    if (
        given.policy.ticket_scope != "own"
        or access.role is Role.ORG_ADMIN
        or access.contributor_id is None
    ):
        return
    every: tuple[Device | Link, ...] = (*named.devices, *named.links)
    for asset in every:
        if asset.contributor_id != access.contributor_id:
            raise Forbidden(
                f"{asset.code} belongs to another contributor, and the policy lets you open tickets"
                " on your own assets only; its owner or an org_admin may"
            )


def missing_affected(*, has_asset: bool, has_service: bool, given: Given) -> FieldError | None:
    """The field error of a ticket that does not name what the policy wants named."""
    if has_asset:
        return None
    if given.policy.affected == "asset":
        detail = "the policy asks for a device or a link"
    elif has_service:
        return None
    else:
        detail = "name at least one device, link or service"
    return FieldError("device_pubkey", "required", detail)


def ticket_named(name: str, *, given: Given) -> Ticket | None:
    """The ticket of this id or ref among those that came with the command."""
    found = given.tickets.get(name)
    if found is not None:
        return found
    return next((other for other in given.tickets.values() if name in (other.id, other.ref)), None)
