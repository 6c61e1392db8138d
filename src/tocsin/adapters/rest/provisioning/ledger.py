"""The endpoint that hands the whole ledger over (Provisioning: enums, local ledger)."""

from __future__ import annotations

from typing import TypeVar

from tocsin.adapters.rest.calls import AnyCall
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.core.records import Contributor, Device, Link, Location, Record
from tocsin.projections.shapes.ledger import LedgerShape, ledger_shape
from tocsin.store.contract import ReadTurn

R = TypeVar("R", bound=Record)


def _look(turn: ReadTurn, call: AnyCall) -> LedgerShape:
    def every(sort: str, kind: type[R]) -> list[R]:
        heads = turn.heads_of_sort(call.org_id, sort)
        return [head.state for head in heads if isinstance(head.state, kind)]

    return ledger_shape(
        position=turn.last_position(),
        contributors=every("contributor", Contributor),
        places=every("location", Location),
        devices=every("device", Device),
        links=every("link", Link),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/ledger",
        tag="ledger",
        summary="Hand over the registry whole, as a ledger writes it.",
        description=(
            "Contributors, locations, exchanges, devices with their interfaces, and links, all of"
            " one moment, named by pubkey. Health and desired status are numbers, which `numbers`"
            " says the words of: health unknown 0, pending 1, healthy 2, impaired 3; desired status"
            " activated 0, soft_drained 1, hard_drained 2, deleted 3."
        ),
        answer=LedgerShape,
        look=_look,
        reads="device",
    ),
)
