"""Every log line carries a stable ``action``, by which it is found whatever its words are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.project_files import SOURCE, python_files, shown, tree

LEVELS = frozenset({"critical", "debug", "error", "exception", "info", "warning"})


def nameless_lines(module: ast.Module) -> Iterator[str]:
    """Calls of ``log`` whose action is missing or made up as they go, each as ``line: what``."""
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=level, value=ast.Name(id="log")), keywords=keywords
            ) if level in LEVELS:
                actions = [one.value for one in keywords if one.arg == "action"]
                if not actions:
                    yield f"{node.lineno}: log.{level} without an action"
                elif not _is_written_down(actions[0]):
                    yield f"{node.lineno}: log.{level} makes its action up"
            case _:
                pass


def _is_written_down(action: ast.expr) -> bool:
    match action:
        case ast.Constant(value=str()):
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_written_down(one) and _is_written_down(other)
        case _:
            return False


def test_every_log_line_has_an_action() -> None:
    modules = python_files(SOURCE)
    assert modules

    assert [
        f"{shown(path)}:{found}" for path in modules for found in nameless_lines(tree(path))
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "log.info('serving')",
        "log.error('failed', exc_info=wrong)",
        "log.warning('late', action=f'late_{name}')",
        "log.debug('done', action=name)",
    ],
)
def test_a_line_without_one_is_seen(source: str) -> None:
    assert list(nameless_lines(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "log.info('serving', action='serving', url=url)",
        "log.warning('not taken', action='unsure' if unsure else 'refused')",
        "math.log(2)",
    ],
)
def test_one_that_has_it_passes(source: str) -> None:
    assert list(nameless_lines(ast.parse(source))) == []
