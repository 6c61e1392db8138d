"""The project's files name no package index and no folder of anybody's machine."""

from __future__ import annotations

import re

import pytest

from tests.architecture.project_files import project_files, shown

NAMED = re.compile(
    r"""
      py[p]i\.org | pythonhos[t]ed\.org | registry\.np[m]js
    | np[m]js\.(?:com|org)/ | deb\.deb[i]an\.org
    | (?<!emit-)(?:index|find)-(?:url|links)\b
    | (?<![\w./-])/(?:home|root|Users|work)/[\w.]
    | \b[A-Z]:\\Users
    """,
    re.VERBOSE,
)


def test_no_file_names_a_machine_or_an_index() -> None:
    files = project_files()
    assert len(files) > 10

    found = []
    for path in files:
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if NAMED.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()[:100]}")

    assert found == []


@pytest.mark.parametrize(
    "parts",
    [
        ("--index", "-url https://packages.example"),
        ("--find", "-links /srv/wheels"),
        ("see https://", "pypi", ".org/project/tocsin"),
        ("-e /ho", "me/ana/tocsin"),
        ("open('/ro", "ot/tocsin.db')"),
    ],
)
def test_a_machine_or_an_index_is_seen(parts: tuple[str, ...]) -> None:
    assert NAMED.search("".join(parts))


@pytest.mark.parametrize(
    "line",
    [
        "--no-emit-index-url --no-emit-find-links",
        "#!/usr/bin/env bash",
        "GET /v1/homes/home/root/x",
    ],
)
def test_ordinary_text_passes(line: str) -> None:
    assert not NAMED.search(line)
