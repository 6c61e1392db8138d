"""One JMESPath expression: checked once, evaluated within a bound on its work.

An expression is written by a user and its input by anybody, and a short expression can ask for much
(``[@,@]|[@,@]|…`` doubles at every step). So work is counted in steps, not in seconds: the same
payload always has the same verdict, here and when it is replayed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jmespath  # type: ignore[import-untyped]
import msgspec
from jmespath.ast import literal  # type: ignore[import-untyped]
from jmespath.exceptions import (  # type: ignore[import-untyped]
    IncompleteExpressionError,
    JMESPathError,
)
from jmespath.functions import Functions, signature  # type: ignore[import-untyped]
from jmespath.visitor import Options, TreeInterpreter  # type: ignore[import-untyped]

from tocsin.core.facts import JsonValue
from tocsin.core.signal_reading import too_deep

LONGEST_EXPRESSION = 1_000
MOST_NESTED = 60
"""Levels of an expression's own tree."""

MOST_STEPS = 400_000
"""For all expressions on one payload: about half a second of one core."""

LONGEST_INNER_JSON = 262_144
"""Characters that ``from_json`` reads."""

_CHARACTERS_A_STEP = 16
_MOST_NUMBER = 10**300
_FAILURES = (
    JMESPathError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the library raises where a value is not what a function or comparison needs."""


class NotAnExpression(Exception):
    """A text that is no expression, or too much of one: ``reason`` is a sentence about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failed(Exception):
    """An expression that cannot be evaluated on this input; ``reason`` quotes no input."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooMuchWork(Exception):
    """The steps of a payload are used up."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was checked; ``tree`` is the library's own."""

    text: str
    tree: Mapping[str, Any]


def expression(text: str) -> Expression:
    """*text*, checked.

    Raises:
        NotAnExpression: blank, longer than 1,000 characters, nested deeper than 60 levels, no
            JMESPath, a function that there is not, or a literal that JSON cannot hold.
    """
    if not text.strip():
        raise NotAnExpression("must not be blank")
    if len(text) > LONGEST_EXPRESSION:
        raise NotAnExpression(f"{len(text):,} characters; at most {LONGEST_EXPRESSION:,}")
    if _brackets(text) > MOST_NESTED:
        raise NotAnExpression(f"is nested deeper than {MOST_NESTED} levels")
    try:
        tree = jmespath.compile(text).parsed
    except IncompleteExpressionError as incomplete:
        raise NotAnExpression("is no JMESPath expression: it ends too early") from incomplete
    except JMESPathError as wrong:
        place = getattr(wrong, "lex_position", None)
        where = f" (at character {place + 1})" if isinstance(place, int) and place >= 0 else ""
        raise NotAnExpression(f"is no JMESPath expression{where}") from wrong
    except RecursionError as deep:
        raise NotAnExpression("is nested too deeply") from deep
    except (TypeError, ValueError, LookupError) as wrong:
        raise NotAnExpression("is no JMESPath expression") from wrong
    _check(tree)
    return Expression(text, tree)


def _brackets(text: str) -> int:
    """How deep brackets are in each other; the tree does not show those that only group."""
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _check(tree: Mapping[str, Any]) -> None:
    known = _BoundedFunctions.FUNCTION_TABLE
    level: list[Mapping[str, Any]] = [tree]
    for _ in range(MOST_NESTED):
        for node in level:
            if node["type"] == "function_expression" and node["value"] not in known:
                raise NotAnExpression(f"there is no function {node['value'][:40]}()")
            try:
                json.dumps(node.get("value"), ensure_ascii=False, allow_nan=False).encode()
            except ValueError as unfit:
                raise NotAnExpression("has a literal that JSON cannot hold") from unfit
        # A slice has numbers where other nodes have children.
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]
        if not level:
            return
    raise NotAnExpression(f"is nested deeper than {MOST_NESTED} levels")


class _Steps:
    """What is left of a payload's steps."""

    __slots__ = ("left",)

    def __init__(self, allowed: int) -> None:
        self.left = allowed

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork

    def weigh(self, value: object) -> None:
        """Spend a step for every value inside *value*, each as often as it is met: the library
        shares what it doubles, so little memory may be much text."""
        waiting = [value]
        while waiting:
            match waiting.pop():
                case str() as text:
                    self.spend(1 + len(text) // _CHARACTERS_A_STEP)
                case list() as values:
                    self.spend(1 + len(values))
                    waiting.extend(values)
                case dict() as entries:
                    self.spend(1 + len(entries))
                    waiting.extend(entries.values())
                case None | bool():
                    self.spend(1)
                case int() | float() as number:
                    self.spend(1)
                    if not abs(number) < _MOST_NUMBER:  # also what is no number
                        raise Failed("finds a number that is too large")
                case _:
                    raise Failed("finds an expression (&) where a value is needed")


_WHOLE = frozenset({"to_string", "contains", "sort", "max", "min", "sum", "avg", "join"})
"""Functions that look into all of their arguments."""


class _BoundedFunctions(Functions):  # type: ignore[misc]
    """JMESPath's functions and ``from_json(text)``, each paid for before it runs."""

    def __init__(self, steps: _Steps) -> None:
        self._steps = steps

    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        for argument in resolved_args:
            if function_name in _WHOLE:
                self._steps.weigh(argument)
            elif isinstance(argument, str):
                self._steps.spend(1 + len(argument) // _CHARACTERS_A_STEP)
            elif isinstance(argument, (list, dict)):
                self._steps.spend(1 + len(argument))
        if function_name == "join" and len(resolved_args) == 2:
            self._pay_for_separators(*resolved_args)
        return super().call_function(function_name, resolved_args)

    def _pay_for_separators(self, separator: object, parts: object) -> None:
        if isinstance(separator, str) and isinstance(parts, list):
            self._steps.spend(len(separator) * len(parts) // _CHARACTERS_A_STEP)

    @signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: str | None) -> JsonValue:
        """The JSON that *text* holds, null where it holds none (senders put one into the other)."""
        if text is None or len(text) > LONGEST_INNER_JSON:
            return None
        try:
            read: JsonValue = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        if too_deep(read):
            return None
        return read


class _BoundedInterpreter(TreeInterpreter):  # type: ignore[misc]
    def __init__(self, steps: _Steps) -> None:
        super().__init__(Options(custom_functions=_BoundedFunctions(steps)))
        self._steps = steps

    def visit(self, node: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        self._steps.spend(1)
        value = super().visit(node, *args, **kwargs)
        if type(value) is list:
            self._steps.spend(len(value))
        return value

    def visit_comparator(self, node: Mapping[str, Any], value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        for side in sides:
            self._steps.weigh(side)
        # Both sides are known now: as literals they are not evaluated a second time.
        return super().visit_comparator({**node, "children": [*map(literal, sides)]}, value)


class Evaluation:
    """Evaluates expressions on one payload, which share its steps."""

    __slots__ = ("_interpreter", "_steps")

    def __init__(self, *, most_steps: int = MOST_STEPS) -> None:
        self._steps = _Steps(most_steps)
        self._interpreter = _BoundedInterpreter(self._steps)

    def find(self, asked: Expression, document: JsonValue) -> JsonValue:
        """What *asked* finds in *document*; None where it finds nothing. Safe to write out: what
        the expression shares many times over has been counted as often.

        Raises:
            Failed: a value is not of the type that a function or comparison of *asked* needs.
            TooMuchWork: the payload's steps are used up.
        """
        found = self._find(asked, document)
        self._steps.weigh(found)
        return found

    def find_list(self, asked: Expression, document: JsonValue) -> list[JsonValue] | None:
        """The list that *asked* finds in *document*, its elements not yet counted; None where it
        finds something else. Raises as :meth:`find` does."""
        found = self._find(asked, document)
        return found if isinstance(found, list) else None

    def _find(self, asked: Expression, document: JsonValue) -> JsonValue:
        try:
            found: JsonValue = self._interpreter.visit(asked.tree, document)
        except _FAILURES as failure:
            raise Failed(f"cannot be evaluated here ({type(failure).__name__})") from failure
        return found
