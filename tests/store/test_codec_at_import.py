"""What is read by many threads is learnt while there is one (see ``store/codec.py``)."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing
from collections.abc import Iterator

from tocsin.core.aggregates import AGGREGATES
from tocsin.core.facts import registered_kinds

LEARNT = "__msgspec_cache__"
"""Where msgspec keeps what it knows of a class; set before it is complete."""


def _parts(kind: object) -> Iterator[type]:
    """*kind* and every data class in it."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        yield kind
        for hint in typing.get_type_hints(kind).values():
            yield from _parts(hint)
    for part in typing.get_args(kind):
        yield from _parts(part)


def _names() -> set[str]:
    kinds = {*registered_kinds().values(), *(one.state for one in AGGREGATES.values())}
    found = {part for kind in kinds for part in _parts(kind)}
    return {f"{one.__module__}:{one.__qualname__}" for one in found}


def test_the_import_has_learnt_every_class_that_is_read() -> None:
    script = (
        "import sys, importlib, tocsin.store.codec\n"
        "for name in sys.argv[1:]:\n"
        "    module, _, cls = name.partition(':')\n"
        f"    assert {LEARNT!r} in vars(getattr(importlib.import_module(module), cls)), name\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, *sorted(_names())],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
