"""Words and signs of the network: what a status, a health or a criterion looks like to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.core.provisioning.criteria import State
from tocsin.core.provisioning.facts import Mirrored
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a sign and a tone: no one of them alone tells it. ``sign`` is one of those in
    ``signs.html``, ``tone`` a class of the style sheet."""

    text: str
    sign: str
    tone: str


_WELL: Final = ("calm", "operational")
_BAD: Final = ("call", "major_outage")
_RESTS: Final = ("work", "under_maintenance")
_OPEN: Final = ("work", "unknown")

_STATUS: Final[Mapping[AssetStatus, tuple[str, tuple[str, str]]]] = {
    AssetStatus.REQUESTED: ("Requested", _OPEN),
    AssetStatus.PENDING: ("Pending", _OPEN),
    AssetStatus.PROVISIONING: ("Provisioning", _OPEN),
    AssetStatus.ACTIVATED: ("Activated", _WELL),
    AssetStatus.SOFT_DRAINED: ("Soft drained", _RESTS),
    AssetStatus.HARD_DRAINED: ("Hard drained", _RESTS),
    AssetStatus.DELETING: ("Being deleted", _OPEN),
    AssetStatus.REJECTED: ("Rejected", _BAD),
}
_HEALTH: Final[Mapping[Health, tuple[str, tuple[str, str]]]] = {
    Health.UNKNOWN: ("Unknown", _OPEN),
    Health.PENDING: ("Pending", _RESTS),
    Health.HEALTHY: ("Healthy", _WELL),
    Health.IMPAIRED: ("Impaired", _BAD),
}
_WANTED: Final[Mapping[DesiredStatus, str]] = {
    DesiredStatus.ACTIVATED: "in service",
    DesiredStatus.SOFT_DRAINED: "soft drained",
    DesiredStatus.HARD_DRAINED: "hard drained",
    DesiredStatus.DELETED: "deleted",
}
_STATES: Final[Mapping[str, tuple[str, tuple[str, str]]]] = {
    State.MET.value: ("Met", _WELL),
    State.UNMET.value: ("Not met", _BAD),
    State.UNKNOWN.value: ("Unknown", _OPEN),
    State.WAIVED.value: ("Waived", _RESTS),
}
_CRITERIA: Final[Mapping[str, str]] = {
    "record": "Record",
    "desired": "Wanted in service",
    "device": "Device",
    "up": "Up",
    "side_a": "Side A",
    "side_z": "Side Z",
    "loss": "Latency samples",
    "dia_defined": "Way to the internet defined",
    "link_interface_defined": "Interface of a link defined",
    "dia_up": "Way to the internet up",
    "link_up": "Interface of a link up",
    "reporting": "Reports each minute",
    "config_agent": "Config agent",
    "telemetry_agent": "Telemetry agent",
    "qa": "QA test",
    "type": "Interfaces fit its type",
}


def _mark(told: tuple[str, tuple[str, str]]) -> Mark:
    text, (sign, tone) = told
    return Mark(text, sign, tone)


def status_mark(status: AssetStatus) -> Mark:
    """Where it stands."""
    return _mark(_STATUS[status])


def health_mark(health: Health) -> Mark:
    """What the evidence says."""
    return _mark(_HEALTH[health])


def state_mark(state: str) -> Mark:
    """What a criterion answers; a word that is not known here stands as it is."""
    return _mark(_STATES.get(state, (state, _OPEN)))


def wanted_words(desired: DesiredStatus) -> str:
    """What its owner wants."""
    return _WANTED[desired]


def ledger_words(said: OnLedger | Mirrored) -> str:
    """What a ledger says of a device or link: ``hard drained, healthy, wanted activated``."""
    told = (said.status, said.health, f"wanted {said.desired_status}")
    return ", ".join(told).replace("_", " ")


def is_criterion(name: str) -> bool:
    """Whether a criterion is called that in records."""
    return name in _CRITERIA


def criterion_words(name: str) -> str:
    """A criterion as people call it."""
    return _CRITERIA.get(name, name.replace("_", " ").capitalize())
