"""The language model itself: asks, and leaves off for a while when nothing sensible comes back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from tocsin.adapters.language_model.questions import NoSense, question, suggestion
from tocsin.core.asking import JSON, NoAnswer, OpenAsking
from tocsin.core.records import EntryPoint
from tocsin.core.triage import Suggestion

log = structlog.get_logger(__name__)

PATH: Final = "/chat/completions"
PATIENCE: Final = 3
"""Failures in a row after which it is left alone."""

REST_SECONDS: Final = 60.0

LARGEST_ANSWER: Final = 256 * 1024
"""Bytes, head and all; an answer of ours is a few hundred."""

_KEY = re.compile(r"[\x21-\x7e]{1,4096}")

Timer = Callable[[], float]


class ChatModel:
    """Keeps :class:`tocsin.core.triage.LanguageModel` over ``POST {url}/chat/completions``.

    Many threads may ask at once.

    Each question takes at most *seconds*. After :data:`PATIENCE` failures in a row the model is not
    asked for *rest* seconds; then the next question tries again, and one failure more means another
    rest. *opening* makes what it is asked with, *timer* says how time passes.

    Raises:
        ValueError: the address or the key is none; the key is not repeated.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str,
        seconds: float,
        rest: float = REST_SECONDS,
        opening: OpenAsking,
        timer: Timer = time.monotonic,
    ) -> None:
        if _KEY.fullmatch(key) is None:
            raise ValueError("give a key of printable ASCII characters without blanks")
        self._asking = opening(
            url,
            below=PATH,
            content=JSON,
            headers={"authorization": f"Bearer {key}"},
            seconds=seconds,
            largest=LARGEST_ANSWER,
        )
        self._model = model
        self._rest = rest
        self._timer = timer
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = float("-inf")

    def suggest(self, text: str, entry_points: Sequence[EntryPoint]) -> Suggestion | None:
        """What the model makes of *text*; None where it says nothing sensible in time."""
        if not entry_points or not text.strip() or self._is_resting():
            return None
        try:
            answer = self._asking.answer(question(text, entry_points, model=self._model))
            found = suggestion(answer, entry_points)
        except NoAnswer as none:
            self._failed(none.reason)
            return None
        except NoSense:
            self._failed("its answer is not of the shape that was asked for")
            return None
        with self._lock:
            self._failures = 0
        return found

    def _is_resting(self) -> bool:
        with self._lock:
            return self._timer() < self._rests_until

    def _failed(self, reason: str) -> None:
        with self._lock:
            self._failures += 1
            rests = self._failures >= PATIENCE
            if rests:
                self._rests_until = self._timer() + self._rest
        log.warning(
            "the language model was of no use",
            action="language_model_failed",
            host=self._asking.host,
            reason=reason,
            rests_seconds=self._rest if rests else 0,
        )
