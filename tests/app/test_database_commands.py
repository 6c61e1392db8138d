"""``tocsin admin`` and ``tocsin db`` on a real database."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from tests.handler.acting import pubkey
from tocsin.app.command_line.on_database import told_of_file
from tocsin.app.command_line.program import program
from tocsin.app.lock import locked

NOBODY = 65_534


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


def test_without_an_org_the_lists_have_every_one_and_a_key_is_known_by_its_id(
    tmp_path: Path,
) -> None:
    founded(tmp_path)
    run("admin", "org", "create", "--code", "web", "--name", "Web", data=tmp_path)
    identities = []
    for org in ("web", "net"):
        key = run(
            *("admin", "key", "create", "--org", org, "--name", f"noc of {org}"),
            *("--role", "viewer"),
            data=tmp_path,
        )
        identities.append(key.stdout.split("_")[1])
    of_web, of_net = identities
    run(
        *("admin", "contributor", "create", "--org", "web", "--code", "alpha"),
        *("--name", "Alpha", "--pubkey", pubkey(1)),
        data=tmp_path,
    )

    revoked = run("admin", "key", "revoke", "--id", of_web, data=tmp_path)
    unknown = run("admin", "key", "revoke", "--id", "nobody", data=tmp_path)

    assert (revoked.exit_code, unknown.exit_code) == (0, 1)
    assert "there is no key 'nobody' here" in unknown.output
    assert run("admin", "key", "list", data=tmp_path).stdout == (
        f"{of_net}\tviewer\tin force\tnoc of net\tnet\n{of_web}\tviewer\trevoked\tnoc of web\tweb\n"
    )
    listed = run("admin", "contributor", "list", data=tmp_path).stdout
    assert listed == f"alpha\t{pubkey(1)}\tAlpha\tweb\n"


def test_what_cannot_be_says_why(tmp_path: Path) -> None:
    founded(tmp_path)
    again = run("admin", "org", "create", "--code", "net", "--name", "Net", data=tmp_path)
    assert again.exit_code == 1
    assert "already" in again.output
    nobody = run("admin", "key", "list", "--org", "nobody", data=tmp_path)
    assert nobody.exit_code == 1
    assert "tocsin admin org create" in nobody.output


def test_a_check_says_how_much_there_is_and_how_new_it_is(tmp_path: Path) -> None:
    assert run("db", "migrate", data=tmp_path).exit_code == 0
    empty = run("db", "check", data=tmp_path)
    assert (empty.exit_code, empty.stdout.splitlines()[0]) == (
        0,
        "there is no event in it; if there should be, it is not the database you meant",
    )
    founded(tmp_path)
    run(
        *("admin", "contributor", "create", "--org", "net", "--code", "alpha"),
        *("--name", "Alpha", "--pubkey", pubkey(1)),
        data=tmp_path,
    )
    database = sqlite3.connect(tmp_path / "tocsin.db")
    ((count, newest),) = database.execute("SELECT count(*), max(recorded_at) FROM events")
    database.close()
    checked = run("db", "check", data=tmp_path)
    assert checked.stdout.splitlines()[0] == (
        f"{count} events of 1 organisation, the last of {newest}"
    )


def test_check_and_backup_tell_a_sound_database_from_a_damaged_one(tmp_path: Path) -> None:
    founded(tmp_path)
    sound = run("db", "check", data=tmp_path)
    assert (sound.exit_code, sound.stderr) == (0, "")
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


def test_a_database_of_an_older_release_is_checked_as_far_as_it_goes(tmp_path: Path) -> None:
    founded(tmp_path)
    database = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    for statement in (
        "DROP TABLE page_slugs",
        "DROP TABLE public_notices",
        "DROP INDEX receipts_of_stream",
        "UPDATE alembic_version SET version_num = '0005'",
    ):
        database.execute(statement)
    checked = run("db", "check", data=tmp_path)
    assert checked.exit_code == 0, checked.output
    assert checked.output.endswith("once it was migrated: tocsin db migrate\n")

    database.execute("UPDATE heads SET state = replace(state, 'Net', 'Ten')")
    damaged = run("db", "check", data=tmp_path)
    assert damaged.exit_code == 1
    assert "the state of org" in damaged.output
    database.execute("UPDATE heads SET state = replace(state, 'Ten', 'Net')")
    database.close()

    assert run("db", "migrate", data=tmp_path).exit_code == 0
    assert "the measures and the search are sound" in run("db", "check", data=tmp_path).output


def test_a_database_that_asks_for_newer_code_is_refused_with_what_to_do(tmp_path: Path) -> None:
    founded(tmp_path)
    database = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    database.execute("UPDATE house SET value = '99' WHERE name = 'oldest_code'")
    database.close()
    refused = run("db", "migrate", data=tmp_path)
    assert refused.exit_code == 1
    assert "Install the newer Tocsin" in refused.output


def test_what_holds_the_record_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    if os.geteuid() == 0:
        os.chown(data, NOBODY, NOBODY)
    founded(data)
    copy = data / "copy.db"
    assert run("db", "backup", "--to", str(copy), data=data).exit_code == 0
    assert run("db", "restore", "--from", str(copy), "--force", data=data).exit_code == 0

    database = sqlite3.connect(data / "tocsin.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("UPDATE house SET value = value")
    files = {file.name: file.stat() for file in data.iterdir() if "before" not in file.name}
    database.close()
    beside = {"tocsin.db-wal", "tocsin.db-shm", "tocsin.db.lock", "secret.key", "copy.db"}
    assert files.keys() == {"tocsin.db"} | beside
    assert {name: file.st_mode & 0o777 for name, file in files.items()} == dict.fromkeys(
        files, 0o600
    )
    # What root does here is done for the user whose folder it is.
    assert {file.st_uid for file in files.values()} == {data.stat().st_uid}


def test_a_link_that_leads_away_is_not_followed_by_what_is_made_new(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db.lock").symlink_to(tmp_path / "elsewhere")
    refused = run("db", "restore", "--from", str(backed_up(tmp_path / "old")), data=tmp_path)
    assert refused.exit_code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    founded(tmp_path)
    nowhere = tmp_path / "nowhere" / "copy.db"
    refused = run("db", "backup", "--to", str(nowhere), data=tmp_path)
    assert refused.exit_code == 1
    assert refused.output.strip() == f"Error: {nowhere}.partial: No such file or directory"


def test_whoever_may_not_have_a_file_is_told_whose_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.touch(mode=0)
    theirs = tmp_path / "theirs"
    theirs.touch(mode=0)
    if os.geteuid() == 0:
        os.chown(theirs, NOBODY, NOBODY)
    else:
        theirs = Path("/")
    owner, me = (pwd.getpwuid(one).pw_name for one in (theirs.stat().st_uid, os.geteuid()))

    def told(path: Path) -> str:
        return told_of_file(PermissionError(errno.EACCES, "Permission denied", str(path)))

    assert told(theirs) == (
        f"{theirs}: Permission denied; {theirs} belongs to {owner} and this runs as {me}:"
        f" run it as {owner}, or give what is there away with chown"
    )
    assert told(mine / "below") == (
        f"{mine / 'below'}: Permission denied; its mode, or that of {mine}, does not let {me} in"
    )


def test_there_is_nothing_to_check_where_there_is_no_database(tmp_path: Path) -> None:
    missing = run("db", "check", data=tmp_path / "nowhere")
    assert missing.exit_code == 1
    assert "there is no database" in missing.output


def orgs_of(data: Path) -> set[str]:
    database = sqlite3.connect(data / "tocsin.db", isolation_level=None)
    found = {code for (code,) in database.execute("SELECT code FROM orgs")}
    database.close()
    return found


def backed_up(folder: Path) -> Path:
    """A backup of a database that knows the org ``net``."""
    folder.mkdir()
    founded(folder)
    copy = folder / "copy.db"
    assert run("db", "backup", "--to", str(copy), data=folder).exit_code == 0
    return copy


def test_a_backup_is_restored_into_an_empty_place(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    before = copy.read_bytes()

    restored = run("db", "restore", "--from", str(copy), data=place)

    assert restored.exit_code == 0, restored.output
    assert orgs_of(place) == {"net"}
    assert run("db", "check", data=place).exit_code == 0
    assert copy.read_bytes() == before
    assert {file.name for file in place.iterdir()} == {"tocsin.db", "tocsin.db.lock"}


def test_a_restore_asks_for_the_key_that_the_backup_does_not_hold(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    asked = f"put the secret.key of the backed up server into {place}"

    assert asked in run("db", "restore", "--from", str(copy), data=place).output
    shutil.copy(tmp_path / "old" / "secret.key", place)
    again = run("db", "restore", "--from", str(copy), "--force", data=place)
    assert (again.exit_code, asked in again.output) == (0, False)


def test_a_database_that_is_there_is_only_moved_aside_and_only_by_force(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    made = run("admin", "org", "create", "--code", "later", "--name", "Later", data=place)
    assert made.exit_code == 0

    refused = run("db", "restore", "--from", str(copy), data=place)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert orgs_of(place) == {"later"}

    restored = run("db", "restore", "--from", str(copy), "--force", data=place)
    assert restored.exit_code == 0, restored.output
    assert orgs_of(place) == {"net"}
    (aside,) = place.glob("tocsin.db.before-*")
    assert str(aside) in restored.output
    assert run("db", "restore", "--from", str(aside), "--force", data=place).exit_code == 0
    assert orgs_of(place) == {"later"}


def test_commits_that_are_not_in_the_file_yet_are_moved_aside_with_it(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    place.mkdir()
    founded(place)
    # A process that was killed leaves its last commits beside the file.
    shutil.copy(place / "tocsin.db", tmp_path / "killed.db")
    database = sqlite3.connect(tmp_path / "killed.db", isolation_level=None)
    database.execute("INSERT INTO orgs (org_id, code) VALUES (77, 'late')")
    for ending in ("", "-wal"):
        shutil.copy(tmp_path / f"killed.db{ending}", place / f"tocsin.db{ending}")
    database.close()

    assert run("db", "restore", "--from", str(copy), "--force", data=place).exit_code == 0
    assert orgs_of(place) == {"net"}
    (aside,) = place.glob("tocsin.db.before-*")
    aside.rename(place / "tocsin.db")
    assert orgs_of(place) == {"net", "late"}


def test_what_is_no_sound_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    made = run("admin", "org", "create", "--code", "here", "--name", "Here", data=place)
    assert made.exit_code == 0

    def refused(source: Path) -> str:
        answer = run("db", "restore", "--from", str(source), "--force", data=place)
        assert answer.exit_code == 1
        assert orgs_of(place) == {"here"}
        assert not list(place.glob("tocsin.db.before-*"))
        assert not list(place.glob("*.restoring*"))
        return answer.output

    assert "there is no file" in refused(tmp_path / "nowhere.db")
    text = tmp_path / "text"
    text.write_text("not a database" * 1000)
    assert "is no backup" in refused(text)
    (empty := tmp_path / "empty").touch()
    assert "is no backup" in refused(empty)
    assert "the database itself" in refused(place / "tocsin.db")
    database = sqlite3.connect(copy, isolation_level=None)
    database.execute("UPDATE house SET value = '99' WHERE name = 'oldest_code'")
    assert "Install the newer Tocsin" in refused(copy)
    database.execute("UPDATE house SET value = '0' WHERE name = 'oldest_code'")
    database.execute("UPDATE events SET public = replace(public, 'net', 'ten')")
    database.execute("UPDATE events SET private = replace(private, 'net', 'ten')")
    database.close()
    assert "damaged" in refused(copy)
    Path(f"{copy}-wal").write_bytes(b"commits")
    assert "tocsin db backup" in refused(copy)


def test_restore_and_rebuild_leave_a_database_that_is_being_served_alone(tmp_path: Path) -> None:
    copy, place = backed_up(tmp_path / "old"), tmp_path / "new"
    place.mkdir()
    founded(place)
    with locked(place / "tocsin.db"):
        for command in (("restore", "--force", "--from", str(copy)), ("rebuild",)):
            refused = run("db", *command, data=place)
            assert refused.exit_code == 1
            assert "another Tocsin is at work" in refused.output
        assert run("db", "check", data=place).exit_code == 0


def test_a_rebuild_makes_anew_what_was_lost(tmp_path: Path) -> None:
    founded(tmp_path)
    database = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    database.execute("DELETE FROM heads")
    assert run("db", "check", data=tmp_path).exit_code == 1

    rebuilt = run("db", "rebuild", data=tmp_path)

    assert rebuilt.exit_code == 0, rebuilt.output
    (events,) = database.execute("SELECT count(*) FROM events").fetchone()
    database.close()
    assert rebuilt.stdout == f"rebuilt from {events} events\n"
    assert run("db", "check", data=tmp_path).exit_code == 0
