"""Rows given to Airtable, within a time, and what became of them.

Nothing is tried again in here: waiting and trying are the dispatcher's. What Airtable writes is
not repeated in a reason, as it may quote what was sent; of its refusals only the names of our own
fields are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from time import monotonic
from typing import Any, Final

import requests
from pyairtable import Api

from tocsin.adapters.airtable.bases import Base
from tocsin.adapters.airtable.mirror import KEYS, Row
from tocsin.dispatcher.contract import Delivered, Refused, Retry, Verdict

CONNECT_SECONDS: Final = 2
READ_SECONDS: Final = 4
RATE_SECONDS: Final = 30.0
"""How long Airtable refuses everything of a base that asked too often."""

LARGEST_ANSWER: Final = 1_000_000
"""Bytes; an answer holds one row, and that we sent."""

_LATE: Final = Retry("Airtable did not answer in time")
_STRANGE: Final = Retry("what answered does not answer as Airtable does")
_PIECE: Final = 16_384


class _TooLarge(requests.RequestException):
    """An answer that is none of Airtable's."""


def upserted(rows: Sequence[tuple[str, Row]], *, base: Base, seconds: float) -> Verdict:
    """Set each row of its table, in order, over the row with the same key if there is one; at most
    *seconds* for all.

    Delivered with the record id of the first.
    """
    ends = monotonic() + seconds
    # Timeouts are for each step of each connection; the whole is bounded from beside.
    beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-airtable")
    exchange = beside.submit(_all_upserted, rows, base=base, ends=ends)
    beside.shutdown(wait=False)
    done, _ = wait([exchange], timeout=seconds)
    return exchange.result() if done else _LATE


def _all_upserted(rows: Sequence[tuple[str, Row]], *, base: Base, ends: float) -> Verdict:
    api = Api(
        base.token,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        retry_strategy=None,
        endpoint_url=base.endpoint,
    )
    first: str | None = None
    with closing(api.session):
        _narrow(api.session, ends=ends)
        for table, row in rows:
            answered = _upserted(api, base.id, table, row)
            if not isinstance(answered, str):
                return answered
            first = first or answered
    return Delivered(first)


def _narrow(session: requests.Session, *, ends: float) -> None:
    """Have *session* go where it is told and nowhere else, and read no more than an answer is."""
    session.trust_env = False
    session.max_redirects = 0

    def read(response: requests.Response, *_: object, **__: object) -> None:
        pieces = bytearray()
        for piece in response.iter_content(_PIECE):
            pieces += piece
            if len(pieces) > LARGEST_ANSWER or monotonic() >= ends:
                response.close()
                raise _TooLarge("too large, or too slow")
        response._content = bytes(pieces)

    session.hooks["response"] = [read]


def _upserted(api: Api, base: str, table: str, row: Row) -> str | Retry | Refused:
    """The record id of the row, or why there is none."""
    try:
        answer = api.table(base, table).batch_upsert(
            [{"fields": dict(row)}], key_fields=[KEYS[table]], typecast=True
        )
        return str(answer["records"][0]["id"])
    except requests.HTTPError as error:
        if error.response is None:
            return _STRANGE
        return _judged(error.response, table=table, row=row)
    except requests.Timeout:
        return _LATE
    except requests.exceptions.SSLError:
        return Retry("no encrypted connection to Airtable could be made")
    except requests.TooManyRedirects:
        return Retry("what answered sends us elsewhere, which Airtable does not")
    except requests.ConnectionError:
        return Retry("Airtable cannot be reached")
    except (requests.RequestException, IndexError, KeyError, TypeError, ValueError):
        # The library reads the answer as what it should be, and fails in any of these ways.
        return _STRANGE


def _judged(response: requests.Response, *, table: str, row: Row) -> Retry | Refused:
    status = response.status_code
    match status:
        case 429:
            return Retry("Airtable was asked too often", wish=RATE_SECONDS)
        case 401:
            return Retry("the token is not accepted (401): give the route a new one")
        case 403:
            return Retry(
                f"the token is not accepted for the base and its table {table} (403): give it"
                " access and the scopes to read and write records, or correct the route"
            )
        case 404:
            return Refused(f"there is no such base, or no table {table} in it (404)")
        case 422:
            return Refused(_unfit(response, table=table, row=row))
        case 408 | 425:
            return Retry(f"Airtable did not take it in time ({status})")
        case _ if status >= 500:
            return Retry(f"Airtable is out of order ({status})")
        case _:
            return Refused(f"Airtable refuses the row in the table {table} ({status})")


def _unfit(response: requests.Response, *, table: str, row: Row) -> str:
    """Why a row does not fit: which of our fields is missing or of another sort there."""
    kind, message = _error_in(response)
    named = next((name for name in row if f'"{name}"' in message), None)
    if named is None:
        return f"the table {table} does not take the row (422): compare its fields with ours"
    if kind == "UNKNOWN_FIELD_NAME":
        return f"the table {table} has no field {named} (422): add it"
    return f"the field {named} of the table {table} does not take our value (422): make it text"


def _error_in(response: requests.Response) -> tuple[str, str]:
    try:
        body: Any = response.json()
    except ValueError:
        return "", ""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("type", "")), str(error.get("message", ""))
