"""Reading the fields of a record as somebody wrote them, collecting everything that is wrong.

Every reader takes the field's name and the list of errors so far, and gives the value in its
canonical form. What it gives for a wrong field is never used: :func:`refuse` comes before any fact
is recorded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from tocsin.core.claims import Claim
from tocsin.core.errors import Conflict, FieldError, NotFound, invalid_fields
from tocsin.core.evidence import Given
from tocsin.core.pubkeys import NotAPubkey, parse_pubkey
from tocsin.core.records import Record
from tocsin.core.words import UnknownWord, parse_word

LONGEST_NAME: Final = 200
LONGEST_URL: Final = 2_000
LONGEST_CODE: Final = 32

_CODE = re.compile(r"[a-z0-9:_-]{1,32}")
_NOT_IN_CODES = re.compile(r"[^a-z0-9:_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,20}[A-Za-z][A-Za-z0-9-]{1,62}"
)
_URL = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://"
    r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?#][\x21-\x7e]*)?"
)
_SLACK_ID = re.compile(r"[A-Z0-9]{2,32}")

Errors = list[FieldError]
Word = TypeVar("Word", bound=StrEnum)
R = TypeVar("R", bound=Record)


def refuse(errors: Errors) -> None:
    """Say no when anything was wrong.

    Raises:
        Invalid: naming every wrong field.
    """
    if errors:
        raise invalid_fields(errors)


def existing(state: R | None, sort: str) -> R:
    """*state*, when there is one that is not removed.

    Raises:
        NotFound: there is not.
    """
    if state is None or state.removed_at is not None:
        raise NotFound(f"there is no such {sort}")
    return state


def absent(state: Record | None, sort: str) -> None:
    """Make sure that nothing was made in this stream before.

    Raises:
        Conflict: something was.
    """
    if state is not None:
        raise Conflict(f"this {sort} exists already")


def refuse_crowd(there: Sequence[Record], *, most: int, what: str) -> None:
    """Make sure that there is room for one more of what every fact is compared with: all
    organisations wait for the one writer.

    Raises:
        Conflict: there are *most* of them.
    """
    if len(there) >= most:
        raise Conflict(f"there are {most} {what} already; change one, or remove one before")


def refuse_taken(wanted: Iterable[tuple[str, Claim]], *, stream: str, given: Given) -> None:
    """Make sure that what must be unique is free, or held by *stream* itself.

    Raises:
        Conflict: naming every field whose value another record has.
    """
    errors: Errors = []
    for field, claim in wanted:
        if given.claims.get(claim, stream) != stream:
            errors.append(FieldError(field, "taken", f'"{claim[1]}" is taken by another record'))
    if errors:
        raise Conflict(f"{errors[0].field}: {errors[0].detail}", errors=tuple(errors))


def text(value: str, *, field: str, longest: int, errors: Errors) -> str:
    """Text that must be there: not blank, at most *longest* characters, no control characters."""
    if not value.strip():
        errors.append(FieldError(field, "required", "must not be empty"))
    elif len(value) > longest:
        errors.append(FieldError(field, "too_long", f"has more than {longest:,} characters"))
    elif _CONTROL.search(value):
        errors.append(FieldError(field, "bad_character", "has a control character"))
    return value


def optional_text(value: str | None, *, field: str, longest: int, errors: Errors) -> str | None:
    """Text that may be left out."""
    return None if value is None else text(value, field=field, longest=longest, errors=errors)


def name(value: str, *, field: str = "name", errors: Errors) -> str:
    """A name people read, on one line: 1 to 200 characters."""
    if "\n" in value or "\t" in value:
        errors.append(FieldError(field, "bad_character", "must be one line"))
    return text(value, field=field, longest=LONGEST_NAME, errors=errors)


def code(value: str, *, field: str = "code", errors: Errors) -> str:
    """A code: 1 to 32 of ``a-z 0-9 : _ -``."""
    if not value:
        errors.append(FieldError(field, "required", "must not be empty"))
    elif len(value) > LONGEST_CODE:
        errors.append(FieldError(field, "too_long", f"has more than {LONGEST_CODE} characters"))
    elif _CODE.fullmatch(value) is None:
        errors.append(
            FieldError(field, "bad_character", "may have a-z, 0-9, colon, underscore and hyphen")
        )
    return value


def service_code(text: str) -> str:
    """The code that a service called *text* elsewhere is known by; empty when none is left.

    Lower case; whatever codes cannot have becomes a hyphen; cut to 32 characters.
    """
    return _NOT_IN_CODES.sub("-", text.strip().lower()[:200])[:LONGEST_CODE].strip("-")


def pubkey(value: str, *, field: str = "pubkey", errors: Errors) -> str:
    """A public key, in base58."""
    try:
        return parse_pubkey(value)
    except NotAPubkey as problem:
        errors.append(FieldError(field, "not_a_pubkey", problem.reason))
        return value


def word(words: type[Word], value: str, *, field: str, errors: Errors) -> Word:
    """A word of the enumeration *words*, in whatever spelling."""
    try:
        return parse_word(words, value, field=field)
    except UnknownWord as problem:
        errors.append(unknown_word(problem))
        return next(iter(words))


def unknown_word(problem: UnknownWord) -> FieldError:
    """The field error that lists what would be allowed."""
    allowed = ", ".join(problem.allowed)
    return FieldError(problem.field, "unknown_word", f'"{problem.given}" is not one of {allowed}')


def one_of(allowed: Sequence[str], value: str, *, field: str, errors: Errors) -> str:
    """One of a few words that have no enumeration, exactly as spelled."""
    if value not in allowed:
        problem = UnknownWord(field=field, given=value, allowed=tuple(allowed))
        errors.append(unknown_word(problem))
    return value


def number(value: int, *, field: str, least: int, most: int, errors: Errors) -> int:
    """A whole number from *least* to *most*."""
    if not least <= value <= most:
        detail = f"must be from {least:,} to {most:,}"
        errors.append(FieldError(field, "out_of_range", detail))
    return value


def email(value: str, *, field: str = "email", errors: Errors) -> str:
    """A mail address, at most 254 characters."""
    if not value:
        errors.append(FieldError(field, "required", "must not be empty"))
    elif len(value) > 254 or _EMAIL.fullmatch(value) is None:
        errors.append(FieldError(field, "bad_address", "is not a mail address"))
    return value


def url(value: str, *, field: str = "url", errors: Errors) -> str:
    """An http or https address with a host and without a name or password in it."""
    if len(value) > LONGEST_URL:
        errors.append(FieldError(field, "too_long", f"has more than {LONGEST_URL:,} characters"))
    elif (shape := _URL.fullmatch(value)) is None or not 0 < int(shape["port"] or 80) < 65_536:
        detail = "is not an http or https address with a host and without credentials"
        errors.append(FieldError(field, "bad_address", detail))
    return value


def slack_id(value: str, *, field: str, errors: Errors) -> str:
    """The id of a Slack user or group, such as ``U024BE7LH``."""
    if _SLACK_ID.fullmatch(value) is None:
        detail = "is not a Slack id of capitals and digits such as U024BE7LH"
        errors.append(FieldError(field, "bad_address", detail))
    return value


def network(value: str, *, field: str, errors: Errors) -> str:
    """A range of addresses in CIDR form; bits beyond the prefix are dropped."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        detail = "is not a range of addresses such as 192.0.2.0/24"
        errors.append(FieldError(field, "bad_address", detail))
        return value


def ip_address(value: str, *, field: str, errors: Errors) -> str:
    """An IPv4 or IPv6 address, in canonical form and without a zone."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        address = None
    if address is None or "%" in value:
        errors.append(FieldError(field, "bad_address", "is not an IP address"))
        return value
    return str(address)


def contributor(
    value: str | None, *, field: str = "contributor", given: Given, errors: Errors
) -> str | None:
    """The id of the contributor *value* names; where none is named, the asker's own, if any."""
    if value is None:
        return given.access.contributor_id
    found = given.directory.contributor(value)
    if found is None:
        errors.append(
            FieldError(field, "unknown_contributor", f'no contributor "{value[:64]}" is known')
        )
        return None
    return found.id


def owner(value: str | None, *, given: Given, errors: Errors) -> str:
    """The id of the contributor that is to own something; there must be one."""
    before = len(errors)
    found = contributor(value, given=given, errors=errors)
    if found is None and len(errors) == before:
        errors.append(FieldError("contributor", "required", "somebody must own it"))
    return found or ""
