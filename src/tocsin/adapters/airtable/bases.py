"""A base of Airtable's: where it is, and what opens it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base of Airtable's, at an *endpoint*, and the token that opens it."""

    endpoint: str
    id: str
    token: str = field(repr=False)
