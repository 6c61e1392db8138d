"""``tocsin admin`` and ``tocsin db`` on a real database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from tests.handler.acting import pubkey
from tocsin.app.command_line.program import program


def run(*arguments: str, data: Path) -> Result:
    return CliRunner().invoke(program, [*arguments, "--data", str(data)], prog_name="tocsin")


def founded(data: Path) -> None:
    assert run("admin", "org", "create", "--code", "net", "--name", "Net", data=data).exit_code == 0


def test_an_org_a_contributor_and_a_key_are_made_on_an_empty_folder(tmp_path: Path) -> None:
    founded(tmp_path)
    made = run(
        *("admin", "contributor", "create", "--org", "net", "--code", "alpha"),
        *("--name", "Alpha", "--pubkey", pubkey(1)),
        data=tmp_path,
    )
    assert made.exit_code == 0, made.output
    key = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc"),
        *("--role", "member", "--contributor", "alpha"),
        data=tmp_path,
    )
    assert key.exit_code == 0, key.output
    start, identity, secret = key.stdout.strip().split("_", 2)
    assert start == "tk"
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()

    assert identity in run("admin", "key", "list", "--org", "net", data=tmp_path).stdout
    revoked = run("admin", "key", "revoke", "--org", "net", "--id", identity, data=tmp_path)
    assert revoked.exit_code == 0, revoked.output
    assert "revoked" in run("admin", "key", "list", "--org", "net", data=tmp_path).stdout
    listed = run("admin", "contributor", "list", "--org", "net", data=tmp_path).stdout
    assert listed == f"alpha\t{pubkey(1)}\tAlpha\n"


def test_what_cannot_be_says_why(tmp_path: Path) -> None:
    founded(tmp_path)
    again = run("admin", "org", "create", "--code", "net", "--name", "Net", data=tmp_path)
    assert again.exit_code == 1
    assert "already" in again.output
    nobody = run("admin", "key", "list", "--org", "nobody", data=tmp_path)
    assert nobody.exit_code == 1
    assert "tocsin admin org create" in nobody.output


def test_check_and_backup_tell_a_sound_database_from_a_damaged_one(tmp_path: Path) -> None:
    founded(tmp_path)
    assert run("db", "check", data=tmp_path).exit_code == 0
    copy = tmp_path / "copy.db"
    assert run("db", "backup", "--to", str(copy), data=tmp_path).exit_code == 0
    assert copy.exists()
    database = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    database.execute("UPDATE events SET public = replace(public, 'net', 'ten')")
    database.execute("UPDATE events SET private = replace(private, 'net', 'ten')")
    database.close()
    damaged = run("db", "check", data=tmp_path)
    assert damaged.exit_code == 1
    assert "position 1" in damaged.output


def test_a_database_that_asks_for_newer_code_is_refused_with_what_to_do(tmp_path: Path) -> None:
    founded(tmp_path)
    database = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    database.execute("UPDATE house SET value = '99' WHERE name = 'oldest_code'")
    database.close()
    refused = run("db", "migrate", data=tmp_path)
    assert refused.exit_code == 1
    assert "Install the newer Tocsin" in refused.output


def test_there_is_nothing_to_check_where_there_is_no_database(tmp_path: Path) -> None:
    missing = run("db", "check", data=tmp_path / "nowhere")
    assert missing.exit_code == 1
    assert "there is no database" in missing.output
