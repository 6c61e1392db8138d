"""The org's records in plain dictionaries: a Directory for tests, as the writer's one answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.record_claims import claims_of
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Member,
    Policy,
    Record,
    Route,
    Rule,
    Service,
    StatusPage,
)


class DirectoryInMemory:
    """Records found by every name they have; removed ones are not found."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        for record in records:
            self.put(record)

    def put(self, record: Record) -> None:
        """Take in *record*, in place of the one of its sort and id."""
        self._records[(_sort(record), record.id)] = record

    def claims(self) -> dict[tuple[str, str], str]:
        """Every claim with the stream that holds it."""
        return {
            claim: f"{sort}:{identity}"
            for (sort, identity), record in self._records.items()
            for claim in claims_of(record)
        }

    def device(self, name: str) -> Device | None:
        return next((found for found in self.devices() if name in (found.pubkey, found.code)), None)

    def devices(self) -> Sequence[Device]:
        return [record for record in self._here() if isinstance(record, Device)]

    def devices_of(self, contributor_id: str) -> Sequence[Device]:
        return [found for found in self.devices() if found.contributor_id == contributor_id]

    def link(self, name: str) -> Link | None:
        return next((found for found in self.links() if name in (found.pubkey, found.code)), None)

    def links(self) -> Sequence[Link]:
        return [record for record in self._here() if isinstance(record, Link)]

    def links_of(self, device_pubkey: str) -> Sequence[Link]:
        return [
            found
            for found in self.links()
            if device_pubkey in (found.side_a.device, found.side_z.device)
        ]

    def links_owned_by(self, contributor_id: str) -> Sequence[Link]:
        return [found for found in self.links() if found.contributor_id == contributor_id]

    def contributor(self, name: str) -> Contributor | None:
        for record in self._here():
            if isinstance(record, Contributor) and name in (record.id, record.code, record.pubkey):
                return record
        return None

    def member(self, identity: str) -> Member | None:
        return next((found for found in self.members() if found.id == identity), None)

    def members(self) -> Sequence[Member]:
        return [record for record in self._here() if isinstance(record, Member)]

    def key(self, identity: str) -> Key | None:
        return next((found for found in self.keys() if found.id == identity), None)

    def keys(self) -> Sequence[Key]:
        return [record for record in self._here() if isinstance(record, Key)]

    def service(self, name: str) -> Service | None:
        for record in self._here():
            if isinstance(record, Service) and name in (record.id, record.code):
                return record
        return None

    def route(self, identity: str) -> Route | None:
        return next((found for found in self.routes() if found.id == identity), None)

    def routes(self) -> Sequence[Route]:
        return [record for record in self._here() if isinstance(record, Route)]

    def entry_points(self) -> Sequence[EntryPoint]:
        return [record for record in self._here() if isinstance(record, EntryPoint)]

    def connector(self, name: str) -> Connector | None:
        return next((c for c in self.connectors() if name in (c.id, c.code)), None)

    def connectors(self) -> Sequence[Connector]:
        return [record for record in self._here() if isinstance(record, Connector)]

    def signal_rules(self) -> Sequence[Rule]:
        return [record for record in self._here() if isinstance(record, Rule)]

    def status_page(self, name: str) -> StatusPage | None:
        found = (record for record in self._here() if isinstance(record, StatusPage))
        return next((one for one in found if name in (one.id, one.code)), None)

    def policy(self) -> Policy:
        return next(
            (record for record in self._here() if isinstance(record, Policy)), DEFAULT_POLICY
        )

    def _here(self) -> Iterable[Record]:
        return [record for record in self._records.values() if record.removed_at is None]


def _sort(record: Record) -> str:
    match record:
        case EntryPoint():
            return "entry_point"
        case StatusPage():
            return "status_page"
        case _:
            return type(record).__name__.lower()
