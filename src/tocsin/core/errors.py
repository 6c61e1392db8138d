"""Refusals: every way Tocsin says no, as one tree.

    Refusal
    ├── Malformed              400  malformed             not JSON, or not of the shape
    ├── Unauthenticated        401  unauthenticated       no key, an unknown, revoked or expired one
    ├── Forbidden              403  forbidden             not allowed; says which role would do
    ├── NotFound               404  not_found             nothing of that name in this org
    ├── MethodNotAllowed       405  method_not_allowed    the path is there, the method is not
    ├── Conflict               409  conflict              a name, key or window is taken
    │   ├── InvalidTransition  409  invalid_transition    the lifecycle has no such move
    │   ├── LinkNotHardDrained    409  link_not_hard_drained    drain it before deleting it
    │   ├── DeviceNotHardDrained  409  device_not_hard_drained  likewise
    │   └── KeptByLedger       409  kept_by_ledger        the ledger says this; change it there
    ├── VersionMismatch        412  version_mismatch      If-Match is stale
    ├── TooLarge               413  too_large             the body is over the limit
    ├── UnsupportedMedia       415  unsupported_media     not a content type this path reads
    ├── Invalid                422  validation            fields are wrong; each is named
    ├── IdempotencyMismatch    422  idempotency_mismatch  the idempotency key, another body
    ├── RateLimited            429  rate_limited          this key has used its allowance
    └── Unavailable            503  unavailable           storage is away or full
        └── Overloaded         503  overloaded            too much waits; come back in a moment

A refusal is a decision with a stable ``code``, not an accident: it never means that something
broke, and what was refused left no trace in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: its path (``side_a.device``, ``[17].summary``), a code and a
    sentence."""

    field: str
    code: str
    detail: str


class Refusal(Exception):
    """The root of the tree: something was asked that will not be done, and why.

    ``code`` is stable and documented, ``http_status`` its number, ``detail`` a sentence for the
    person who asked, ``errors`` the fields it is about and ``retry_after`` seconds where waiting
    helps.
    """

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    http_status: ClassVar[int] = 400

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after


class Malformed(Refusal):
    """The body cannot be read at all."""

    code = "malformed"
    title = "Malformed request"
    http_status = 400


class Unauthenticated(Refusal):
    """Nobody we know: no key, or one that is unknown, revoked, expired or used from elsewhere."""

    code = "unauthenticated"
    title = "Not authenticated"
    http_status = 401


class Forbidden(Refusal):
    """Known, but not allowed; the sentence names the role or the owner that would be."""

    code = "forbidden"
    title = "Not allowed"
    http_status = 403


class NotFound(Refusal):
    """Nothing of that name in this org. Things of other orgs are answered the same way."""

    code = "not_found"
    title = "Not found"
    http_status = 404


class MethodNotAllowed(Refusal):
    """The path exists, the method does not; the header ``Allow`` names those that do."""

    code = "method_not_allowed"
    title = "Method not allowed"
    http_status = 405

    def __init__(self, detail: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.allowed = allowed


class Conflict(Refusal):
    """What must be unique is taken, or two things cannot both be.

    ``holder`` is the id of the ticket that holds a wanted correlation key or conversation, where
    that is what the conflict is about.
    """

    code = "conflict"
    title = "Conflict"
    http_status = 409

    def __init__(
        self, detail: str, *, errors: tuple[FieldError, ...] = (), holder: str | None = None
    ) -> None:
        super().__init__(detail, errors=errors)
        self.holder = holder


class InvalidTransition(Conflict):
    """The lifecycle has no such move; the sentence names the moves that are allowed."""

    code = "invalid_transition"
    title = "Invalid transition"


class LinkNotHardDrained(Conflict):
    """A link was to be deleted that is not hard drained."""

    code = "link_not_hard_drained"
    title = "Link not hard drained"


class DeviceNotHardDrained(Conflict):
    """A device was to be deleted that is not hard drained."""

    code = "device_not_hard_drained"
    title = "Device not hard drained"


class KeptByLedger(Conflict):
    """What the ledger says of a device, link or location was to be changed here."""

    code = "kept_by_ledger"
    title = "Kept by the ledger"


class VersionMismatch(Refusal):
    """The ticket has changed since the version that ``If-Match`` names."""

    code = "version_mismatch"
    title = "Version mismatch"
    http_status = 412


class TooLarge(Refusal):
    """The body is larger than this path reads."""

    code = "too_large"
    title = "Too large"
    http_status = 413


class UnsupportedMedia(Refusal):
    """The content type is not one this path reads."""

    code = "unsupported_media"
    title = "Unsupported media type"
    http_status = 415


class Invalid(Refusal):
    """Fields that are wrong, each with its path, a code and a sentence."""

    code = "validation"
    title = "Invalid fields"
    http_status = 422


class IdempotencyMismatch(Refusal):
    """The same idempotency key came with another body, or what it made was erased since."""

    code = "idempotency_mismatch"
    title = "Idempotency key reused"
    http_status = 422


class RateLimited(Refusal):
    """This key has used its allowance for now."""

    code = "rate_limited"
    title = "Too many requests"
    http_status = 429


class Unavailable(Refusal):
    """Storage is away or full. Nothing was accepted; the same request may succeed later."""

    code = "unavailable"
    title = "Unavailable"
    http_status = 503


class Overloaded(Unavailable):
    """More is waiting than can be taken in; the same request will succeed in a moment."""

    code = "overloaded"
    title = "Overloaded"


def invalid(field: str, code: str, detail: str) -> Invalid:
    """An :class:`Invalid` about one field."""
    return Invalid(f"{field}: {detail}", errors=(FieldError(field, code, detail),))


def invalid_fields(errors: list[FieldError]) -> Invalid:
    """An :class:`Invalid` about several fields; the first speaks in the sentence."""
    first = errors[0]
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"{first.field}: {first.detail}{rest}", errors=tuple(errors))


def refusals() -> tuple[type[Refusal], ...]:
    """Every refusal below the root, in the order of the tree above."""
    found: list[type[Refusal]] = []
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        for child in waiting.pop(0).__subclasses__():
            found.append(child)
            waiting.append(child)
    return tuple(found)
