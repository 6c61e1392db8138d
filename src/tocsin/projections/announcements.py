"""What is announced of a device or a link, for every neighbour that tells it in its own way
(Provisioning: announced like any other)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tocsin.core.facts import Event
from tocsin.core.provisioning.facts import AcceptanceRequested
from tocsin.core.records import Contributor, Device, Link
from tocsin.projections.asset_sentences import Told, told_of
from tocsin.projections.shapes.record_names import PartyNames
from tocsin.store.codec import data_of

Asset = Device | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A fact about the asset ``code``, a ``sort`` (device, link), and how it stands as this is
    told.

    ``facts`` are pairs of a name and a value. ``path`` is its page below the server's address, None
    once it is gone. ``called`` is who is to do something about it.
    """

    sort: str
    code: str
    told: Told
    facts: tuple[tuple[str, str], ...]
    path: str | None
    called: Contributor | None = None


def announcement_of(event: Event, asset: Asset, names: PartyNames) -> Announcement:
    """What *event* says of *asset*; *names* are those of the asset."""
    told = told_of(event.kind, data_of(event.payload))
    payload = event.payload
    asked = payload.contributor_id if isinstance(payload, AcceptanceRequested) else None
    page = f"/network/{_sort(asset)}s/{quote(asset.code, safe=':')}"
    return Announcement(
        sort=_sort(asset),
        code=asset.code,
        told=Told(what=event.kind.replace("_", " ")) if told is None else told,
        facts=_facts(asset, names),
        path=page if asset.removed_at is None else None,
        called=None if asked is None else names.contributor(asked),
    )


def _facts(asset: Asset, names: PartyNames) -> tuple[tuple[str, str], ...]:
    life = asset.life
    standing = (
        ("Status", _words(life.status.value)),
        ("Health", _words(life.health.value)),
        ("Wanted", _words(life.desired.value)),
    )
    if isinstance(asset, Device):
        return (*standing, ("Contributor", _contributor(asset.contributor_id, names)))
    return (
        *standing,
        ("Side A", _side(asset.side_a.device, asset.contributor_id, names)),
        ("Side Z", _side(asset.side_z.device, asset.side_z_contributor_id, names)),
    )


def _side(pubkey: str, contributor_id: str, names: PartyNames) -> str:
    device = names.device(pubkey)
    code = pubkey if device is None else device.code
    return f"{code} ({_contributor(contributor_id, names)})"


def _contributor(identity: str, names: PartyNames) -> str:
    found = names.contributor(identity)
    return identity if found is None else found.name


def _sort(asset: Asset) -> str:
    return "device" if isinstance(asset, Device) else "link"


def _words(word: str) -> str:
    return word.replace("_", " ")
