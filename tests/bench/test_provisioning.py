"""What measures the judging of a network measures, at a size that takes a moment."""

from __future__ import annotations

from pathlib import Path

from bench.network import Network, pubkey
from bench.provisioning import measured


def test_a_small_network_is_judged_and_looked_at(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in measured(tmp_path, Network(6), looks=1)}

    assert figures["links"].value == 30
    # Where the counters stood, each hour of them, each four hours of tests and one before, and what
    # is asked for in every round: however many devices there are.
    assert figures["from cold to everything judged, queries"].value <= 40
    assert figures["steady round, queries"].value <= 4
    assert figures["from cold to everything judged, events written"].value == 30
    assert figures["steady rounds, events written"].value == 0
    assert figures["page of the network, size"].value > 0


def test_every_side_of_a_link_is_an_interface_of_its_own() -> None:
    network = Network(6)
    names = list(network.interfaces())

    assert len(names) == len(set(names)) == 6 * 11
    assert {device for device, _ in names} == {pubkey(number) for number in range(6)}
    for number in range(network.links):
        (one, _), (other, _) = network.sides(number)
        assert one != other
