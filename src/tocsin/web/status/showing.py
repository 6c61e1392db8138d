"""One picture on show: its forms, each printed once and then handed out from memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tocsin.web.status import forms
from tocsin.web.status.forms import Form
from tocsin.web.status.pages import Addresses
from tocsin.web.status.printing import Printed, printed
from tocsin.web.status.view import PageView

BYTES_OF_A_PAGE: Final = 4 * 1024 * 1024
"""As much of the forms of one picture is held; beyond that the least asked for is printed anew."""
HOT_FORMS: Final = 24
"""As many of the forms last asked for are printed before a new picture is put on show."""


class Shown:
    """A picture and its printed forms. ``stale_since`` is since when it could not be renewed;
    ``holds`` is how many bytes of forms are held, ``subscribe`` whether one can subscribe.

    Used on the event loop, but for :meth:`prepare`, which may be called from a thread before
    anybody else has it.
    """

    def __init__(
        self,
        picture: PageView,
        *,
        stale_since: datetime | None = None,
        holds: int = BYTES_OF_A_PAGE,
        subscribe: bool = False,
    ) -> None:
        self._holds = holds
        self.picture = picture
        self.stale_since = stale_since
        self.to = _addresses(picture, subscribe=subscribe)
        self._printed: OrderedDict[str, Printed] = OrderedDict()
        self._printing: dict[str, asyncio.Future[Printed]] = {}
        self._bytes = 0
        self._missing: bytes | None = None

    @property
    def hot(self) -> tuple[str, ...]:
        """The names of the forms that were last asked for."""
        return tuple(self._printed)[-HOT_FORMS:]

    @property
    def size(self) -> int:
        """Bytes of the forms that are held."""
        return self._bytes

    def prepare(self, names: Iterable[str]) -> None:
        """Print those of *names* that there are."""
        for name in names:
            path, _, service = name.partition("?service=")
            form = self._form(path, service=service or None)
            if form is not None:
                self._hold(form.name, printed(form.write(), machine=form.open))

    def held(self, name: str) -> Printed | None:
        """The form of that name if it is printed already; second names are not looked up."""
        found = self._printed.get(name)
        if found is not None:
            self._printed.move_to_end(name)
        return found

    async def form(self, name: str, *, service: str | None = None) -> Printed | None:
        """The form at *name*, printed if it was not before; None where there is none."""
        form = self._form(name, service=service)
        if form is None:
            return None
        held = self.held(form.name)
        if held is not None:
            return held
        # Those who ask at once wait for one and the same.
        printing = self._printing.get(form.name)
        if printing is None:
            printing = asyncio.ensure_future(self._print(form))
            self._printing[form.name] = printing
        return await asyncio.shield(printing)

    def missing(self) -> bytes:
        """What people see at an address below the page where nothing is."""
        if self._missing is None:
            self._missing = forms.missing(self.picture, self.to)
        return self._missing

    def _form(self, name: str, *, service: str | None) -> Form | None:
        return forms.form(
            self.picture, name, self.to, service=service, stale_since=self.stale_since
        )

    async def _print(self, form: Form) -> Printed:
        try:
            made = await asyncio.to_thread(lambda: printed(form.write(), machine=form.open))
        finally:
            del self._printing[form.name]
        self._hold(form.name, made)
        return made

    def _hold(self, name: str, made: Printed) -> None:
        if name in self._printed:
            return
        self._printed[name] = made
        self._bytes += made.size
        while self._bytes > self._holds and self._printed:
            _, dropped = self._printed.popitem(last=False)
            self._bytes -= dropped.size


def _addresses(picture: PageView, *, subscribe: bool) -> Addresses:
    """Links as they are below the picture's own address, wherever a proxy has put it."""
    root = Addresses.served(picture.url).root
    return Addresses.served(
        picture.url,
        assets=root.removesuffix(f"/status/{picture.code}") + "/assets",
        subscribe=subscribe,
    )
