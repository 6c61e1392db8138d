"""Who is signed in: a cookie that only this installation can make and read.

It holds which key was shown, as the digest of its secret, and never lets anybody in by itself: the
key is verified anew on every snapshot that is read (:func:`tocsin.handler.admission.admission`), so
that a revoked key ends its sessions at once, on every gateway.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Final

import msgspec

from tocsin.handler.submission import Credential
from tocsin.store.sealing import WrongSecretKey

NAME: Final = "tocsin_session"
SECURE_NAME: Final = f"__Host-{NAME}"
"""Under https; a browser takes it from nobody but this very host (RFC 6265bis, 4.1.3)."""

LASTING: Final = timedelta(hours=12)
"""How long nobody may be there until one has to sign in again."""
LONGEST: Final = timedelta(days=7)
"""How long a session lasts at most, however busy."""
RENEWED_AFTER: Final = timedelta(minutes=30)
_LONGEST_COOKIE: Final = 4_096
_MADE_FOR: Final = "tocsin session 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in: ``digest`` is the SHA-256 of the secret of the key ``key_id``, ``id`` is random.

    It holds before ``expires_at``, which moves on while it is used. By a link (``by_link``) the key
    was made for this session alone, and ends with it.
    """

    id: str
    key_id: str
    digest: bytes
    issued_at: datetime
    expires_at: datetime
    by_link: bool = False

    def credential(self, *, address: str) -> Credential:
        """What to verify, asked from *address*."""
        return Credential(key_id=self.key_id, digest=self.digest, address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """A session that was good once."""


class _Sealed(
    msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is in the cookie."""

    made_for: str
    id: str
    key_id: str
    digest: bytes
    issued_at: datetime
    expires_at: datetime
    by_link: bool = False


class Sessions:
    """Makes and reads sessions; without memory, for any number of threads and gateways.

    ``seal`` and ``unseal`` are of one installation, ``forms_key`` signs what forms carry.
    """

    def __init__(
        self,
        *,
        seal: Callable[[bytes], bytes],
        unseal: Callable[[bytes], bytes],
        forms_key: bytes,
        fresh: Callable[[], str],
    ) -> None:
        self._seal = seal
        self._unseal = unseal
        self._forms_key = forms_key
        self._fresh = fresh

    def begin(self, credential: Credential, *, at: datetime, by_link: bool = False) -> Session:
        """A session of who has just shown that key, or has got it *by_link*."""
        return Session(
            id=self._fresh(),
            key_id=credential.key_id,
            digest=credential.digest,
            issued_at=at,
            expires_at=at + LASTING,
            by_link=by_link,
        )

    def renewed(self, session: Session, *, at: datetime) -> Session | None:
        """*session* with its end moved on; None where that is not worth a cookie."""
        until = min(at + LASTING, session.issued_at + LONGEST)
        if until - session.expires_at < RENEWED_AFTER:
            return None
        return replace(session, expires_at=until)

    def sealed(self, session: Session) -> str:
        """What the cookie says."""
        return self._seal(
            msgspec.json.encode(
                _Sealed(
                    made_for=_MADE_FOR,
                    id=session.id,
                    key_id=session.key_id,
                    digest=session.digest,
                    issued_at=session.issued_at,
                    expires_at=session.expires_at,
                    by_link=session.by_link,
                )
            )
        ).decode("ascii")

    def read(self, text: str, *, at: datetime) -> Session | Expired | None:
        """The session that a cookie holds; None for what nobody here has made."""
        try:
            inside = msgspec.json.decode(self._unseal(text.encode("ascii")), type=_Sealed)
        except (WrongSecretKey, UnicodeEncodeError, msgspec.MsgspecError):
            return None
        if inside.made_for != _MADE_FOR:
            return None
        if not inside.issued_at <= inside.expires_at <= inside.issued_at + LONGEST:
            return None
        if at >= inside.expires_at:
            return Expired()
        return Session(
            id=inside.id,
            key_id=inside.key_id,
            digest=inside.digest,
            issued_at=inside.issued_at,
            expires_at=inside.expires_at,
            by_link=inside.by_link,
        )

    def form_token(self, session: Session) -> str:
        """What every form of *session* carries, and nobody else can know."""
        return hmac.new(self._forms_key, session.id.encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, session: Session, given: str) -> bool:
        """Whether a form that carries *given* was made for *session*; compared in constant time."""
        return hmac.compare_digest(self.form_token(session).encode(), given.encode("utf-8"))


def cookie_in(header: bytes, *, secure: bool) -> str | None:
    """The session's cookie in a ``Cookie`` header, if it is there.

    Under https only the one that this host alone can have set counts.
    """
    if not header or len(header) > 4 * _LONGEST_COOKIE:
        return None
    try:
        cookies = SimpleCookie(header.decode("latin-1"))
    except CookieError:
        return None
    found = cookies.get(SECURE_NAME if secure else NAME)
    if found is None or len(found.value) > _LONGEST_COOKIE:
        return None
    return found.value or None


def set_cookie(value: str, *, secure: bool, lasting: timedelta) -> bytes:
    """A ``Set-Cookie`` with that value; *lasting* zero takes it away."""
    name = SECURE_NAME if secure else NAME
    mark = "; Secure" if secure else ""
    seconds = int(lasting.total_seconds())
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{mark}".encode()
