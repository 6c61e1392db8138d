"""Every kind of event about a device or link has a sentence of its own, with its reasons."""

from __future__ import annotations

import pytest

from tocsin.core.facts import registered_kinds
from tocsin.projections.asset_sentences import SENTENCES, SORTS, told_of
from tocsin.projections.sentences import LONGEST, record_sentence, sentence_of


def test_every_kind_has_a_sentence() -> None:
    kinds = {kind for kind, _ in registered_kinds() if kind.partition(".")[0] in SORTS}

    assert set(SENTENCES) == {kind.partition(".")[2] for kind in kinds}


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("link.registered", {"code": "a"}, "registered"),
        (
            "link.mirrored",
            {"status": "soft_drained", "health": "healthy", "desired_status": "activated"},
            "the ledger says: status soft drained, health healthy, wanted activated",
        ),
        ("device.released", {}, "no ledger keeps it any more"),
        (
            "link.updated",
            {"changes": [{"field": "mtu", "old": None, "new": 9000}]},
            "mtu: nothing → 9000",
        ),
        (
            "link.desired_status_changed",
            {"desired_from": "activated", "desired_to": "soft_drained", "reason": "optic swap"},
            "wanted activated → soft drained: optic swap",
        ),
        (
            "link.health_changed",
            {
                "health_from": "healthy",
                "health_to": "impaired",
                "reasons": ["3 errors on side A", "1 on side Z"],
            },
            "health healthy → impaired: 3 errors on side A; 1 on side Z",
        ),
        (
            "device.status_changed",
            {"status_from": "hard_drained", "status_to": "activated", "interface": "Ethernet9"},
            "interface Ethernet9: status hard drained → activated",
        ),
        ("device.interface_defined", {"name": "e1", "role": "dia"}, "interface e1 (DIA) defined"),
        (
            "device.interface_bound",
            {"name": "e1", "link": "dzx"},
            "interface e1: a DZX link uses it",
        ),
        ("device.interface_bound", {"name": "e1"}, "interface e1: no link uses it any more"),
        (
            "device.interface_changed",
            {"name": "e1", "changes": [{"field": "mtu", "old": 1500, "new": 9000}]},
            "interface e1: mtu: 1500 → 9000",
        ),
        (
            "device.criterion_waived",
            {"criterion": "dia_up", "reason": "standby", "until": "2026-12-01T09:30:00.000000Z"},
            "criterion dia up waived until 2026-12-01 09:30 UTC: standby",
        ),
        ("link.criterion_demanded", {"criterion": "loss"}, "criterion loss has to be met again"),
        ("link.accepted", {}, "accepted by the contributor of its Z side"),
        ("link.removed", {}, "removed"),
    ],
)
def test_it_says_what_happened_and_why(kind: str, data: dict[str, object], text: str) -> None:
    assert sentence_of(kind, data) == record_sentence(kind, data) == text


def test_a_sentence_has_an_end_and_an_unknown_kind_is_itself() -> None:
    data = {"health_from": "healthy", "health_to": "impaired", "reasons": ["x" * 2_000]}

    assert len(sentence_of("link.health_changed", data)) == LONGEST
    assert sentence_of("link.repainted", {}) == "link.repainted"
    assert told_of("link.repainted", {}) is None
