"""The words of this neighbour are the words of the core."""

from __future__ import annotations

from tocsin.adapters.doublezero.words import DESIRED, HEALTH, STATUS, device_type
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, DeviceType, Health


def test_the_words_that_are_read_are_words_of_the_core() -> None:
    for numberings, words in ((HEALTH, Health), (STATUS, AssetStatus), (DESIRED, DesiredStatus)):
        for numbering in numberings.values():
            assert {*numbering.words.values(), *numbering.numbers} <= {*words}
    assert [device_type(number) for number in range(3)] == [*DeviceType]


def test_every_word_of_health_is_written() -> None:
    for numbering in HEALTH.values():
        assert set(numbering.numbers) == {*Health}
