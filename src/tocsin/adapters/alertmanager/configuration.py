"""Alertmanager's configuration file: its tree of routes, its receivers, and what else is in it.

Read as Alertmanager 0.20 and later read it, labels and receivers by the same rules: what that would
not start with is refused here, too. Nothing of a receiver but its name and which kinds of
configuration it has is looked at: addresses and keys stay in the file. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.alertmanager.yaml_reading import ImportRefused, Value, read_yaml
from tocsin.core.matching import Operator

MOST_ROUTES: Final = 1_000
MOST_RECEIVERS: Final = 1_000
LONGEST_NAME: Final = 500
"""Characters of the name of a receiver."""

GROUP_BY_ALL: Final = "..."

_TOP: Final = (
    "global",
    "templates",
    "route",
    "receivers",
    "inhibit_rules",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
)
_ROUTE: Final = (
    "receiver",
    "match",
    "match_re",
    "matchers",
    "continue",
    "group_by",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "mute_time_intervals",
    "active_time_intervals",
    "routes",
)
_INTERVALS: Final = ("active_time_intervals", "mute_time_intervals")
_TIMINGS: Final = ("group_wait", "group_interval", "repeat_interval")
_TRUE: Final = frozenset({"true", "yes", "on", "y"})
_FALSE: Final = frozenset({"false", "no", "off", "n"})

_KIND = re.compile(r"([a-z0-9]{1,40})_configs")
_MATCHER = re.compile(
    r'(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?:[^"\\]|\\.)*)")\s*(=~|=|!=|!~)(.*)', re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """One comparison of a label, as the operators of Alertmanager and of rules both mean it."""

    label: str
    op: Operator
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One node of the tree, with what it has from those above it: its receiver and its grouping.

    ``where`` is its place in the file. ``group_by`` is empty where all alerts are one group.
    ``others`` are names of fields that are not known.
    """

    where: str
    receiver: str
    matchers: tuple[LabelMatcher, ...] = ()
    continues: bool = False
    group_by: tuple[str, ...] = ()
    has_intervals: bool = False
    has_timings: bool = False
    others: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told: the kinds of its configurations (``pagerduty``), whether one of them is told of
    ends, and whether one sets a severity or priority of its own, by kind."""

    name: str
    kinds: tuple[str, ...] = ()
    tells_ends: Mapping[str, bool]
    sets_severity: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A whole file. ``others`` are names of sections that are not known."""

    root: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: int = 0
    templates: int = 0
    others: tuple[str, ...] = ()


def read_configuration(text: str) -> Configuration:
    """The configuration that *text* writes.

    Raises:
        ImportRefused: not YAML within bounds, or what Alertmanager would refuse: no route, a route
            to a receiver that is not there, a matcher that is none.
    """
    top = _mapping(read_yaml(text), where="the file")
    if "route" not in top:
        raise ImportRefused(
            "has no route; give the alertmanager.yml itself, not what it is wrapped in",
            where="the file",
        )
    receivers = _receivers(top.get("receivers"))
    reader = _Routes(known=frozenset(receivers))
    root = reader.read(top["route"], where="route", above=None)
    return Configuration(
        root=root,
        receivers=receivers,
        inhibit_rules=len(_list(top.get("inhibit_rules"), where="inhibit_rules")),
        templates=len(_list(top.get("templates"), where="templates")),
        others=_unknown(top, _TOP),
    )


def _receivers(value: Value) -> dict[str, Receiver]:
    items = _list(value, where="receivers")
    if len(items) > MOST_RECEIVERS:
        raise ImportRefused(f"more than {MOST_RECEIVERS:,}", where="receivers")
    found: dict[str, Receiver] = {}
    for index, item in enumerate(items):
        where = f"receivers[{index}]"
        given = _mapping(item, where=where)
        name = _name(given.get("name"), where=f"{where}.name")
        if name in found:
            raise ImportRefused("a name that another receiver has", where=f"{where}.name")
        found[name] = _receiver(name, given, where=where)
    return found


def _receiver(name: str, given: Mapping[str, Value], *, where: str) -> Receiver:
    tells_ends: dict[str, bool] = {}
    sets_severity = []
    for key, value in given.items():
        named = _KIND.fullmatch(key)
        configs = [] if named is None else _list(value, where=f"{where}.{key}")
        if named is None or not configs:
            continue
        kind = named[1]
        each = [
            _mapping(config, where=f"{where}.{key}[{index}]")
            for index, config in enumerate(configs)
        ]
        tells_ends[kind] = any(
            _truth(one.get("send_resolved"), where=f"{where}.{key}", default=True) for one in each
        )
        if any(_is_fixed(one.get(word)) for one in each for word in ("severity", "priority")):
            sets_severity.append(kind)
    return Receiver(
        name=name,
        kinds=tuple(tells_ends),
        tells_ends=tells_ends,
        sets_severity=tuple(sets_severity),
    )


def _is_fixed(value: Value) -> bool:
    """Whether *value* is one word for all alerts, not a template that reads their labels."""
    return isinstance(value, str) and "{{" not in value


class _Routes:
    """Reads routes and counts them; *known* are the names of the receivers."""

    def __init__(self, *, known: frozenset[str]) -> None:
        self.known = known
        self.count = 0

    def read(self, value: Value, *, where: str, above: Route | None) -> Route:
        self.count += 1
        if self.count > MOST_ROUTES:
            raise ImportRefused(f"more than {MOST_ROUTES:,} routes", where="route")
        given = _mapping(value, where=where)
        receiver = self._receiver(given.get("receiver"), where=where, above=above)
        matchers = _matchers(given, where=where)
        continues = _truth(given.get("continue"), where=f"{where}.continue", default=False)
        if above is None and (matchers or continues):
            raise ImportRefused("the first route takes all, and takes it alone", where=where)
        group_by = tuple(
            _name(one, where=f"{where}.group_by")
            for one in _list(given.get("group_by"), where=f"{where}.group_by")
        )
        # As in Alertmanager, a list without anything in it is as if it were not there.
        inherited = () if above is None else above.group_by
        bare = Route(where=where, receiver=receiver, group_by=group_by or inherited)
        return Route(
            where=where,
            receiver=receiver,
            matchers=matchers,
            continues=continues,
            group_by=bare.group_by,
            has_intervals=any(given.get(name) for name in _INTERVALS),
            has_timings=any(given.get(name) for name in _TIMINGS),
            others=_unknown(given, _ROUTE),
            routes=tuple(
                self.read(one, where=f"{where}.routes[{index}]", above=bare)
                for index, one in enumerate(_list(given.get("routes"), where=f"{where}.routes"))
            ),
        )

    def _receiver(self, value: Value, *, where: str, above: Route | None) -> str:
        if not value and above is not None:
            return above.receiver
        name = _name(value, where=f"{where}.receiver")
        if name not in self.known:
            raise ImportRefused(
                "no receiver of that name is in the file", where=f"{where}.receiver"
            )
        return name


def _matchers(given: Mapping[str, Value], *, where: str) -> tuple[LabelMatcher, ...]:
    found: list[LabelMatcher] = []
    for key, op in (("match", Operator.EQUAL), ("match_re", Operator.MATCHES)):
        for label, value in _mapping(given.get(key) or {}, where=f"{where}.{key}").items():
            if isinstance(value, list | dict):
                raise ImportRefused("takes texts", where=f"{where}.{key}")
            found.append(LabelMatcher(label, op, value or ""))
    written = given.get("matchers")
    lines = [written] if isinstance(written, str) else _list(written, where=f"{where}.matchers")
    for index, line in enumerate(lines):
        found += _parsed(line, where=f"{where}.matchers[{index}]")
    return tuple(dict.fromkeys(found))


def _parsed(line: Value, *, where: str) -> list[LabelMatcher]:
    """The matchers of one line: ``a="b"``, or several as ``{a="b", c=~"d"}``."""
    if not isinstance(line, str):
        raise ImportRefused("a matcher that is no text", where=where)
    inner = line.strip()
    if inner.startswith("{"):
        inner = inner[1:].removesuffix("}")
    return [_matcher(part, where=where) for part in _parts(inner) if part.strip()]


def _parts(line: str) -> list[str]:
    """*line* at the commas that are not in quotes."""
    parts, begun, quoted, escaped = [], 0, False, False
    for index, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            parts.append(line[begun:index])
            begun = index + 1
    return [*parts, line[begun:]]


def _matcher(text: str, *, where: str) -> LabelMatcher:
    shape = _MATCHER.fullmatch(text.strip())
    if shape is None:
        raise ImportRefused('a matcher that is not like severity="critical"', where=where)
    value = shape[4].strip()
    if value.startswith('"'):
        if len(value) < 2 or not value.endswith('"'):
            raise ImportRefused("a matcher with a quote that is not closed", where=where)
        value = value[1:-1]
    if '"' in re.sub(r"\\.", "", value, flags=re.DOTALL):
        raise ImportRefused("a matcher with a quote inside its value", where=where)
    label = shape[1] or _unescaped(shape[2])
    return LabelMatcher(label, Operator(shape[3]), _unescaped(value))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text)


def _unknown(given: Mapping[str, Value], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(key[:64] for key in given if key not in known)


def _mapping(value: Value, *, where: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise ImportRefused("is no mapping", where=where)
    return value


def _list(value: Value, *, where: str) -> list[Value]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImportRefused("is no list", where=where)
    return value


def _name(value: Value, *, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ImportRefused("is missing, or no text", where=where)
    if len(value) > LONGEST_NAME:
        raise ImportRefused(f"has more than {LONGEST_NAME} characters", where=where)
    return value


def _truth(value: Value, *, where: str, default: bool) -> bool:
    if value is None:
        return default
    word = value.lower() if isinstance(value, str) else ""
    if word not in _TRUE | _FALSE:
        raise ImportRefused("is neither true nor false", where=where)
    return word in _TRUE
