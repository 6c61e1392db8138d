"""Patterns: the same answers as a backtracking matcher, without the running away."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tocsin.core.patterns import (
    LARGEST_PROGRAM,
    LONGEST_PATTERN,
    MOST_HELD,
    REMEMBERED_IN_A_STEP,
    Effort,
    PatternError,
    TooMuchEffort,
    compile_pattern,
    fits,
    held_of,
)

LAW = settings(deadline=None, max_examples=600)

ALPHABET = "aAbB1-. _\n"

literals = st.sampled_from(["a", "A", "b", "B", "1", "-", " ", "_", r"\.", r"\-", r"\\", r"\n"])
shorthands = st.sampled_from([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "."])
class_items = st.sampled_from(
    [
        "a",
        "b",
        "A",
        "1",
        r"\.",
        r"\-",
        "a-b",
        "A-B",
        "0-9",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"\W",
        r"\S",
    ]
)
classes = st.builds(
    lambda negation, items: f"[{negation}{''.join(items)}]",
    st.sampled_from(["", "^"]),
    st.lists(class_items, min_size=1, max_size=3),
)
atoms = literals | literals | shorthands | classes
repetitions = st.sampled_from(
    ["*", "+", "?", "{2}", "{0,1}", "{1,3}", "{1,}", "{0}", "*?", "+?", "??"]
)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Patterns made of smaller ones."""
    return st.one_of(
        st.lists(inner, min_size=0, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.lists(inner, min_size=1, max_size=3).map("".join).map(lambda text: f"(?:{text})"),
        st.builds(lambda part, times: f"(?:{part}){times}", inner, repetitions),
        st.builds("{}{}".format, atoms, repetitions),
    )


patterns = st.lists(st.recursive(atoms, larger, max_leaves=6), max_size=4).map("".join)
texts = st.text(ALPHABET, max_size=8)


@LAW
@given(pattern=patterns, text=texts, any_case=st.booleans())
def test_the_answer_is_that_of_a_backtracking_matcher(
    pattern: str, text: str, any_case: bool
) -> None:
    pattern = f"(?i){pattern}" if any_case else pattern

    expected = re.fullmatch(pattern, text, re.ASCII) is not None

    assert fits(compile_pattern(pattern), text) is expected


Made = tuple[str, str]
"""A pattern and a text that was made to fit it."""

made_atoms: st.SearchStrategy[Made] = st.sampled_from(
    [
        ("a", "a"),
        (r"\.", "."),
        (".", "é"),
        ("[^ab]", "c"),
        ("[a-f]", "e"),
        (r"\d", "7"),
        (r"\W", "-"),
    ]
)


def made_larger(inner: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    """Larger patterns, each with a text that fits by the way it was made."""
    return st.one_of(
        st.builds(lambda one, other: (one[0] + other[0], one[1] + other[1]), inner, inner),
        st.builds(lambda one, other: (f"(?:{one[0]}|{other[0]})", other[1]), inner, inner),
        st.builds(lambda one, times: (f"({one[0]})*", one[1] * times), inner, st.integers(0, 3)),
        st.builds(lambda one, times: (f"({one[0]})+?", one[1] * times), inner, st.integers(1, 3)),
        st.builds(lambda one, times: (f"({one[0]})?", one[1] * times), inner, st.integers(0, 1)),
        st.builds(
            lambda one, times: (f"({one[0]}){{1,3}}", one[1] * times), inner, st.integers(1, 3)
        ),
    )


@LAW
@given(made=st.recursive(made_atoms, made_larger, max_leaves=8))
def test_a_text_made_from_a_pattern_fits_it(made: Made) -> None:
    pattern, text = made
    assume(len(pattern) <= LONGEST_PATTERN)

    assert fits(compile_pattern(pattern), text)


@LAW
@given(pattern=st.text("ab(|)*+?{}[]^-.,1\\di$:", max_size=14), text=texts)
def test_any_characters_are_read_or_refused_by_place(pattern: str, text: str) -> None:
    refused = None
    try:
        compiled = compile_pattern(pattern)
    except PatternError as problem:
        refused = problem
    else:
        assert fits(compiled, text) in (True, False)

    if refused is not None:
        assert 1 <= refused.position <= len(pattern) + 1
        assert str(refused) == f"{refused.reason} at character {refused.position}"


@pytest.mark.parametrize(
    ("pattern", "fitting", "not_fitting"),
    [
        ("sev[12]", ["sev1", "sev2"], ["sev3", "sev12", "sev", "xsev1"]),
        ("alpha|beta", ["alpha", "beta"], ["alphabeta", "alph", ""]),
        ("ams-.*", ["ams-", "ams-1:fra-1"], ["ams", "xams-1", "ams-\n"]),
        ("^ams-1$", ["ams-1"], ["ams-11", "ams-1\n"]),
        ("^(a|b$)c?$", ["a", "ac", "b"], ["bc", "c"]),
        ("(?i)Routing", ["routing", "ROUTING"], ["route"]),
        ("(?i)[^a]", ["b", "B"], ["a", "A"]),
        ("(?i)É", ["é", "É"], ["e"]),
        (r"10\.0\.\d{1,3}\.\d{1,3}", ["10.0.1.255"], ["10a0.1.2", "10.0.1.1234"]),
        ("", [""], ["a"]),
        ("a|", ["a", ""], ["b"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[^]a]", ["b"], ["]", "a"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[a.]", ["a", "."], ["b"]),
        ("a{b}", ["a{b}"], ["ab"]),
        ("{", ["{"], [""]),
        ("a{1,x}", ["a{1,x}"], ["a"]),
        ("x{}", ["x{}"], ["x"]),
        ("a]}", ["a]}"], ["a"]),
        (".", ["ü", " "], ["\n", ""]),
        ("(a*)*", ["", "aaa"], ["b"]),
        ("^$", [""], ["a", "\n"]),
        ("(a)" * 40, ["a" * 40], ["a" * 39]),
        ("(?:a|b){2,}", ["ab", "bbb"], ["a"]),
    ],
)
def test_what_a_pattern_stands_for(
    pattern: str, fitting: list[str], not_fitting: list[str]
) -> None:
    compiled = compile_pattern(pattern)

    assert [text for text in fitting if not fits(compiled, text)] == []
    assert [text for text in not_fitting if fits(compiled, text)] == []


@pytest.mark.parametrize(
    ("shorthand", "members"),
    [
        (r"\d", "0123456789"),
        (r"\w", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"),
        (r"\s", "\t\n\f\r "),
    ],
)
def test_a_shorthand_and_its_opposite_share_out_all_characters(
    shorthand: str, members: str
) -> None:
    inside, outside = compile_pattern(shorthand), compile_pattern(shorthand.upper())
    characters = [*map(chr, range(0x300)), "\N{ARABIC-INDIC DIGIT ONE}", chr(0x10FFFF)]

    assert [character for character in characters if fits(inside, character)] == sorted(members)
    for character in characters:
        assert fits(outside, character) is not fits(inside, character)


@pytest.mark.parametrize(
    ("pattern", "reason", "position"),
    [
        ("(a", "a ( without a )", 1),
        ("a)", "a ) without a (", 2),
        ("a[b", "a [ without a ]", 2),
        ("[]", "a [ without a ]", 1),
        ("*a", "nothing for the * to repeat", 1),
        ("a|+", "nothing for the + to repeat", 3),
        ("{2}", "nothing for the { to repeat", 1),
        ("^*", "nothing to repeat before this", 2),
        ("a**", "a repetition of a repetition", 3),
        ("a{2}{3}", "a repetition of a repetition", 5),
        ("a{,3}", "write {0,3} for at most 3", 2),
        ("a{3,2}", "a repetition that ends before it begins", 2),
        ("a{2001}", "a repetition of more than 2,000", 2),
        ("[b-a]", "a range that ends before it begins", 2),
        (r"[\d-z]", "a range of classes", 2),
        ("[[:alpha:]]", "unsupported class [:", 2),
        (r"\bword", r"unsupported escape \b", 1),
        (r"(a)\1", r"unsupported escape \1", 4),
        (r"\pL", r"unsupported escape \p", 1),
        ("a\\", "a \\ at the end", 2),
        ("(?=a)", "unsupported group (?=", 1),
        ("(?P<x>a)", "unsupported group (?P", 1),
        ("a(?i)b", "(?i) is read at the beginning of the pattern only", 2),
        ("(" * 33 + ")" * 33, "groups deeper than 32", 33),
        ("a" * 257, "longer than 256 characters", 257),
        ("(a{50}){50}", "repeats to more than 2,000 instructions", 11),
        ("(((a{99}){99}){99}){99}", "repeats to more than 2,000 instructions", 23),
        ("(a?){1000}", "repeats to more than 2,000 instructions", 10),
        ("((){99}){99}", "repeats to more than 2,000 instructions", 12),
    ],
)
def test_what_is_not_read_says_what_and_where(pattern: str, reason: str, position: int) -> None:
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern)

    assert (refused.value.reason, refused.value.position) == (reason, position)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)*b", "(a?){99}a{99}b*b"])
def test_a_pattern_that_would_backtrack_for_ever_answers(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    length = 150 if "99" in pattern else 10_000

    assert not fits(compiled, "a" * length)
    assert fits(compiled, "a" * length + "b")


@LAW
@given(pattern=patterns)
def test_a_program_is_bounded(pattern: str) -> None:
    assert len(compile_pattern(pattern).program) <= LARGEST_PROGRAM
    assert len(compile_pattern("(a?){999}").program) == 1_999


@LAW
@given(pattern=patterns, several=st.lists(texts, min_size=2, max_size=6))
def test_what_is_remembered_of_a_text_changes_no_answer(pattern: str, several: list[str]) -> None:
    expected = [re.fullmatch(pattern, text, re.ASCII) is not None for text in several]
    compiled = compile_pattern(pattern)

    assert [fits(compiled, text) for text in several] == expected
    assert [fits(compiled, text) for text in several] == expected


def test_the_answer_is_the_same_where_no_more_is_remembered() -> None:
    """Each text leads somewhere else: there are more places than are held."""
    compiled = compile_pattern("[ab]*a[ab]{12}")
    several = [f"{number:016b}".replace("0", "a").replace("1", "b") for number in range(2_000)]

    for text in several:
        assert fits(compiled, text) is (text[-13] == "a")
    assert fits(compiled, "é" * 3) is False


def spent(pattern: str, text: str) -> int:
    """The steps that it takes to find out whether *pattern* fits *text*."""
    steps = 10_000_000
    effort = Effort(steps)
    fits(compile_pattern(pattern), text, effort=effort)
    return steps - effort.left


def test_what_was_worked_out_once_is_looked_up_the_next_time() -> None:
    text = "x" * 900 + "a" * 50
    first, second = spent("(.*a){20}x*", text), spent("(.*a){20}x*", text)

    assert first > 2_000
    assert second == 1 + len(text) // REMEMBERED_IN_A_STEP


@pytest.mark.parametrize("pattern", ["(([a-z]?){30}){30}x", "[ab]*a[ab]{200}"])
def test_whoever_is_given_so_much_effort_takes_no_more(pattern: str) -> None:
    compiled, effort = compile_pattern(pattern), Effort(20_000)

    def ask(times: int) -> None:
        for number in range(times):
            fits(compiled, f"{number:b}".replace("0", "a").replace("1", "b") * 40, effort=effort)

    with pytest.raises(TooMuchEffort):
        ask(1_000)
    assert effort.is_spent
    # What is asked at once takes as much as one character may, at most.
    assert effort.left >= -2 * LARGEST_PROGRAM
    # It stands for this text, and that is found out with nothing to spend.
    assert fits(compile_pattern("sev[12]"), "sev1", effort=effort)


def test_what_is_remembered_of_a_pattern_is_bounded() -> None:
    compiled = compile_pattern("(?i)[^,]*a[^,]{150}")
    for number in range(300):
        fits(compiled, chr(0x4E00 + number) * 40 + "a" * number)

    assert held_of(compiled) <= MOST_HELD


def test_few_texts_are_looked_up() -> None:
    assert compile_pattern("sev[12]").literals == frozenset({"sev1", "sev2"})
    assert compile_pattern("(alpha|beta)-?x{0,2}").literals is not None
    assert compile_pattern("[a-z][a-z]").literals is None
    assert compile_pattern("a*").literals is None
    assert compile_pattern("|".join(f"{n:03}" for n in range(64))).literals is not None
    assert compile_pattern("|".join(f"{n:02x}" for n in range(65))).literals is None


@LAW
@given(names=st.lists(st.text("ab.", min_size=1, max_size=4), min_size=1, max_size=70))
def test_looked_up_or_run_the_answer_is_the_same(names: list[str]) -> None:
    written = "|".join(name.replace(".", r"\.") for name in names)[:LONGEST_PATTERN].rstrip("\\")
    alternatives = written.replace(r"\.", ".").split("|")
    looked_up, run = compile_pattern(written), compile_pattern(f"^(?:{written[:240]})")

    assert all(fits(looked_up, name) for name in alternatives)
    assert not fits(looked_up, "c")
    assert run.literals is None
    if len(written) <= 240:
        assert all(fits(run, name) for name in alternatives)
