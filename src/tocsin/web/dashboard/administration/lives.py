"""Where the life of a device, a link or an interface stands, as it is drawn in lists and facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import AssetStatus, Health
from tocsin.web.dashboard.administration import cells
from tocsin.web.dashboard.administration.cells import Cell, Tone

_TONES: Final[Mapping[AssetStatus, Tone]] = {
    AssetStatus.ACTIVATED: "operational",
    AssetStatus.SOFT_DRAINED: "degraded_performance",
    AssetStatus.HARD_DRAINED: "unknown",
    AssetStatus.REJECTED: "partial_outage",
}
_HEALTH_TONES: Final[Mapping[Health, Tone]] = {
    Health.HEALTHY: "operational",
    Health.IMPAIRED: "partial_outage",
    Health.PENDING: "unknown",
    Health.UNKNOWN: "unknown",
}


def status(life: Life, *, under: str = "") -> Cell:
    """Its status, with a second line *under* it."""
    word = life.status.value.replace("_", " ")
    return cells.state(word, _TONES.get(life.status, "unknown"), under=under)


def health(life: Life) -> Cell:
    """What the evidence says of it."""
    return cells.state(life.health.value, _HEALTH_TONES[life.health])
