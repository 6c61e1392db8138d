"""How a server looks for what nobody refers to any more: seldom, and never among what stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 20)


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded meanwhile is there to stay: it is not looked through, now or later.

    Looking through it again and again is an eighth of what it takes to load a server.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        gc.enable()


def keep_the_rest() -> None:
    """Let go of what was needed to get here; what is left after it stays too."""
    gc.collect()
    gc.freeze()
