"""Refusals and failures as problem documents (RFC 9457; API: errors)."""

from __future__ import annotations

import msgspec

from tocsin.adapters.rest.replies import Header, Reply
from tocsin.core.errors import MethodNotAllowed, RateLimited, Refusal, Unauthenticated
from tocsin.store.contract import StorageFailed

PROBLEM = (b"content-type", b"application/problem+json")
RETRY_STORAGE_AFTER_SECONDS = 2


class FieldProblem(msgspec.Struct, kw_only=True, frozen=True):
    """One field that is wrong."""

    field: str
    code: str
    detail: str


class Problem(msgspec.Struct, kw_only=True, frozen=True):
    """Why it was not done: ``code`` is stable, ``detail`` a sentence for a person."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldProblem]


_encoder = msgspec.json.Encoder()


def problem_of(refusal: Refusal, *, request_id: str, basic: bool = False) -> Reply:
    """The answer that says *refusal*; where *basic*, a password may be asked for, too."""
    headers: list[Header] = []
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    elif isinstance(refusal, RateLimited):
        headers.append((b"retry-after", b"1"))
    if isinstance(refusal, MethodNotAllowed) and refusal.allowed:
        headers.append((b"allow", ", ".join(refusal.allowed).encode()))
    if isinstance(refusal, Unauthenticated):
        if basic:
            headers.append((b"www-authenticate", b'Basic realm="tocsin", charset="UTF-8"'))
        headers.append((b"www-authenticate", b'Bearer realm="tocsin"'))
    return _reply(
        Problem(
            type=f"/docs#{refusal.code}",
            title=refusal.title,
            status=refusal.http_status,
            code=refusal.code,
            detail=refusal.detail,
            request_id=request_id,
            errors=[
                FieldProblem(field=one.field, code=one.code, detail=one.detail)
                for one in refusal.errors
            ],
        ),
        headers,
    )


def problem_of_storage(failed: StorageFailed, *, request_id: str) -> Reply:
    """The answer when the storage is away or full; the reason is for the log, not for strangers."""
    sentence = (
        "whether it was stored is not known; repeat it with the same Idempotency-Key"
        if failed.uncertain
        else "the storage does not answer, and nothing of it happened; try again in a moment"
    )
    return _reply(
        Problem(
            type="/docs#unavailable",
            title="Storage unavailable",
            status=503,
            code="unavailable",
            detail=sentence,
            request_id=request_id,
            errors=[],
        ),
        [(b"retry-after", str(RETRY_STORAGE_AFTER_SECONDS).encode())],
    )


def problem_of_accident(*, request_id: str) -> Reply:
    """The answer to an error of our own; what it was is in the log under the request's id."""
    return _reply(
        Problem(
            type="/docs#internal",
            title="Internal error",
            status=500,
            code="internal",
            detail="an error of ours; the log knows more under this request_id",
            request_id=request_id,
            errors=[],
        ),
        [],
    )


def _reply(problem: Problem, headers: list[Header]) -> Reply:
    return Reply(
        status=problem.status,
        body=_encoder.encode(problem),
        content_type=PROBLEM,
        headers=tuple(headers),
    )
