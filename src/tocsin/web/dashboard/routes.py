"""Which page or form an address belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.web.dashboard.visits import FormAt, PageAt

Route = PageAt | FormAt


@dataclass(frozen=True, slots=True)
class Found:
    """What is at an address: a page, a form that is sent there, or both; ``names`` are the named
    parts of the address."""

    page: PageAt | None
    form: FormAt | None
    names: Mapping[str, str]

    @property
    def path(self) -> str:
        """The address as it is declared."""
        route = self.page or self.form
        assert route is not None, "something is there"
        return route.path


class Routes:
    """All pages and forms; written-out addresses win over those with names.

    Raises:
        ValueError: two of a sort are declared at one address.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_shape: dict[tuple[str, ...], dict[type[Route], Route]] = {}
        for route in routes:
            shape = tuple("{}" if part.startswith("{") else part for part in _parts(route.path))
            at_shape = self._by_shape.setdefault(shape, {})
            if type(route) in at_shape:
                raise ValueError(f"{route.path} is declared twice")
            at_shape[type(route)] = route
        longest = max(map(len, self._by_shape), default=0)
        self._shapes = {
            length: sorted(
                (shape for shape in self._by_shape if len(shape) == length),
                key=lambda shape: [part == "{}" for part in shape],
            )
            for length in range(longest + 1)
        }

    @property
    def beginnings(self) -> frozenset[str]:
        """The first parts of all addresses."""
        return frozenset(shape[0] for shape in self._by_shape)

    def find(self, path: str) -> Found | None:
        """What is at *path*, a path as the browser asked for it; None where nothing is."""
        parts = _parts(path)
        for shape in self._shapes.get(len(parts), ()):
            if all(
                (part != "" if wanted == "{}" else part == wanted)
                for wanted, part in zip(shape, parts, strict=True)
            ):
                return self._found(shape, parts)
        return None

    def _found(self, shape: tuple[str, ...], parts: tuple[str, ...]) -> Found:
        there = self._by_shape[shape]
        page, form = there.get(PageAt), there.get(FormAt)
        route = page or form
        assert route is not None
        names = {
            wanted.strip("{}"): part
            for wanted, part in zip(_parts(route.path), parts, strict=True)
            if wanted.startswith("{")
        }
        return Found(
            page=page if isinstance(page, PageAt) else None,
            form=form if isinstance(form, FormAt) else None,
            names=names,
        )


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])
