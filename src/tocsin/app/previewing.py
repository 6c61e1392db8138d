"""Trying mappings out on stored payloads, for the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocsin.adapters.generic.mapping import signal_mapping
from tocsin.adapters.generic.shipped import SHIPPED
from tocsin.adapters.generic.translation import preview
from tocsin.adapters.rest.signals.mapping_previewing import Missed, Tried


def tried(
    payloads: Sequence[bytes], *, kind: str, mapping: Mapping[str, str] | None
) -> Sequence[Tried] | None:
    """What *payloads* would say (:class:`tocsin.adapters.rest.mapping_previewing.MappingPreview`).

    Raises:
        Invalid: the mapping is none; each of its fields is named.
    """
    if kind != "generic" and kind not in SHIPPED:
        return None
    if mapping is None:
        if kind not in SHIPPED:
            return None
        mapping = SHIPPED[kind].mapping
    return [
        Tried(
            reading=one.reading,
            unreadable=one.unreadable,
            missed=tuple(
                Missed(item=complaint.item, field=complaint.field, reason=complaint.reason)
                for complaint in one.complaints
            ),
        )
        for one in preview(payloads, mapping=signal_mapping(mapping), source=kind)
    ]
