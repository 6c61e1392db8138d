"""The program as a whole: which commands there are, how each explains itself, what it loads."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete

from tests.app.conftest import Run
from tocsin.app.command_line.program import ROOMS, program
from tocsin.core.ticket_reading import NEEDS_AFFECTED

SHARED = "comment label assign severity publish timeline"
COMMANDS = {
    "incident": "create list get update ack status severity assign label comment publish rca "
    "resolve close reopen cancel timeline",
    "maintenance": f"create list get update start complete extend cancel close calendar {SHARED}",
    "device": "list get create update delete drain undrain readiness waive demand",
    "link": "list get create update delete drain undrain readiness accept waive demand",
    "location": "list get create update delete",
    "contributor": "list get create update delete",
    "member": "list get create update delete link-code sign-in-link",
    "key": "list get create update revoke",
    "service": "list get create update delete",
    "route": "list get create update delete test",
    "entry-point": "list get create update delete",
    "connector": "list get create update delete dry-run",
    "rule": "list get create update delete",
    "status-page": "list get create update delete",
    "subscription": "list delete",
    "import": "alertmanager",
    "delivery": "list get redrive",
    "inbox": "list get replay",
    "policy": "get update",
    "events": "list follow",
    "signal": "send list attach",
}
WITHIN = {("device", "interface"): "list add update delete"}
ALONE = ("measures", "ledger", "redact", "whoami", "doctor", "completion")
NOT_JSON = (("completion",), ("maintenance", "calendar"))
SERVERS = ("admin", "db", "monitor", "serve", "status")
PATHS = [(name, verb) for name, verbs in COMMANDS.items() for verb in verbs.split()]
LEAVES = [
    *PATHS,
    *((*group, verb) for group, verbs in WITHIN.items() for verb in verbs.split()),
    *((name,) for name in ALONE),
]


def command_at(*path: str) -> click.Command:
    command: click.Command = program
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None, path
        command = found
    return command


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_of_the_contract_exists_and_explains_itself(
    path: tuple[str, ...], run: Run
) -> None:
    answer = run(*path, "--help")

    assert answer.exit_code == 0
    assert f"Usage: tocsin {' '.join(path)}" in answer.stdout
    examples = answer.stdout.partition("Examples:")[2]
    assert f"tocsin {' '.join(path)}" in examples
    assert NEEDS_AFFECTED not in examples, "it is put on and taken off by itself"
    assert re.search(r"(?<![-\w])a [aeio]", answer.stdout) is None


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_a_command_takes_one_positional_at_most_and_speaks_json(path: tuple[str, ...]) -> None:
    parameters = command_at(*path).params
    flags = {flag for parameter in parameters for flag in parameter.opts}

    assert sum(isinstance(parameter, click.Argument) for parameter in parameters) <= 1
    assert {"--json", "--json-compact"} <= flags or path in NOT_JSON


def test_there_is_no_command_but_those_of_the_contract() -> None:
    named = {name for entries in ROOMS.values() for name in entries}

    assert named == {*COMMANDS, *ALONE, *SERVERS}
    for name, verbs in COMMANDS.items():
        group = command_at(name)
        assert isinstance(group, click.Group)
        inner = {one for outer, one in WITHIN if outer == name}
        assert set(group.commands) - {"confirm"} - inner == set(verbs.split())
    for path, verbs in WITHIN.items():
        group = command_at(*path)
        assert isinstance(group, click.Group)
        assert set(group.commands) == set(verbs.split())


def test_the_help_names_every_command_and_the_environment(run: Run) -> None:
    answer = run("--help")

    assert answer.exit_code == 0
    for name in (*COMMANDS, *ALONE, *SERVERS):
        assert f"\n  {name} " in answer.stdout
    for name in ("TOCSIN_URL", "TOCSIN_API_KEY_FILE", "TOCSIN_ORG"):
        assert name in answer.stdout


def test_a_wrong_usage_is_exit_code_2(run: Run) -> None:
    assert run("nonsense").exit_code == 2
    assert run("incident", "list", "--nonsense").exit_code == 2
    assert run("incident", "get").exit_code == 2
    assert run("incident", "get", "a", "b").exit_code == 2
    assert run("incident", "create", "--title", "t").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(shell: str, run: Run) -> None:
    answer = run("completion", shell)

    assert answer.exit_code == 0
    assert "_TOCSIN_COMPLETE" in answer.stdout
    assert f"{shell}_complete" in answer.stdout


def completions(*words: str) -> set[str]:
    shell = ShellComplete(program, {}, "tocsin", "_TOCSIN_COMPLETE")
    return {item.value for item in shell.get_completions(list(words[:-1]), words[-1])}


def test_completion_offers_commands_verbs_flags_and_words() -> None:
    assert completions("ma") == {"maintenance"}
    assert completions("incident", "re") == {"resolve", "reopen"}
    assert "--root-cause" in completions("incident", "resolve", "x", "--ro")
    assert completions("incident", "list", "--severity", "sev1") == {"sev1"}
    assert completions("incident", "status", "x", "--to", "m") == {"mitigating", "monitoring"}


IMPORTED = """
import sys
from tocsin.app.command_line.program import program
try:
    program(sys.argv[1:], prog_name="tocsin", standalone_mode=True)
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def modules_of(*arguments: str) -> set[str]:
    """The top-level modules that a run of the program had loaded at its end."""
    nowhere = {"TOCSIN_URL": "http://127.0.0.1:9", "TOCSIN_ORG": "acme"}
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(ran.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("incident", "list"), ("key", "create", "--name", "n", "--role", "member")],
    ids=" ".join,
)
def test_a_client_loads_nothing_of_the_server(arguments: tuple[str, ...]) -> None:
    loaded = modules_of(*arguments)

    assert "click" in loaded
    assert not loaded & {"litestar", "sqlalchemy", "alembic", "uvicorn", "msgspec", "structlog"}


def test_the_help_loads_neither_tables_nor_the_network() -> None:
    assert not modules_of("--help") & {"rich", "urllib3"}


def test_the_program_says_its_version() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from tocsin.app.command_line import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.startswith("tocsin, version 0.")
