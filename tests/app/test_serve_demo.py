"""``tocsin serve --demo``: a furnished network at the first start, the same one at the next."""

from __future__ import annotations

import json
from pathlib import Path

from tests.app.test_database_commands import founded, run
from tests.app.test_serve import Served, serving


def kept_key(data: Path) -> str:
    key: str = json.loads((data / "demo-keys.json").read_text())["org_admin"]
    return key


def first_event(served: Served, key: str) -> str:
    status, events = served.get("/v1/orgs/demo/events?limit=1", token=key)
    assert status == 200, events
    found: str = json.loads(events)["items"][0]["id"]
    return found


def test_the_demo_is_furnished_once_and_its_key_opens_it_each_time(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as served:
        key = kept_key(tmp_path)
        first = first_event(served, key)
        assert served.get("/list") == served.get("/status/main/list")
        assert served.get("/list")[0] == 200
        said, _ = served.stop()
    assert "Furnishing" in said
    assert key in said

    with serving(tmp_path, "--demo") as served:
        assert first_event(served, key) == first
        said, log = served.stop()
    assert "Furnishing" not in said
    assert key in said
    assert key not in json.dumps(log)
    assert (tmp_path / "demo-keys.json").stat().st_mode & 0o077 == 0
    checked = run("db", "check", data=tmp_path)
    assert checked.exit_code == 0, checked.output


def test_a_database_in_use_is_not_furnished(tmp_path: Path) -> None:
    founded(tmp_path)
    with serving(tmp_path, "--demo") as served:
        said, _ = served.stop()
    assert "was in use before" in said
    assert "API key" not in said


def test_a_furnishing_that_was_broken_off_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db.furnishing").write_bytes(b"half a network")
    with serving(tmp_path, "--demo") as served:
        said, _ = served.stop()
    assert "API key" in said
    assert not (tmp_path / "tocsin.db.furnishing").exists()
