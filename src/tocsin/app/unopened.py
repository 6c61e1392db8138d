"""Looking at the start whether the stored secrets open: who lost the key should not hear of it
from whoever was not told of an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from tocsin.core.records import Connector, Route
from tocsin.store.contract import ReadTurn, StorageFailed, Store
from tocsin.store.sealing import WrongSecretKey

log = structlog.get_logger(__name__)

NAMED = 5
"""So many are named in the log; the others are counted."""


def tell_of_unopened(store: Store, unseal: Callable[[bytes], bytes]) -> None:
    """Log which routes and connectors have a secret that was sealed under another key.

    A database that is away is not waited for: what does not open is told again where it is used.
    """
    try:
        with store.reading() as turn:
            names = tuple(_unopened(turn, unseal))
    except StorageFailed:
        return
    if names:
        log.warning(
            "stored secrets do not open with this installation's key: put back the secret.key, or"
            " the TOCSIN_SECRET_KEY, that they were sealed under, or give each of them a new one",
            action="secrets_unopened",
            secrets=len(names),
            of=", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else ""),
        )


def _unopened(turn: ReadTurn, unseal: Callable[[bytes], bytes]) -> Iterator[str]:
    for org in turn.orgs():
        for sort in ("route", "connector"):
            for head in turn.heads_of_sort(org.org_id, sort):
                match head.state:
                    case Route(name=name, removed_at=None, destination=to):
                        secret_id = to.secret_id
                    case Connector(code=name, removed_at=None, hmac_secret_id=secret_id):
                        pass
                    case _:
                        continue
                box = None if secret_id is None else turn.sealed_secret(org.org_id, secret_id)
                try:
                    if box is not None:
                        unseal(box)
                except WrongSecretKey:
                    yield f"{sort} {name} of {org.code}"
