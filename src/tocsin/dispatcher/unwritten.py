"""What one destination's desk has decided and nobody has written down yet. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.dispatcher.items import Item
from tocsin.store.outgoing import DestinationRow, LaneRow, Noted, Settlement


class Unwritten:
    """Gathers changes until they are written; then it is empty again.

    ``dirty`` is whether there is anything to write, ``cleared`` the lanes that have left memory
    since the last time: what the store still has noted of them is settled.
    """

    def __init__(self, *, dirty: bool) -> None:
        self.dirty = dirty
        self.cleared: set[str] = set()
        self.lanes: dict[str, LaneRow] = {}
        self.moved = False
        self._noted: dict[int, Noted] = {}
        self._dropped: set[int] = set()
        self._cancelled = False

    @property
    def has_notes(self) -> bool:
        """Whether notes are to be made or dropped."""
        return bool(self._noted or self._dropped)

    def note(self, noted: Noted) -> None:
        """A delivery is in trouble."""
        self._dropped.discard(noted.position)
        self._noted[noted.position] = noted
        self.dirty = True

    def drop(self, item: Item) -> None:
        """A delivery that was noted is settled."""
        self._dropped.add(item.position)
        self._noted.pop(item.position, None)
        self.dirty = True

    def lane(self, lane: LaneRow) -> None:
        """A lane was opened or parked."""
        self.lanes[lane.stream] = lane
        self.dirty = True

    def move(self) -> None:
        """What was opened, was opened at an address that is left."""
        self._forget_lanes(parked=False)
        self.moved = self.dirty = True

    def cancel(self) -> None:
        """Nothing in trouble is so any more; what is there stays known, in case the route is
        enabled again."""
        self._forget_lanes(parked=True)
        self._noted.clear()
        self._dropped.clear()
        self.cleared.clear()
        self._cancelled = self.dirty = True

    def _forget_lanes(self, *, parked: bool) -> None:
        for stream in [one for one, lane in self.lanes.items() if lane.parked == parked]:
            del self.lanes[stream]

    def settlement(self, row: DestinationRow, *, now_first: Sequence[Noted]) -> Settlement:
        """All of it, with how far the destination has come and the lanes whose first has
        changed."""
        return Settlement(
            destination=row,
            lanes=tuple(self.lanes.values()),
            noted=(*self._noted.values(), *now_first),
            dropped=tuple(self._dropped),
            cancelled=self._cancelled,
            moved=self.moved,
        )

    def written(self) -> None:
        """It is in the store."""
        self.lanes.clear()
        self._noted.clear()
        self._dropped.clear()
        self.cleared.clear()
        self._cancelled = self.moved = self.dirty = False
