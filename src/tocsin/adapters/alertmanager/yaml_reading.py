"""YAML as a stranger wrote it, read within bounds: texts, nothing, lists and mappings. Pure.

Only the events of PyYAML's safe loader are used. Its constructors follow aliases and merge keys as
far as they go, and a page of text can ask for more values than any machine holds; here what is
written out is counted while it is made. Scalars stay the texts they are: what is a number, an
instant or a truth is for the reader of the field to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import yaml

LARGEST_TEXT: Final = 524_288
"""Characters."""

MOST_VALUES: Final = 50_000
"""Texts, lists and mappings, each counted as often as an alias repeats it."""

DEEPEST: Final = 64

Value = str | None | list["Value"] | dict[str, "Value"]

_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE: Final = "<<"
_QUOTED = re.compile(r"""\s*(?:'(?!<)[^']{4,}'|"(?!<)[^"]{4,}")""")


class ImportRefused(ValueError):
    """A configuration that is not read: ``where`` in it, and the ``reason``, a sentence.

    Neither repeats what the file says there, which may be a secret.
    """

    def __init__(self, reason: str, *, where: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


@dataclass(slots=True)
class _Node:
    """A value as it is written: a ``text`` (plain where it has no quotes), or ``parts``; those of
    a mapping are keys and values in turn."""

    line: int
    text: str | None = None
    plain: bool = False
    mapping: bool = False
    parts: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class _Room:
    """How many values there is room for yet."""

    values: int


def read_yaml(text: str) -> Value:
    """What the one document of *text* says; None where there is none.

    Raises:
        ImportRefused: too large, too deep or too many values, not YAML, a key that stands twice in
            one mapping, an alias of nothing or of what it stands in.
    """
    if len(text) > LARGEST_TEXT:
        raise ImportRefused(f"has more than {LARGEST_TEXT:,} characters", where="the file")
    root = _written(text)
    return None if root is None else _value(root, depth=1, room=_Room(MOST_VALUES))


def _written(text: str) -> _Node | None:
    root: _Node | None = None
    opened: list[_Node] = []
    anchors: dict[str, _Node] = {}
    line = 1
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = line if event.start_mark is None else event.start_mark.line + 1
            if isinstance(event, yaml.CollectionEndEvent):
                opened.pop()
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise ImportRefused("a second document", where=_at(line))
            if not isinstance(event, yaml.NodeEvent):
                continue
            node = _node(event, line=line, anchors=anchors)
            if opened:
                opened[-1].parts.append(node)
            else:
                root = node
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(node)
            if len(opened) > DEEPEST:
                raise _too_deep(line)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        # Longer words in quotes are the file's own, and may be a password; others are signs.
        said = _QUOTED.sub("", problem.problem or "") or "cannot be read"
        raise ImportRefused(
            f"not YAML: {said}", where=_at(line if mark is None else mark.line + 1)
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError) as problem:
        if isinstance(problem, ImportRefused):
            raise
        # PyYAML lets escapes of characters that do not exist through to chr().
        raise ImportRefused("not YAML: a character that no text has", where=_at(line)) from None
    return root


def _node(event: yaml.NodeEvent, *, line: int, anchors: dict[str, _Node]) -> _Node:
    """What *event* begins, known by its anchor from here on."""
    name = event.anchor or ""
    if isinstance(event, yaml.AliasEvent):
        if name not in anchors:
            raise ImportRefused("an alias without its anchor", where=_at(line))
        return anchors[name]
    if isinstance(event, yaml.ScalarEvent):
        node = _Node(line, text=event.value, plain=event.style is None)
    else:
        node = _Node(line, mapping=isinstance(event, yaml.MappingStartEvent))
    if name:
        anchors[name] = node
    return node


def _value(node: _Node, *, depth: int, room: _Room) -> Value:
    room.values -= 1
    if room.values < 0:
        raise ImportRefused(f"comes out as more than {MOST_VALUES:,} values", where="the file")
    if depth > DEEPEST:
        raise _too_deep(node.line)
    if node.text is not None:
        return None if node.plain and node.text in _NOTHING else node.text
    if not node.mapping:
        return [_value(part, depth=depth + 1, room=room) for part in node.parts]
    found: dict[str, Value] = {}
    merged: dict[str, Value] = {}
    for key, part in zip(node.parts[::2], node.parts[1::2], strict=True):
        if key.text is None:
            raise ImportRefused("a key that is no text", where=_at(key.line))
        value = _value(part, depth=depth + 1, room=room)
        if key.plain and key.text == _MERGE:
            for source in value if isinstance(value, list) else [value]:
                if not isinstance(source, dict):
                    raise ImportRefused("<< takes mappings", where=_at(key.line))
                # Of several, the first that has a key says what it is.
                merged = source | merged
        elif key.text in found:
            raise ImportRefused("a key that stands twice in a mapping", where=_at(key.line))
        else:
            found[key.text] = value
    return merged | found


def _at(line: int) -> str:
    return f"line {line}"


def _too_deep(line: int) -> ImportRefused:
    return ImportRefused(
        f"deeper than {DEEPEST} lists and mappings, or an alias of what it stands in",
        where=_at(line),
    )
