"""Tests wait for nothing, replace nothing and leave nothing out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.project_files import TESTS, python_files, shown, tree

LEFT_OUT = frozenset({"importorskip", "skip", "skipIf", "skipUnless", "skipif", "xfail"})
REPLACED = frozenset({"mocker", "monkeypatch"})


def dishonesties(module: ast.Module) -> Iterator[str]:
    """Sleeps, patches and skips in a test module, each as ``line: what``."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.startswith("unittest"):
                        yield f"{node.lineno}: imports {name.name}"
            case ast.ImportFrom(module=imported, names=names):
                if imported is not None and imported.startswith("unittest"):
                    yield f"{node.lineno}: imports from {imported}"
                for name in names:
                    if name.name == "sleep" or name.name in LEFT_OUT:
                        yield f"{node.lineno}: imports {name.name}"
            case ast.Call(func=ast.Attribute(attr="sleep")):
                yield f"{node.lineno}: sleeps"
            case ast.Attribute(attr=attribute, value=owner) if attribute in LEFT_OUT and (
                _last_name(owner) in {"mark", "pytest"}
            ):
                yield f"{node.lineno}: {attribute}"
            case ast.arg(arg=name) if name in REPLACED:
                yield f"{node.lineno}: takes {name}"
            case _:
                pass


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def test_no_test_sleeps_patches_or_skips() -> None:
    modules = python_files(TESTS)
    assert modules

    assert [
        f"{shown(path)}:{found}" for path in modules for found in dishonesties(tree(path))
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "import asyncio\nasync def test() -> None:\n    await asyncio.sleep(0)",
        "from time import sleep",
        "from unittest.mock import patch",
        "import unittest.mock",
        "def test(monkeypatch: object) -> None: ...",
        "@pytest.mark.skip\ndef test() -> None: ...",
        "@pytest.mark.skipif(True, reason='')\ndef test() -> None: ...",
        "from pytest import skip",
        "pytest.skip('later')",
        "@mark.xfail\ndef test() -> None: ...",
    ],
)
def test_a_dishonesty_is_seen(source: str) -> None:
    assert list(dishonesties(ast.parse(source)))
