"""What a Prometheus is asked: a query of PromQL for each criterion, all of them settings.

A query is evaluated at the end of each minute of a stretch. It looks back over ``$minute``, which
is just that minute, so that a value is there only if there was a sample in it; Prometheus itself
would go on with an old one for five minutes. ``$two_minutes`` reaches over the minute before, too.
``$devices`` is a pattern that the wanted devices fit: that of all, or of a few by their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tocsin.core.provisioning.counters import COUNTERS, Counter

LONGEST_QUERY: Final = 4_000
MINUTE: Final = "59999ms"
"""A millisecond less than a minute: ranges have both their ends, and a sample is in one minute."""

TWO_MINUTES: Final = "119999ms"

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def _counter_query(name: str) -> str:
    return (
        "max by (dzd_pubkey, intf) ("
        f'last_over_time(interface_{name}_total{{dzd_pubkey=~"$devices"}}[$minute]))'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """What is asked for what.

    ``counters`` answer what each counter stands at, and show by it that the device is there;
    ``heartbeat`` answers anything for a device that is. ``config_agent``, ``telemetry_agent`` and
    ``qa`` answer more than 0 where it is well, and 0 where it is not. ``config_agent_errors``
    answers a counter; in a minute in which it rises the config agent is not well. Devices are told
    by the first of ``device_labels`` that is there. A query that is None is not asked.

    Raises:
        ValueError: a query is empty or too long, or a label is none.
    """

    counters: Mapping[Counter, str] = field(
        default_factory=lambda: {counter: _counter_query(counter.value) for counter in COUNTERS}
    )
    heartbeat: str | None = None
    config_agent: str | None = (
        "sum by (pubkey) (changes("
        'controller_grpc_getconfig_requests_total{pubkey=~"$devices"}[$two_minutes]))'
    )
    config_agent_errors: str | None = (
        "sum by (dzd_pubkey) (last_over_time("
        '{__name__=~"doublezero_agent_.+_errors_total",dzd_pubkey=~"$devices"}[$minute]))'
    )
    telemetry_agent: str | None = (
        "max by (dzd_pubkey) (min_over_time("
        'up{job="doublezero-telemetry",dzd_pubkey=~"$devices"}[$minute]))'
    )
    qa: str | None = None
    device_labels: tuple[str, ...] = ("dzd_pubkey", "pubkey", "device_pubkey")
    interface_label: str = "intf"
    baseline_days: int = 7

    def __post_init__(self) -> None:
        if set(self.counters) != set(COUNTERS):
            raise ValueError("every counter needs a query")
        if not 1 <= self.baseline_days <= 3_650:
            raise ValueError("baseline_days is 1 to 3650")
        for query in (
            *self.counters.values(),
            self.heartbeat,
            self.config_agent,
            self.config_agent_errors,
            self.telemetry_agent,
            self.qa,
        ):
            if query is not None and not 1 <= len(query.strip()) <= LONGEST_QUERY:
                raise ValueError(f"a query has 1 to {LONGEST_QUERY} characters")
        for label in (*self.device_labels, self.interface_label):
            checked_label(label)


_PLACEHOLDERS: Final = ("$devices", "$minute", "$two_minutes")
_PLACEHOLDER = re.compile(r"\$[A-Za-z_]\w*")
_STRING = re.compile(r"""\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`]*`""")
_CLOSED_BY: Final[Mapping[str, str]] = {"(": ")", "[": "]", "{": "}"}


def checked(query: str) -> str:
    """*query*, if it looks like one: Prometheus itself says the rest when it is asked.

    Raises:
        ValueError: it is too long, names a placeholder that is none, does not say which minute it
            is about, or a bracket or string of it is open; says what to give.
    """
    if not 1 <= len(query.strip()) <= LONGEST_QUERY:
        raise ValueError(f"give a query of 1 to {LONGEST_QUERY} characters")
    named = _PLACEHOLDER.findall(query)
    for one in named:
        if one not in _PLACEHOLDERS:
            raise ValueError(f"{one} is no placeholder: {', '.join(_PLACEHOLDERS)} are")
    if "$minute" not in named and "$two_minutes" not in named:
        raise ValueError(
            "say [$minute] after the metric, as in last_over_time(metric[$minute]): Prometheus"
            " would show an old sample for five minutes, and hide a gap"
        )
    bare = _STRING.sub("", query)
    for quote in "\"'`":
        if quote in bare:
            raise ValueError(f"close the string that {quote} opens")
    open_ones: list[str] = []
    for sign in bare:
        if sign in _CLOSED_BY:
            open_ones.append(sign)
        elif sign in _CLOSED_BY.values() and (not open_ones or _CLOSED_BY[open_ones.pop()] != sign):
            raise ValueError(f"{sign} closes what is not open")
    if open_ones:
        raise ValueError(f"close the {open_ones[-1]} that is open")
    return query


def checked_label(name: str) -> str:
    """*name*, if it is the name of a label.

    Raises:
        ValueError: it is none.
    """
    if _LABEL.fullmatch(name) is None:
        raise ValueError(f"{name[:40]!r} is no label")
    return name


Only = frozenset[str] | None
"""The devices, by their pubkeys, that a question is about; None for all."""

MOST_NAMED: Final = 64
_ANY: Final = ".+"
_NAME = re.compile(r"[A-Za-z0-9_:.-]{1,128}")


def among(query: str, only: Only) -> str:
    """*query* about these devices; one that does not say ``$devices`` is about all of them.

    Raises:
        ValueError: these are none, very many, or one has characters that no name of a device has.
    """
    if only is None:
        return query.replace("$devices", _ANY)
    if not 1 <= len(only) <= MOST_NAMED:
        raise ValueError(f"1 to {MOST_NAMED} devices are asked about at once")
    for one in only:
        if _NAME.fullmatch(one) is None:
            raise ValueError(f"{one[:40]!r} is no name of a device")
    pattern = "|".join(one.replace(".", "[.]") for one in sorted(only))
    return query.replace("$devices", pattern)


def by_minute(query: str) -> str:
    """*query* as it is asked at the end of a minute."""
    return query.replace("$two_minutes", TWO_MINUTES).replace("$minute", MINUTE)


def reaching_back(query: str, *, days: int) -> str:
    """*query* as it is asked for the last sample of so many *days*."""
    return query.replace("$two_minutes", f"{days}d").replace("$minute", f"{days}d")
