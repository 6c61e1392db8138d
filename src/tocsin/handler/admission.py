"""Who a key stands for, on the snapshot that is read: the same at every door (Domain: API key)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.credentials import admit
from tocsin.core.errors import Unauthenticated
from tocsin.core.evidence import Access
from tocsin.core.records import Contributor, Key, Member, Org
from tocsin.handler.submission import Credential
from tocsin.store.contract import ReadTurn

NOT_LIKE_A_KEY: Final = "the key is not written like one: tk_<id>_<secret>"
_LONGEST_KEY: Final = 200


def credential_of(token: bytes, *, address: str) -> Credential:
    """The credential that *token*, a key as its bearer writes it, stands for.

    Raises:
        Unauthenticated: it is not written like a key.
    """
    parts = token.split(b"_", 2)
    if len(token) > _LONGEST_KEY or len(parts) != 3 or parts[0] != b"tk" or not parts[1].isalnum():
        raise Unauthenticated(NOT_LIKE_A_KEY)
    return Credential(
        key_id=parts[1].decode("ascii"),
        digest=hashlib.sha256(parts[2]).digest(),
        address=address,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a verified key stands for, on one snapshot."""

    access: Access
    key: Key
    member: Member
    contributor: Contributor | None
    org: Org
    org_id: int


def admission(turn: ReadTurn, credential: Credential, *, at: datetime) -> Admission:
    """What *credential* stands for on this snapshot.

    Raises:
        Unauthenticated: it is unknown, revoked, expired, or used from elsewhere.
    """
    row = turn.credential(credential.key_id)
    # Compared even when there is no such key, so that the time taken does not tell.
    known = row.digest if row is not None else bytes(32)
    fits = hmac.compare_digest(known, credential.digest)
    if row is None or not fits:
        raise Unauthenticated("this API key is not known here; ask an org_admin for a new one")
    head = turn.head(row.org_id, f"key:{credential.key_id}")
    key = None if head is None else head.state
    if not isinstance(key, Key):
        raise Unauthenticated("this API key is not known here; ask an org_admin for a new one")
    head = turn.head(row.org_id, f"member:{key.member_id}")
    member = head.state if head is not None and isinstance(head.state, Member) else None
    access = admit(key, member, at=at, address=credential.address)
    if member is None:
        raise Unauthenticated("the member this API key speaks for is gone")
    contributor: Contributor | None = None
    if member.contributor_id is not None:
        head = turn.head(row.org_id, f"contributor:{member.contributor_id}")
        if head is not None and isinstance(head.state, Contributor):
            contributor = head.state
    (head,) = turn.heads_of_sort(row.org_id, "org", limit=1)
    assert isinstance(head.state, Org)
    return Admission(
        access=access,
        key=key,
        member=member,
        contributor=contributor,
        org=head.state,
        org_id=row.org_id,
    )
