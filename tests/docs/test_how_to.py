"""How-to pages that show shell, run word for word in the shell of the tutorial."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.shells import ROOT, run_in, shells_of

HOW_TO = ROOT / "docs" / "how-to"
UP_TO_THE_DEVICE = 3
"""Blocks of the tutorial: org and key, the server, the first device."""
STOP = "kill %1\nwait %1\n"


def in_the_tutorial(page: str, *, then: str = "") -> str:
    beginning = shells_of(ROOT / "README.md", heading="Tutorial")[:UP_TO_THE_DEVICE]
    return "\n".join([*beginning, "echo PAGE", *shells_of(HOW_TO / page), then, STOP])


def test_rotating_a_key_leaves_the_new_one_good_and_the_old_one_revoked(tmp_path: Path) -> None:
    ask = "curl --silent --output /dev/null --write-out '%{http_code}\\n' --header"
    script = in_the_tutorial(
        "rotate-a-key.md",
        then=f'{ask} "Authorization: Bearer $FIRST" "$TOCSIN_URL/v1/me"\n'
        f'{ask} "Authorization: Bearer $TOCSIN_API_KEY" "$TOCSIN_URL/v1/me"\n'
        f'{ask} "Authorization: Bearer $SPARE" "$TOCSIN_URL/v1/me"\n',
    ).replace("echo PAGE", "echo PAGE; FIRST=$TOCSIN_API_KEY")

    said = run_in(tmp_path, script).partition("PAGE\n")[2]

    assert said.splitlines()[-3:] == ["401", "200", "200"]
    listed = [line.split("\t") for line in said.splitlines() if line.count("\t") == 3]
    assert {(state, name) for _, _, state, name in listed} == {
        ("revoked", "noc"),
        ("in force", "noc-2"),
    }


def test_moving_an_old_ticket_keeps_its_dates_and_its_words(tmp_path: Path) -> None:
    said = run_in(tmp_path, in_the_tutorial("move-from-the-gateway.md")).partition("PAGE\n")[2]

    opened, closed, listed = (json.loads(line) for line in said.splitlines())
    assert (opened["status"], opened["internal_reference"]) == ("open", "rec0017")
    assert closed["status"] == "closed"
    assert closed["start_at"] == "2026-01-05T10:00:00.000000Z"
    assert closed["end_at"] == "2026-01-05T12:00:00.000000Z"
    assert closed["created_at"] > closed["end_at"]
    assert [ticket["id"] for ticket in listed["items"]] == [opened["id"]]


def test_what_other_systems_send_is_taken_as_the_page_says(tmp_path: Path) -> None:
    said = run_in(
        tmp_path,
        in_the_tutorial(
            "come-from-another-system.md",
            then="echo END\ntocsin signal list --json\n",
        ),
    ).partition("END\n")[2]

    heard = {one["summary"]: (one["connector"], one["state"]) for one in json.loads(said)["items"]}
    assert heard == {
        "Disk is full on db1": ("pd", "firing"),
        "The ring is cut": ("oncall", "resolved"),
        "CPU is high": ("keep", "firing"),
    }


def test_triage_is_set_up_as_the_page_says(tmp_path: Path) -> None:
    said = run_in(
        tmp_path,
        in_the_tutorial("triage-reports.md", then="echo END\ntocsin entry-point list --json\n"),
    ).partition("END\n")[2]

    left = json.loads(said)["items"]
    assert [(one["name"], one["match"]["words"], one["is_fallback"]) for one in left] == [
        ("Payments", ["checkout", "credit card"], False),
        ("Everything else", [], True),
    ]


def test_what_the_page_reports_is_measured(tmp_path: Path) -> None:
    reported, *rest = shells_of(HOW_TO / "measure.md")
    followed = (
        'until tocsin measures --json-compact | grep --quiet \'"key":"carrier"\'; do :; done\n'
    )
    beginning = shells_of(ROOT / "README.md", heading="Tutorial")[:UP_TO_THE_DEVICE]
    measured = "echo PAGE\ntocsin measures --json-compact\n"
    script = "\n".join([*beginning, reported, followed, measured, *rest, STOP])

    said = run_in(tmp_path, script).partition("PAGE\n")[2]

    found = json.loads(said.splitlines()[0])
    by_name = {one["measure"]: one for one in found["measures"]}
    assert {name: one["count"] for name, one in by_name.items()} == dict.fromkeys(
        ("mttd", "mtta", "mttm", "mttr", "mttc"), 1
    )
    # It began twenty minutes before; the page itself takes seconds.
    assert 1_200 <= by_name["mttr"]["mean_seconds"] < 1_320
    (device,) = found["availability"]["devices"]
    assert device["code"] == "ams-1"
    assert "carrier" in said
    lines = (tmp_path / "measures.csv").read_text().splitlines()
    assert lines[0].startswith("figure,by,key,count,mean_seconds")
    assert any(line.startswith("mttr,,,1,") for line in lines)
    assert any(line.startswith("availability,device,ams-1,") for line in lines)


def test_the_calendar_is_read_as_the_page_says(tmp_path: Path) -> None:
    said = run_in(tmp_path, in_the_tutorial("read-the-maintenance-calendar.md"))
    said = said.partition("PAGE\n")[2]
    (one,) = tmp_path.glob("M*.ics")

    assert said.count("BEGIN:VCALENDAR") == said.count("END:VCALENDAR") == 3
    assert {"1", "304"} <= set(said.splitlines())
    assert f"X-MAINTNOTE-MAINTENANCE-ID:{one.stem}" in said
    for name in ("maintenance.ics", "all.ics", "month.ics", one.name):
        found = (tmp_path / name).read_text()
        assert found.count("BEGIN:VEVENT") == 1
        assert "X-MAINTNOTE-OBJECT-ID:ams-1" in found
        assert "X-MAINTNOTE-IMPACT:OUTAGE" in found
