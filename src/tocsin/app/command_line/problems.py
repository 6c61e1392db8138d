"""What can go wrong on the way to an answer, and the words that say what to do next. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_START_IT = "`make run` starts one with an example network, `tocsin serve` an empty one"


class GatewayError(Exception):
    """The root of what can go wrong between here and an answer.

    ├── Unreachable       no connection, or none that lasted
    ├── OutcomeUnknown    sent, but the answer never came: it may have been done
    ├── NotTocsin         something answered, but not a Tocsin gateway
    └── Refused           the gateway said no, with a problem document
    """


class Unreachable(GatewayError):
    """No connection to *url*, or it broke each time; *refused* when nobody listens there."""

    def __init__(self, *, url: str, reason: str, refused: bool = False) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.refused = refused


class OutcomeUnknown(GatewayError):
    """The request was sent and no answer came; *idempotency_key* makes trying again safe."""

    def __init__(self, *, url: str, reason: str, idempotency_key: str | None) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.idempotency_key = idempotency_key


class NotTocsin(GatewayError):
    """An answer that no gateway gives: not JSON, or an error without a problem document."""

    def __init__(self, *, url: str, status: int, content_type: str) -> None:
        super().__init__(f"{url}: {status} {content_type}")
        self.url = url
        self.status = status
        self.content_type = content_type


@dataclass(frozen=True, slots=True)
class WrongField:
    """One field of a problem document: its path, code and sentence."""

    field: str
    code: str
    detail: str


class Refused(GatewayError):
    """The gateway's no (API: errors): status, *code*, sentence, fields, seconds to wait."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str,
        errors: tuple[WrongField, ...] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.request_id = request_id
        self.retry_after = retry_after


def told(error: GatewayError) -> tuple[str, ...]:
    """The lines that tell a person about *error*: what, which fields, and what to do next."""
    match error:
        case Unreachable():
            return (
                f"cannot reach {error.url}: {error.reason}",
                f"  is the server running? {_START_IT}"
                if error.refused
                else "  check TOCSIN_URL (or --url) and the network; `tocsin doctor` looks closer",
            )
        case OutcomeUnknown(idempotency_key=None):
            return (
                f"{error.url} did not answer: {error.reason}",
                "  it may or may not have been done; look before you try again",
            )
        case OutcomeUnknown():
            return (
                f"{error.url} did not answer: {error.reason}",
                "  it may or may not have been done; the same command with",
                f"  --idempotency-key {error.idempotency_key} does it at most once",
            )
        case NotTocsin():
            return (
                f"{error.url} answered {error.status} {error.content_type}".rstrip()
                + ", which is not a Tocsin gateway's answer",
                "  check TOCSIN_URL (or --url): it is the address before /v1",
            )
        case Refused():
            return _refused(error)
        case _:
            return (str(error),)


def _refused(error: Refused) -> tuple[str, ...]:
    head = error.title or error.code
    lines = [f"{head}: {error.detail}" if error.detail else head]
    fields = [f"{wrong.field}: {wrong.detail or wrong.code}" for wrong in error.errors]
    # The sentence is that of the first field; said once is enough.
    lines += [f"  {field}" for field in fields if field != error.detail]
    lines += [f"  {line}" for line in _advice(error)]
    if error.status >= 500 and error.request_id:
        lines.append(f"  the server's log knows it as request {error.request_id}")
    return tuple(lines)


def _advice(error: Refused) -> tuple[str, ...]:
    match error.status:
        case 401:
            return (
                "set TOCSIN_API_KEY (or TOCSIN_API_KEY_FILE) to a key that is good;",
                "`tocsin admin key create` makes one beside the server",
            )
        case 403:
            return ("`tocsin whoami` shows the role of your key",)
        case 404:
            return (
                "check its name, and the org (`tocsin whoami`);",
                "things of other orgs are answered the same way",
            )
        case 409 if error.code == "invalid_transition":
            return ("`… get` shows the ticket as it is now",)
        case 412:
            return ("somebody changed it since; read it again and repeat with its new version",)
        case 429 | 503 if error.retry_after is not None:
            return (f"try again in {error.retry_after:g} s",)
        case 429 | 503:
            return ("try again in a moment",)
        case 422 if error.code == "idempotency_mismatch":
            return ("this --idempotency-key belongs to another request; leave it out",)
        case _:
            return ()
