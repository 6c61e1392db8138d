"""What the gateway needs of whoever tries mappings out on payloads; the app hands it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.core.ingestion import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A field of a mapping that was left out of the signal at *item*, and why."""

    item: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a payload says under a mapping, or the reason why it cannot be read; and what the
    mapping misses in it."""

    reading: Reading | None
    unreadable: str | None
    missed: tuple[Missed, ...]


class MappingPreview(Protocol):
    """Tries mappings out."""

    def __call__(
        self, payloads: Sequence[bytes], *, kind: str, mapping: Mapping[str, str] | None
    ) -> Sequence[Tried] | None:
        """What each of *payloads* would say under *mapping*; without one, under that which comes
        with the *kind*. None: that kind is read by no mapping.

        Raises:
            Invalid: the mapping is none; each of its fields is named.
        """
        ...


def no_preview(
    payloads: Sequence[bytes], *, kind: str, mapping: Mapping[str, str] | None
) -> Sequence[Tried] | None:
    """Where mappings cannot be tried out."""
    return None
