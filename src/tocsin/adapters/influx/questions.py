"""What an InfluxDB is asked, in InfluxQL, which 1.x, 2.x with a mapping and 3.x all understand.

Names come from settings, are plain identifiers, and are always quoted; instants are whole numbers.
Nothing else gets into a query.
"""

# ruff: noqa: S608 - that is how queries are put together here

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.provisioning.counters import COUNTERS, Counter, microseconds
from tocsin.core.provisioning.windows import Window

_IDENTIFIER = re.compile(r"[A-Za-z_/][A-Za-z0-9_.:/-]{0,127}")


def quoted(name: str) -> str:
    """*name* as an identifier of InfluxQL.

    Raises:
        ValueError: it is none that a measurement, tag or field has.
    """
    if _IDENTIFIER.fullmatch(name) is None:
        raise ValueError(
            f"{name[:40]!r} is no name of a measurement, tag or field: "
            "up to 128 letters, digits and _ . : / - are"
        )
    return f'"{name}"'


_FIELDS: Final[Mapping[Counter, str]] = {
    Counter.IN_OCTETS: "in-octets",
    Counter.OUT_OCTETS: "out-octets",
    Counter.IN_ERRORS: "in-errors",
    Counter.OUT_ERRORS: "out-errors",
    Counter.IN_FCS_ERRORS: "in-fcs-errors",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the database calls things. ``heartbeat_fields`` are counted for nothing: a sample of one
    of them shows that its device is there. ``baseline_days`` is how long ago a counter may have
    been written last.

    Raises:
        ValueError: a name is no identifier, a counter has none, or two things have the same.
    """

    counters: str = "intfCounters"
    device_tag: str = "dzd_pubkey"
    interface_tag: str = "intf"
    fields: Mapping[Counter, str] = field(default_factory=lambda: dict(_FIELDS))
    heartbeat_fields: tuple[str, ...] = ("in-discards", "out-discards", "carrier-transitions")
    qa: str = "device_qa_test_results"
    qa_device_tag: str = "device_pubkey"
    qa_field: str = "success"
    baseline_days: int = 7

    def __post_init__(self) -> None:
        if set(self.fields) != set(COUNTERS):
            raise ValueError("every counter needs the name of its field")
        if not 1 <= self.baseline_days <= 3_650:
            raise ValueError("baseline_days is 1 to 3650")
        for name in (
            self.counters,
            self.device_tag,
            self.interface_tag,
            *self.fields.values(),
            *self.heartbeat_fields,
            self.qa,
            self.qa_device_tag,
            self.qa_field,
        ):
            quoted(name)
        _refuse_twice("fields", (*self.fields.values(), *self.heartbeat_fields))
        _refuse_twice("tags", (self.device_tag, self.interface_tag))


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two of the {what} are called {name!r}")


Only = frozenset[str] | None
"""The devices, by their pubkeys, that a question is about; None for all."""

MOST_NAMED: Final = 64


def _among(tag: str, only: Only) -> str:
    """What narrows a question down to the devices that *tag* names.

    Raises:
        ValueError: these are none, very many, or one has characters that no name of a device has.
    """
    if only is None:
        return ""
    if not 1 <= len(only) <= MOST_NAMED:
        raise ValueError(f"1 to {MOST_NAMED} devices are asked about at once")
    return f" AND ({' OR '.join(f'{quoted(tag)} = {_text(one)}' for one in sorted(only))})"


def _text(value: str) -> str:
    if not value.isprintable() or ";" in value:
        raise ValueError(f"{value[:40]!r} is no name of a device")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def samples(names: Names, window: Window, only: Only = None) -> str:
    """Every sample in *window*, a series for each interface."""
    columns = [quoted(names.fields[counter]) for counter in COUNTERS]
    columns += [quoted(name) for name in names.heartbeat_fields]
    return (
        f"SELECT {', '.join(columns)} FROM {_counters(names, window, only)} {_by_interface(names)}"
    )


def last_samples(names: Names, before: datetime, only: Only = None) -> str:
    """The last sample of each counter *before* an instant; the instants of the samples are not
    answered."""
    columns = ", ".join(f"LAST({quoted(names.fields[counter])})" for counter in COUNTERS)
    start = before - timedelta(days=names.baseline_days)
    return (
        f"SELECT {columns} FROM {quoted(names.counters)} "
        f"WHERE {_time(start, before)}{_among(names.device_tag, only)} {_by_interface(names)}"
    )


def sums(names: Names, window: Window, only: Only = None) -> str:
    """What the counters came to in *window*, summed up by the database: five statements for each
    counter, which answer the first sample, the last, the sum of what it rose by and how often it
    went on or rose, how often it changed either way, and when it last rose."""
    return "; ".join(
        statement for counter in COUNTERS for statement in _sums_of(names, counter, window, only)
    )


STATEMENTS_OF_A_SUM: Final = 5


def _sums_of(names: Names, counter: Counter, window: Window, only: Only) -> Iterable[str]:
    column = quoted(names.fields[counter])
    where = _counters(names, window, only)
    by = _by_interface(names)
    for chosen in ("FIRST", "LAST"):
        yield f"SELECT {chosen}({column}) FROM {where} {by}"
    upward = f"(SELECT NON_NEGATIVE_DIFFERENCE({column}) AS up FROM {where} {by})"
    yield f"SELECT SUM(up), COUNT(up) FROM {upward} {by}"
    yield f"SELECT COUNT(step) FROM (SELECT DIFFERENCE({column}) AS step FROM {where} {by}) {by}"
    yield f"SELECT LAST(up) FROM {upward} WHERE up > 0 {by}"


def covered_minutes(names: Names, window: Window, only: Only = None) -> str:
    """The minutes of *window* with a sample, counted by the database, a series for each device."""
    fields = (*(names.fields[counter] for counter in COUNTERS), *names.heartbeat_fields)
    columns = ", ".join(f"COUNT({quoted(name)})" for name in fields)
    return (
        f"SELECT {columns} FROM {_counters(names, window, only)} "
        f"GROUP BY time(1m), {quoted(names.device_tag)} fill(none)"
    )


def qa_tests(names: Names, window: Window, only: Only = None) -> str:
    """Every QA test in *window*, a series for each device."""
    return (
        f"SELECT {quoted(names.qa_field)} FROM {quoted(names.qa)} "
        f"WHERE {_time(window.start, window.end)}{_among(names.qa_device_tag, only)} "
        f"GROUP BY {quoted(names.qa_device_tag)}"
    )


def _counters(names: Names, window: Window, only: Only) -> str:
    among = _among(names.device_tag, only)
    return f"{quoted(names.counters)} WHERE {_time(window.start, window.end)}{among}"


def _by_interface(names: Names) -> str:
    return f"GROUP BY {quoted(names.device_tag)}, {quoted(names.interface_tag)}"


def _time(start: datetime, end: datetime) -> str:
    return f"time >= {microseconds(start)}u AND time < {microseconds(end)}u"


def as_text(query: str) -> str:
    """*query* without its instants, as evidence shows it."""
    return re.sub(r"time >= -?\d+u AND time < -?\d+u", "time >= $start AND time < $end", query)
