"""Every setting that the page about telemetry shows is one that a server takes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from tests.docs.shells import ROOT
from tocsin.app.provisioning import sources
from tocsin.app.settings import read_settings

PAGE: Final = ROOT / "docs" / "how-to" / "judge-by-your-telemetry.md"


def shown() -> dict[str, str]:
    """The lines of the page that set something, as a shell reads them."""
    lines = [
        line.strip() for line in PAGE.read_text().splitlines() if line.startswith("    TOCSIN")
    ]
    pairs = [shlex.split(line)[0].partition("=") for line in lines]
    return {name: value for name, _, value in pairs}


def test_what_the_page_sets_can_be_set(tmp_path: Path) -> None:
    environ = shown()
    for name in environ:
        if name.endswith("_FILE"):
            file = tmp_path / name
            file.write_text("https://node.example.net" if "URL" in name else "a-token")
            environ[name] = str(file)

    found = sources(read_settings(environ=environ, given={}))

    assert len(environ) >= 12
    assert None not in (found.counters, found.agents, found.qa, found.latency)
    assert found.counters is not found.agents
