"""What the labels of an alert say: its severity, its service, and which alert it is.

Prometheus, Alertmanager and Grafana name the same things by the same labels; other neighbours have
words of their own for severity, read here too (Integrations: Alertmanager, Grafana).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from tocsin.core.signal_texts import name, text
from tocsin.core.ticket_reading import KEY, LABEL, NAME, REASON
from tocsin.core.words import Severity, folded

CRITICAL: Final = "critical"
ERROR: Final = "error"
WARNING: Final = "warning"
INFO: Final = "info"

# A level is given as a word, not as a number: a word milder than an org's mildest level is that
# level, where a number that the org does not use is refused (Domain: severity). Nothing is as mild
# as sev5 in words, so that one is a number.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    CRITICAL: frozenset(
        {"critical", "crit", "page", "fatal", "emergency", "emerg", "disaster", "sev1", "p1", "1"}
    ),
    ERROR: frozenset({"error", "err", "high", "major", "sev2", "p2", "2"}),
    WARNING: frozenset(
        {"warning", "warn", "medium", "moderate", "average", "minor", "sev3", "p3", "3"}
    ),
    INFO: frozenset(
        {"info", "information", "informational", "notice", "low", "none", "sev4", "p4", "4"}
    ),
    Severity.SEV5.value: frozenset({"debug", "trivial", "sev5", "p5", "5"}),
}
_LEVELS: Final[Mapping[str, str]] = {
    word: level for level, words in _WORDS.items() for word in words
}

SERVICE_LABELS: Final = ("service", "job")
ENVIRONMENT_LABELS: Final = ("environment", "env")
SUMMARY_ANNOTATIONS: Final = ("summary", "title", "message", "description")


def level(word: str | None) -> str | None:
    """The severity that *word* means: critical, error, warning, info, or sev5; None for a word
    that means none.

    ``critical`` and ``page`` are sev1, ``error`` and ``high`` sev2, ``warning`` sev3, ``info``
    sev4 (Integrations: Alertmanager).
    """
    return None if word is None else _LEVELS.get(folded(word))


def severity(labels: Mapping[str, str]) -> str | None:
    """What the label ``severity`` says, as :func:`level` reads it."""
    return level(labels.get("severity"))


def service(labels: Mapping[str, str]) -> str | None:
    """The label ``service``, else ``job``."""
    return _first_name(labels, SERVICE_LABELS, longest=NAME)


def environment(labels: Mapping[str, str]) -> str | None:
    """The label ``environment``, else ``env``."""
    return _first_name(labels, ENVIRONMENT_LABELS, longest=LABEL)


def trace_id(labels: Mapping[str, str]) -> str | None:
    """The label ``trace_id``."""
    return name(labels.get("trace_id"), longest=KEY)


def summary(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """One line about the alert: what its author wrote, else its name and where it is."""
    for annotation in SUMMARY_ANNOTATIONS:
        written = text(annotations.get(annotation), longest=REASON)
        if written is not None:
            return written
    title = text(labels.get("alertname"), longest=REASON // 2) or "Alert without a name"
    place = text(labels.get("instance"), longest=REASON // 4) or service(labels)
    return title if place is None else f"{title} ({place})"


def fingerprint(labels: Mapping[str, str]) -> str:
    """A stable digest of the whole label set, 32 hexadecimal digits; the order does not matter."""
    # Escaped to ASCII, so that no text is without an encoding; JSON keeps names and values apart.
    return hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()[:32]


def _first_name(labels: Mapping[str, str], names: tuple[str, ...], *, longest: int) -> str | None:
    found = (name(labels.get(label), longest=longest) for label in names)
    return next((one for one in found if one is not None), None)
