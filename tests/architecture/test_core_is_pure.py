"""The core is told everything: it reads no clock, draws no lot, touches no file and no wire."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.project_files import SOURCE, python_files, shown, tree

PURE_MODULES = frozenset(
    {
        "__future__",
        "abc",
        "base64",
        "binascii",
        "bisect",
        "collections",
        "collections.abc",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
    }
)
READS_THE_CLOCK = frozenset({"now", "utcnow", "today"})
DRAWS_A_LOT = frozenset({"uuid1", "uuid4", "uuid6", "uuid7", "uuid8", "getnode"})
BUILTINS_WITH_EFFECTS = frozenset(
    {
        "__import__",
        "breakpoint",
        "compile",
        "eval",
        "exec",
        "hash",  # differs from process to process for text
        "id",
        "input",
        "open",
        "print",
    }
)


def impurities(module: ast.Module) -> Iterator[str]:
    """What in a module of the core is not pure, each as ``line: what``."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if not _may_import(name.name):
                        yield f"{node.lineno}: imports {name.name}"
            case ast.ImportFrom(module=imported, level=level, names=names):
                if level or imported is None or not _may_import(imported):
                    yield f"{node.lineno}: imports {'.' * level}{imported or ''}"
                for name in names:
                    if name.name in DRAWS_A_LOT:
                        yield f"{node.lineno}: {name.name} draws a lot"
            case ast.Attribute(attr=attribute, value=ast.Name(id=owner)) if (
                attribute in READS_THE_CLOCK and owner in {"datetime", "date"}
            ):
                yield f"{node.lineno}: {owner}.{attribute} reads the clock"
            case ast.Attribute(attr=attribute, value=ast.Attribute(attr=owner)) if (
                attribute in READS_THE_CLOCK and owner in {"datetime", "date"}
            ):
                yield f"{node.lineno}: {owner}.{attribute} reads the clock"
            case ast.Attribute(attr=attribute) if attribute in DRAWS_A_LOT:
                yield f"{node.lineno}: {attribute} draws a lot"
            case ast.Call(func=ast.Name(id=name)) if name in BUILTINS_WITH_EFFECTS:
                yield f"{node.lineno}: calls {name}"
            case ast.Global(names=global_names):
                yield f"{node.lineno}: keeps state in {', '.join(global_names)}"
            case ast.AsyncFunctionDef(name=name):
                yield f"{node.lineno}: {name} waits"
            case _:
                pass


def _may_import(module: str) -> bool:
    return module in PURE_MODULES or module == "tocsin.core" or module.startswith("tocsin.core.")


def test_the_core_is_pure() -> None:
    modules = python_files(SOURCE / "core")
    assert len(modules) > 5

    assert [f"{shown(path)}:{found}" for path in modules for found in impurities(tree(path))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "import urllib.request",
        "from time import monotonic",
        "from tocsin.store import writing",
        "from tocsin.corelike import things",
        "from . import words",
        "import msgspec",
        "from uuid import uuid4",
        "import uuid\nnew = uuid.uuid4",
        "from datetime import datetime\nat = datetime.now(UTC)",
        "import datetime\nat = datetime.datetime.utcnow()",
        "from datetime import date\nfield(default_factory=date.today)",
        "def decide() -> None:\n    print('decided')",
        "slot = hash('text') % 8",
        "def remember() -> None:\n    global last\n    last = 1",
        "async def decide() -> None: ...",
    ],
)
def test_an_impurity_is_seen(source: str) -> None:
    assert list(impurities(ast.parse(source)))


def test_what_is_pure_passes() -> None:
    source = (
        "from datetime import UTC, datetime, timedelta\n"
        "from urllib.parse import urlsplit\n"
        "from uuid import UUID\n"
        "from tocsin.core.words import Status\n"
        "def due(at: datetime) -> datetime:\n"
        "    return at.astimezone(UTC) + timedelta(hours=1)\n"
    )

    assert list(impurities(ast.parse(source))) == []
