"""What a mail says of a device or a link (Provisioning: announced like any other). Pure."""

from __future__ import annotations

from tocsin.adapters.email.letters import (
    LONGEST_VALUE,
    Letter,
    foot_of,
    line,
    paragraph,
    who_and_when,
)
from tocsin.core.records import Device, Link
from tocsin.dispatcher.contract import Parcel
from tocsin.projections.announcements import announcement_of
from tocsin.projections.sentences import LONGEST
from tocsin.projections.shapes.record_names import PartyNames


def asset_letter_of(
    parcel: Parcel, asset: Device | Link, *, names: PartyNames, base_url: str | None
) -> Letter:
    """The letter that tells *parcel*, a fact about *asset*; *names* are those of the asset."""
    told = announcement_of(parcel.event, asset, names)
    what = told.told.what
    if told.called is not None:
        what = f"{what} of {told.called.name}"
    page = None if base_url is None or told.path is None else base_url.rstrip("/") + told.path
    return Letter(
        subject=line(f"[{parcel.to.org}] {told.sort} {told.code}: {what}"),
        heading=line(f"{told.sort} {told.code}"),
        what=line(what, longest=LONGEST),
        who=who_and_when(parcel.event),
        said=paragraph("\n".join(line(one, longest=LONGEST) for one in told.told.why)),
        facts=tuple((name, line(value, longest=LONGEST_VALUE)) for name, value in told.facts),
        link=page,
        foot=foot_of(parcel.to),
    )
