"""An exception is caught by its name; what catches everything hands it on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.project_files import SOURCE, python_files, shown, tree


def swallowings(module: ast.Module) -> Iterator[str]:
    """Handlers that may hide an error nobody thought of, each as ``line: what``.

    ``except BaseException`` is let through where its body raises again or hands the exception it
    caught to somebody who waits for it.
    """
    for node in ast.walk(module):
        match node:
            case ast.ExceptHandler(type=None):
                yield f"{node.lineno}: bare except"
            case ast.ExceptHandler(type=kind) if kind is not None:
                caught = {part.id for part in ast.walk(kind) if isinstance(part, ast.Name)}
                if "Exception" in caught:
                    yield f"{node.lineno}: except Exception"
                elif "BaseException" in caught and not _hands_on(node):
                    yield f"{node.lineno}: except BaseException, and the exception is dropped"
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=args):
                for argument in args:
                    if isinstance(argument, ast.Name) and argument.id in _EVERYTHING:
                        yield f"{node.lineno}: suppress({argument.id})"
            case _:
                pass


_EVERYTHING = frozenset({"BaseException", "Exception"})


def _hands_on(handler: ast.ExceptHandler) -> bool:
    parts = [part for statement in handler.body for part in ast.walk(statement)]
    passed = {
        argument.id
        for part in parts
        if isinstance(part, ast.Call)
        for argument in (*part.args, *(keyword.value for keyword in part.keywords))
        if isinstance(argument, ast.Name)
    }
    return any(isinstance(part, ast.Raise) for part in parts) or handler.name in passed


def test_no_exception_is_swallowed() -> None:
    modules = python_files(SOURCE)
    assert modules

    assert [f"{shown(path)}:{found}" for path in modules for found in swallowings(tree(path))] == []


@pytest.mark.parametrize(
    "source",
    [
        "try: ...\nexcept: ...",
        "try: ...\nexcept Exception: raise",
        "try: ...\nexcept (OSError, Exception) as error: log(error)",
        "try: ...\nexcept BaseException: ...",
        "try: ...\nexcept BaseException as error: done = True",
        "with suppress(Exception): ...",
        "with contextlib.suppress(OSError, BaseException): ...",
    ],
)
def test_a_swallowed_exception_is_seen(source: str) -> None:
    assert list(swallowings(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "try: ...\nexcept OSError: ...",
        "try: ...\nexcept BaseException:\n    roll_back()\n    raise",
        "try: ...\nexcept BaseException as error: answer.set_exception(error)",
        "with suppress(FileNotFoundError): ...",
    ],
)
def test_a_named_or_handed_on_exception_passes(source: str) -> None:
    assert list(swallowings(ast.parse(source))) == []
