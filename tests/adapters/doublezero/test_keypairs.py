"""A keypair is read from a file of one's own, and from nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from solders.keypair import Keypair

from tocsin.adapters.doublezero.keypairs import KeypairRefused, keypair_in

KEYPAIR = Keypair.from_seed(bytes(range(32)))
NUMBERS = list(bytes(KEYPAIR))


def written(folder: Path, content: str | bytes, *, mode: int = 0o600) -> Path:
    path = folder / "id.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_keypair_is_read(tmp_path: Path, mode: int) -> None:
    assert keypair_in(written(tmp_path, json.dumps(NUMBERS), mode=mode)) == KEYPAIR


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_one_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, json.dumps(NUMBERS), mode=mode)

    with pytest.raises(KeypairRefused, match="is open to others; chmod 600 it"):
        keypair_in(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not a JSON array"),
        (b"\xff\xfe", "is not a JSON array"),
        (str(KEYPAIR), "is not a JSON array"),
        ("[" * 4000, "is not a JSON array"),
        ("{}", "is not a JSON array of 64 numbers"),
        (json.dumps(NUMBERS[:32]), "is not a JSON array of 64 numbers"),
        (json.dumps([*NUMBERS[:63], 256]), "holds something else than bytes"),
        (json.dumps([*NUMBERS[:63], True]), "holds something else than bytes"),
        (json.dumps([*NUMBERS[:63], 1.0]), "holds something else than bytes"),
        (json.dumps([*NUMBERS[:63], NUMBERS[63] ^ 1]), "do not belong together"),
        (" " * 5000 + json.dumps(NUMBERS), "has more than 4,096 bytes"),
    ],
)
def test_what_is_no_keypair_is_refused_and_not_repeated(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    path = written(tmp_path, content)

    with pytest.raises(KeypairRefused, match=reason) as refused:
        keypair_in(path)

    assert refused.value.reason.replace(str(path), "").count(",") <= 1
    assert str(KEYPAIR) not in refused.value.reason


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)

    with pytest.raises(KeypairRefused, match="cannot be read: No such file"):
        keypair_in(tmp_path / "none.json")
    with pytest.raises(KeypairRefused, match="is not a file"):
        keypair_in(pipe)
    with pytest.raises(KeypairRefused, match="is not a file"):
        keypair_in(tmp_path)
