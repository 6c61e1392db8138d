"""The answers of PagerDuty's Events API, as its clients read them (Integrations: PagerDuty)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Json = dict[str, Any]

ACCEPTED: Final = 202
INVALID: Final = 400


def accepted(dedup_key: str) -> Json:
    """The body of a 202; *dedup_key* as the client wrote it, or the one made for it."""
    return {"status": "success", "message": "Event processed", "dedup_key": dedup_key}


def change_accepted() -> Json:
    """The body of a 202 to a change."""
    return {"status": "success", "message": "Change event processed"}


def invalid(errors: Sequence[str]) -> Json:
    """The body of a 400, which no client sends again; *errors* are never none."""
    return {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": list(errors) or ["The event cannot be read"],
    }
