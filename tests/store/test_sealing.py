"""The installation's key is made once, whole, for its owner's eyes only; what it seals opens with
no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.fernet import Fernet

from tocsin.store.sealing import KEY_FILE, WrongSecretKey, opened, sealed, secret_key

MANY = 8


def test_a_key_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    key = secret_key(tmp_path, None)

    assert secret_key(tmp_path, None) == key
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert opened(secret_key(tmp_path, None), sealed(key, b"word")) == b"word"


def test_those_who_begin_together_have_one_key(tmp_path: Path) -> None:
    begin = Barrier(MANY)

    def key_in(folder: Path) -> bytes:
        begin.wait(timeout=10)
        return secret_key(folder, None)

    with ThreadPoolExecutor(MANY) as threads:
        for number in range(40):
            folder = tmp_path / str(number)
            folder.mkdir()
            assert len(set(threads.map(key_in, [folder] * MANY))) == 1
            assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_a_key_that_is_given_leaves_no_file(tmp_path: Path) -> None:
    key = Fernet.generate_key()

    assert secret_key(tmp_path, key.decode()) == key
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"half a k")

    with pytest.raises(ValueError, match="32"):
        secret_key(tmp_path, None)
    assert (tmp_path / KEY_FILE).read_bytes() == b"half a k"


def test_what_was_sealed_opens_with_no_other_key() -> None:
    box = sealed(Fernet.generate_key(), b"word")

    with pytest.raises(WrongSecretKey, match="TOCSIN_SECRET_KEY"):
        opened(Fernet.generate_key(), box)
