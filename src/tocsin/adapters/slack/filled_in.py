"""The values of a form that was sent, each read by the name of its block."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from tocsin.adapters.slack import fields
from tocsin.adapters.slack.escaping import tidy, utc
from tocsin.adapters.slack.fields import Errors, carried_by
from tocsin.core.instants import MINUTE
from tocsin.core.ticket_reading import TOLERANCE


class FilledIn:
    """The values of a form, each read by the name of its block; what is wrong is noted."""

    def __init__(self, view: Mapping[str, Any], now: datetime) -> None:
        state = view.get("state")
        values = state.get("values") if isinstance(state, Mapping) else None
        self._elements: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for block, actions in (values or {}).items():
            element = next(iter(actions.values()), None)
            if isinstance(element, Mapping):
                self._elements[block.partition(":")[0]] = (block, element)
        self._carried = carried_by(view)
        self._now = now
        self.errors: Errors = {}

    def _block(self, name: str) -> str:
        block, _ = self._elements.get(name, (name, {}))
        return block

    def text(self, name: str) -> str | None:
        """What was typed or chosen there; None for nothing, or blanks only."""
        _, element = self._elements.get(name, (name, {}))
        chosen = element.get("selected_option")
        value = chosen.get("value") if isinstance(chosen, Mapping) else element.get("value")
        if not isinstance(value, str):
            return None
        return tidy(value).strip() or None

    def required(self, name: str, sentence: str) -> str:
        """What was typed or chosen there; *sentence* where it is nothing."""
        value = self.text(name)
        if value is None:
            self.errors[self._block(name)] = sentence
            return ""
        return value

    def chosen(self, name: str) -> tuple[str, ...]:
        """The values of all options chosen there, each once."""
        _, element = self._elements.get(name, (name, {}))
        options = element.get("selected_options")
        if not isinstance(options, list):
            return ()
        values = (one.get("value") for one in options if isinstance(one, Mapping))
        return tuple(dict.fromkeys(one for one in values if isinstance(one, str)))

    def ticket(self) -> str:
        """The ticket that the form is about, or that was picked in it."""
        if self._carried.ticket is not None:
            return self._carried.ticket
        name = fields.ANY_TICKET if fields.ANY_TICKET in self._elements else fields.TICKET
        return self.required(name, "Choose a ticket.")

    def instant(self, date_name: str, time_name: str, *, required: bool) -> datetime | None:
        """The instant of a day and a time, both UTC.

        Where neither is needed, today without a time is nothing: the form says so by itself.
        """
        day, clock = self._day(date_name), self._clock(time_name)
        if {self._block(date_name), self._block(time_name)} & set(self.errors):
            return None
        if day is not None and clock is not None:
            return datetime.combine(day, clock, tzinfo=UTC)
        if clock is not None or (required and day is None):
            self.errors[self._block(date_name)] = "Choose the day as well (UTC)."
        if (clock is None and required) or (
            clock is None and day is not None and day != self._now.astimezone(UTC).date()
        ):
            self.errors[self._block(time_name)] = "Choose the time as well (UTC)."
        return None

    def past(self, date_name: str, time_name: str) -> datetime | None:
        """The instant of a day and a time, which must not lie in the future."""
        found = self.instant(date_name, time_name, required=False)
        if found is not None and found > self._now + TOLERANCE:
            self.errors[self._block(time_name)] = (
                f"{utc(found)} lies in the future; it is now {utc(self._now)}."
            )
            return None
        return found

    def ended(self) -> datetime | None:
        """When it was resolved; None for now, which the minute that is under way means too.

        The picker knows no seconds, and the beginning of this minute may lie before what was done
        in it.
        """
        found = self.past(fields.RESOLVED_DATE, fields.RESOLVED_TIME)
        if found is not None and found <= self._now < found + MINUTE:
            return None
        return found

    def _day(self, name: str) -> date | None:
        _, element = self._elements.get(name, (name, {}))
        value = element.get("selected_date")
        if not value:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.errors[self._block(name)] = "This is no day."
            return None

    def _clock(self, name: str) -> time | None:
        _, element = self._elements.get(name, (name, {}))
        value = element.get("selected_time")
        if not value:
            return None
        try:
            return time.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError:
            self.errors[self._block(name)] = "This is no time of day."
            return None
