"""A group of alerts told in one notification, as Alertmanager and Grafana send it.

What they say of a group goes beyond its alerts: a key of its own, and that it was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tocsin.core import signal_texts
from tocsin.core.alert_labels import fingerprint
from tocsin.core.facts import JsonValue
from tocsin.core.ingestion import Ended, Noted, Said

MOST_SHARED = 4_096
"""Characters of JSON."""


def group_key(given: str | None, *, labels: Mapping[str, str] | None, receiver: str | None) -> str:
    """The key of a group: the one *given*, else one of its receiver and the *labels* it shares."""
    made = signal_texts.key(given)
    if made is not None:
        return made
    return f"{signal_texts.key(receiver, longest=100) or ''}/{fingerprint(labels or {})}"


def shared_data(given: Mapping[str, object]) -> dict[str, JsonValue]:
    """What every signal of a group repeats of the notification; little, as there may be 1,000."""
    return signal_texts.data(given, most=MOST_SHARED)


def beyond(
    key: str, *, sent: int, truncated: bool, over: bool, ends: Iterable[datetime]
) -> tuple[Said, ...]:
    """What there is to say of a group besides the first 1,000 of the alerts *sent*.

    How many more there were; and, when it was cut here or there (*truncated*) and is *over*, that
    it ended, by the last of *ends*: alerts that were not told cannot say that they are over.
    """
    missing = sent - signal_texts.MOST_SIGNALS
    said: list[Said] = []
    if missing > 0:
        said.append(
            Noted(
                key=key,
                text=f"{missing:,} more alerts of this group came in the same notification and are "
                f"not listed one by one; the first {signal_texts.MOST_SIGNALS:,} are.",
            )
        )
    if over and (truncated or missing > 0):
        said.append(Ended(key=key, at=max(ends, default=None)))
    return tuple(said)
