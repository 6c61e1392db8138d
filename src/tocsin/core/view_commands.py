"""What can be asked of the saved views of a list of tickets."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN, NotGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView(Command):
    """Keep these filters under a name; *query* is what follows the question mark in the address of
    the list. It is whose it is asked by, and *shared* with the whole org or not."""

    view_id: str
    name: str
    query: str
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView(Command):
    """Change a view."""

    name: str | NotGiven = NOT_GIVEN
    query: str | NotGiven = NOT_GIVEN
    shared: bool | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveView(Command):
    """Forget a view."""
