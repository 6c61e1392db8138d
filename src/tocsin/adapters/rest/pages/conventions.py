"""What holds for every endpoint, in a sentence or three each."""

from __future__ import annotations

from typing import Final

CONVENTIONS: Final[dict[str, str]] = {
    "JSON": (
        "UTF-8, names in snake_case. A field or parameter that is not known is refused by "
        "name. At most 1 MiB. Changes within /v1 only add: expect fields you do not know."
    ),
    "Instants": (
        "RFC 3339. Sent with `Z` or an offset; answered in UTC, always with six digits of "
        "microseconds and `Z`: `2026-11-20T09:30:00.000000Z`."
    ),
    "Errors": (
        "`application/problem+json`: `type` (a link to this page), `title`, `status`, `code` "
        "(stable), `detail` (a sentence for a person), `request_id`, and `errors`: each wrong "
        "field with its path, a code and a sentence."
    ),
    "Idempotency": (
        "Send `Idempotency-Key` with any POST. The same key and body, by the same credential "
        "on the same path, gets the same answer for 24 hours, with `Idempotency-Replayed: "
        "true`. With another body it is 422 `idempotency_mismatch`, and so is one whose text "
        "was erased since: it is not made again. A secret that was told once is not told again."
    ),
    "Versions": (
        "`ETag` is the version. `If-Match` on a change is refused with 412 `version_mismatch` "
        "when the thing has changed since it was read."
    ),
    "Positions": (
        "Every write answers `X-Position`, the place it reached in the log of the org. A "
        "search with `q` may lag behind it: `X-Indexed-Position` says how far it has read, "
        "and `wait_for` waits for a position, for up to two seconds."
    ),
    "Lists": (
        "Answer `items` and `next_cursor`, which is null on the last page. Send it back as "
        "`cursor` with the same filters: a cursor belongs to its org and its list. Parameters "
        "that may be repeated mean any of these. To keep a copy in step, list tickets by "
        "`sort=updated_at&direction=asc`, or follow the events."
    ),
    "Names": (
        "Devices, links and contributors are named by code, pubkey or id, whichever is at "
        "hand; tickets by id or ref."
    ),
    "Dialects": (
        "`?dialect=gateway|its|crashbot|incidentd` answers statuses and severities in that "
        "system's words, and reads them. Without it they are the canonical ones."
    ),
}
