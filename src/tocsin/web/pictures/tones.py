"""The colours of pictures: names of classes in the style sheet, never the only sign of a thing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tocsin.core.words import Severity, Status


class Tone(StrEnum):
    """A colour of the style sheet, named by its class; worst first."""

    MAJOR = "major_outage"
    PARTIAL = "partial_outage"
    DEGRADED = "degraded_performance"
    PLANNED = "under_maintenance"
    GOOD = "operational"
    QUIET = "unknown"


STATUS_TONES: Final = {
    Status.OPEN: Tone.MAJOR,
    Status.ACKNOWLEDGED: Tone.PARTIAL,
    Status.INVESTIGATING: Tone.DEGRADED,
    Status.MITIGATING: Tone.PLANNED,
    Status.MONITORING: Tone.GOOD,
    Status.RESOLVED: Tone.GOOD,
    Status.PLANNED: Tone.QUIET,
    Status.IN_PROGRESS: Tone.PLANNED,
    Status.COMPLETED: Tone.GOOD,
    Status.CLOSED: Tone.QUIET,
    Status.CANCELLED: Tone.QUIET,
}
SEVERITY_TONES: Final = {
    Severity.SEV1: Tone.MAJOR,
    Severity.SEV2: Tone.PARTIAL,
    Severity.SEV3: Tone.DEGRADED,
    Severity.SEV4: Tone.PLANNED,
    Severity.SEV5: Tone.QUIET,
}


def status_words(status: Status) -> str:
    """A status as people read it: ``In progress``."""
    return status.value.replace("_", " ").capitalize()


def severity_words(severity: Severity) -> str:
    """A severity as people say it: ``SEV 1``, which needs no colour to be understood."""
    return f"SEV {severity.rank}"
