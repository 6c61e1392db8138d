"""Regular expressions that cannot run away: a bounded subset of RE2's, matched in linear time.

A pattern is parsed to a tree, the tree laid out as a program, and the program run on all its states
at once (Thompson), never backtracking: the work is at most instructions times characters. Where a
character led before is remembered, so that mostly it is a look for each. A match is of the whole
text, as in Alertmanager. A pattern that stands for a few texts only (``sev[12]``,
``alpha|beta``) is matched by looking the text up among them.

What can be written is said in :mod:`tocsin.core.pattern_reading`; besides, a pattern may begin with
``(?i)``: a character, its capital and its small letter are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, assert_never

from tocsin.core.pattern_reading import (
    Characters,
    Choice,
    End,
    Node,
    PatternError,
    Repeat,
    Sequence,
    Start,
    read_tree,
)

__all__ = [
    "LARGEST_PROGRAM",
    "LONGEST_PATTERN",
    "MOST_HELD",
    "REMEMBERED_IN_A_STEP",
    "Effort",
    "Pattern",
    "PatternError",
    "TooMuchEffort",
    "compile_pattern",
    "fits",
    "held_of",
]

LONGEST_PATTERN: Final = 256
LARGEST_PROGRAM: Final = 2_000
MOST_LITERALS: Final = 64
"""How many texts a pattern may stand for and still be matched by looking up."""

MOST_HELD: Final = 4_096
"""Of one pattern, how many states of its places and ways between them are remembered."""

REMEMBERED_IN_A_STEP: Final = 4
"""Characters that are looked up in the time of a step that is worked out."""


# The program. A state is an index into it; _Fork, _Jump and the assertions consume nothing.


@dataclass(frozen=True, slots=True)
class _Fork:
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class _Jump:
    to: int


@dataclass(frozen=True, slots=True)
class _Accept:
    pass


_Instruction = Characters | Start | End | _Fork | _Jump | _Accept


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern: its ``text``, and how it is matched.

    ``literals`` are the only texts it stands for, where they are few; else ``program`` is run, with
    characters compared in both cases when ``any_case``.
    """

    text: str
    literals: frozenset[str] | None
    any_case: bool
    program: tuple[_Instruction, ...] = field(repr=False)


@lru_cache(maxsize=2_048)
def compile_pattern(text: str) -> Pattern:
    """The pattern that *text* writes.

    Raises:
        PatternError: more than 256 characters, groups deeper than 32, a program of more than 2,000
            instructions, or something outside the subset.
    """
    if len(text) > LONGEST_PATTERN:
        raise PatternError(
            f"longer than {LONGEST_PATTERN} characters", position=LONGEST_PATTERN + 1
        )
    any_case = text.startswith("(?i)")
    tree = read_tree(text, start=4 if any_case else 0)
    if _size(tree) >= LARGEST_PROGRAM:
        raise PatternError(
            f"repeats to more than {LARGEST_PROGRAM:,} instructions", position=len(text)
        )
    program: list[_Instruction] = []
    _lay_out(tree, program)
    program.append(_Accept())
    literals = None if any_case else _texts_of(tree)
    return Pattern(text, literals, any_case, tuple(program))


class TooMuchEffort(Exception):
    """There is no more effort left for a pattern: it was not found out whether it fits."""


class Effort:
    """What one decision may spend on patterns, in steps: some ten millions of them take a second.

    Whoever writes a rule or a route chooses its patterns, and all organisations wait for the one
    writer: so what patterns may cost is bounded for all that is decided at once.
    """

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    @property
    def is_spent(self) -> bool:
        """Whether something was not found out for want of it."""
        return self.left < 0

    def spend(self, steps: int) -> None:
        """Raises TooMuchEffort where so much is not left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchEffort


def fits(pattern: Pattern, text: str, *, effort: Effort | None = None) -> bool:
    """Whether *pattern* stands for the whole of *text*: instructions × characters at most, and a
    look for each character where what it leads to is remembered.

    Raises:
        TooMuchEffort: it takes more than *effort* has left.
    """
    if pattern.literals is not None:
        return text in pattern.literals
    automaton = _automaton_of(pattern)
    if effort is not None:
        effort.spend(1 + len(text) // REMEMBERED_IN_A_STEP)
    place = automaton.begin(effort)
    for character in text:
        following = place.following.get(character, _NOT_KNOWN)
        if following is _NOT_KNOWN:
            following = automaton.follow(place, character, effort)
        if following is None:
            return False
        place = following
    return place.accepts


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """All states that a program may be in: those that wait for a character, and whether the text
    may end here. ``following`` is where characters lead that came before; None: nowhere."""

    waiting: tuple[int, ...]
    accepts: bool
    following: dict[str, _Place | None] = field(default_factory=dict)


_NOT_KNOWN: Final = _Place((), accepts=False)


class _Automaton:
    """A program, with what it did before: a place is worked out once, as far as is remembered."""

    def __init__(self, pattern: Pattern) -> None:
        self._program = pattern.program
        self._any_case = pattern.any_case
        self._minds_end = any(isinstance(one, End) for one in pattern.program)
        self._places: dict[tuple[tuple[int, ...], bool], _Place] = {}
        self.held = 0
        self._start: _Place | None = None

    def begin(self, effort: Effort | None) -> _Place:
        """Where it stands before the first character. Raises TooMuchEffort."""
        if self._start is None:
            self._start = self._place([0], at_start=True, effort=effort)
        return self._start

    def follow(self, place: _Place, character: str, effort: Effort | None) -> _Place | None:
        """Where *character* leads from *place*; None: nowhere. Raises TooMuchEffort."""
        if effort is not None:
            effort.spend(len(place.waiting))
        cases = _cases_of(character) if self._any_case else (character,)
        reached = []
        for state in place.waiting:
            instruction = self._program[state]
            if isinstance(instruction, Characters) and _has(instruction, cases):
                reached.append(state + 1)
        found = self._place(reached, at_start=False, effort=effort) if reached else None
        if self.held < MOST_HELD:
            place.following[character] = found
            self.held += 1
        return found

    def _place(self, reached: list[int], *, at_start: bool, effort: Effort | None) -> _Place:
        program = self._program
        seen = _spread(program, list(reached), at_start=at_start, at_end=False)
        last = seen
        if self._minds_end:
            last = _spread(program, list(reached), at_start=at_start, at_end=True)
        if effort is not None:
            effort.spend(len(seen) + len(last))
        waiting = tuple(sorted(state for state in seen if isinstance(program[state], Characters)))
        accepts = len(program) - 1 in last
        place = self._places.get((waiting, accepts))
        if place is None:
            place = _Place(waiting, accepts)
            if self.held + len(waiting) < MOST_HELD:
                self._places[waiting, accepts] = place
                self.held += len(waiting) + 1
        return place


def held_of(pattern: Pattern) -> int:
    """How much is remembered of *pattern*, in states and ways; at most :data:`MOST_HELD`."""
    return _automaton_of(pattern).held


@lru_cache(maxsize=128)
def _automaton_of(pattern: Pattern) -> _Automaton:
    return _Automaton(pattern)


def _spread(
    program: tuple[_Instruction, ...], states: list[int], *, at_start: bool, at_end: bool
) -> set[int]:
    """All states that can be reached from *states* without reading a character."""
    seen: set[int] = set()
    waiting = states
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        instruction = program[state]
        match instruction:
            case Characters() | _Accept():
                pass
            case _Fork(first=first, second=second):
                waiting.append(first)
                waiting.append(second)
            case _Jump(to=to):
                waiting.append(to)
            case Start():
                if at_start:
                    waiting.append(state + 1)
            case End():
                if at_end:
                    waiting.append(state + 1)
            case _:
                assert_never(instruction)
    return seen


def _has(characters: Characters, cases: tuple[str, ...]) -> bool:
    for low, high in characters.ranges:
        for character in cases:
            if low <= character <= high:
                return not characters.negated
    return characters.negated


@lru_cache(maxsize=1_024)
def _cases_of(character: str) -> tuple[str, ...]:
    forms = {character, character.lower(), character.upper()}
    return tuple(form for form in forms if len(form) == 1)


def _size(node: Node) -> int:
    """How many instructions *node* is laid out as."""
    match node:
        case Characters() | Start() | End():
            return 1
        case Sequence(parts=parts):
            return sum(_size(part) for part in parts)
        case Choice(options=options):
            return sum(_size(option) for option in options) + 2 * (len(options) - 1)
        case Repeat(part=part, least=least, most=most):
            optional = 2 if most is None else most - least
            copies = least + (1 if most is None else most - least)
            # An empty part is counted as one, so that repeating nothing is bounded too.
            return max(1, _size(part)) * copies + optional
        case _:
            assert_never(node)


def _lay_out(node: Node, program: list[_Instruction]) -> None:
    """Append the instructions of *node* to *program*; what follows it comes right after."""
    match node:
        case Characters() | Start() | End():
            program.append(node)
        case Sequence(parts=parts):
            for part in parts:
                _lay_out(part, program)
        case Choice(options=options):
            leaving = []
            for option in options[:-1]:
                fork = len(program)
                program.append(_Accept())  # holds the place of the fork
                _lay_out(option, program)
                leaving.append(len(program))
                program.append(_Accept())  # holds the place of the jump
                program[fork] = _Fork(fork + 1, len(program))
            _lay_out(options[-1], program)
            for place in leaving:
                program[place] = _Jump(len(program))
        case Repeat(part=part, least=least, most=most):
            for _ in range(least):
                _lay_out(part, program)
            if most is None:
                fork = len(program)
                program.append(_Accept())  # holds the place of the fork
                _lay_out(part, program)
                program.append(_Jump(fork))
                program[fork] = _Fork(fork + 1, len(program))
            else:
                forks = []
                for _ in range(most - least):
                    forks.append(len(program))
                    program.append(_Accept())  # holds the place of the fork
                    _lay_out(part, program)
                for fork in forks:
                    program[fork] = _Fork(fork + 1, len(program))
        case _:
            assert_never(node)


def _texts_of(node: Node) -> frozenset[str] | None:
    """All texts that *node* stands for; None when they are too many or it is not that simple."""
    match node:
        case Characters(ranges=ranges, negated=negated):
            count = sum(ord(high) - ord(low) + 1 for low, high in ranges)
            if negated or count > MOST_LITERALS:
                return None
            return frozenset(
                chr(code) for low, high in ranges for code in range(ord(low), ord(high) + 1)
            )
        case Start() | End():
            return None
        case Sequence(parts=parts):
            return _joined(_texts_of(part) for part in parts)
        case Choice(options=options):
            found: frozenset[str] = frozenset()
            for option in options:
                texts = _texts_of(option)
                if texts is None or len(found) + len(texts) > MOST_LITERALS:
                    return None
                found |= texts
            return found
        case Repeat(part=part, least=least, most=most):
            if most is None:
                return None
            texts = _texts_of(part)
            if texts is None:
                return None
            return _joined(texts if turn < least else texts | {""} for turn in range(most))
        case _:
            assert_never(node)


def _joined(parts: Iterator[frozenset[str] | None]) -> frozenset[str] | None:
    found = frozenset({""})
    for texts in parts:
        if texts is None or len(found) * len(texts) > MOST_LITERALS:
            return None
        found = frozenset(before + after for before in found for after in texts)
    return found
