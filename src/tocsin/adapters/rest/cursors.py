"""Cursors: where a list goes on, signed and bound to the org and the query it came from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from tocsin.core.errors import Invalid, invalid

Place = tuple[str | int, ...]
"""The sort key of the last thing shown; what it is made of is the list's own business."""

_SIGNATURE = 16
_LONGEST = 1_024


def make_cursor(place: Place, *, key: bytes, bound_to: Sequence[str]) -> str:
    """*place* as opaque text that only the same list of the same org takes back."""
    payload = msgspec.json.encode(place)
    signed = _signature(payload, key=key, bound_to=bound_to) + payload
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def read_cursor(text: str, *, key: bytes, bound_to: Sequence[str]) -> Place:
    """The place that *text* names.

    Raises:
        Invalid: it is no cursor, or belongs to another list, query or org.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as garbled:
        raise _wrong() from garbled
    signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if len(text) > _LONGEST or not hmac.compare_digest(
        signature, _signature(payload, key=key, bound_to=bound_to)
    ):
        raise _wrong()
    place: Place = msgspec.json.decode(payload, type=Place)
    return place


def _signature(payload: bytes, *, key: bytes, bound_to: Sequence[str]) -> bytes:
    bound = msgspec.json.encode(bound_to)
    return hmac.digest(key, bound + b"\0" + payload, hashlib.sha256)[:_SIGNATURE]


def _wrong() -> Invalid:
    return invalid(
        "cursor",
        "bad_cursor",
        "not a cursor of this list: start without one, and keep filters and sort as they were",
    )
