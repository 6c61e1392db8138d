"""Secrets that are shown once: on the answer to the form that made them, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.visits import Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What is to be copied; ``hint`` says where to."""

    label: str
    text: str
    hint: str = ""
    lines: int = 1


def revealed(
    visit: Visit,
    *,
    here: str,
    title: str,
    secrets: Sequence[Secret],
    onward: str,
    explained: str = "",
    snippets: Sequence[Secret] = (),
    missed: str = "",
) -> Page:
    """The page with *secrets*, and *snippets* that are ready to be pasted. Without a secret it says
    what was *missed*: the form was sent again, and what was made before is not told twice."""
    return room_page(
        visit,
        "revealed.html",
        here=here,
        title=title,
        secrets=tuple(secrets),
        snippets=tuple(snippets),
        explained=explained,
        missed=missed,
        onward=onward,
    )
