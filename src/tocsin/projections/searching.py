"""What somebody typed into a search, as the index knows it."""

from __future__ import annotations

from tocsin.core.claims import DEVICE_CODE, LINK_CODE
from tocsin.core.records import Device, Link
from tocsin.projections.documents import words_of
from tocsin.store.contract import ReadTurn


def spelt_words(turn: ReadTurn, org_id: int, text: str) -> tuple[tuple[str, ...], ...]:
    """The words of *text*, each with what else it may be called in the org's tickets.

    The code of a device or link comes with its pubkey: tickets name that.
    """
    return tuple(_spelt(turn, org_id, word) for word in words_of(text))


def _spelt(turn: ReadTurn, org_id: int, word: str) -> tuple[str, ...]:
    for kind in (DEVICE_CODE, LINK_CODE):
        stream = turn.claimed_by(org_id, kind, word)
        head = None if stream is None else turn.head(org_id, stream)
        if head is not None and isinstance(head.state, Device | Link):
            return (word, head.state.pubkey)
    return (word,)
