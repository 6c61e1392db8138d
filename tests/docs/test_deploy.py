"""What is handed out to run Tocsin with: every option, setting and metric in it exists."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from bench.processes import free_port
from tests.docs.shells import ROOT
from tests.servers.postgres import OWNER, Cluster
from tocsin.adapters.rest.metrics import Metrics
from tocsin.app.command_line.program import program
from tocsin.app.settings import TABLE, Settings, has_role, read_settings

DEPLOY: Final = ROOT / "deploy"
PRODUCTION: Final = ROOT / "docs" / "how-to" / "run-in-production.md"
UNITS: Final = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX: Final = sorted((DEPLOY / "nginx").glob("*.conf"))
PORT: Final = "8081"
A_KEY: Final = "A" * 43 + "="
A_TOKEN: Final = "t" * 32
HANDED_OUT: Final = {
    "Containerfile",
    "compose.yaml",
    "nginx/compose.conf",
    "nginx/tocsin.conf",
    "postgres/10-role.sh",
    "prometheus/tocsin.yaml",
    "systemd/tocsin-dispatcher@.service",
    "systemd/tocsin-gateway@.service",
    "systemd/tocsin.env",
    "systemd/tocsin.service",
}


def test_all_that_is_handed_out_is_known_here() -> None:
    found = {
        path.relative_to(DEPLOY).as_posix() for path in DEPLOY.rglob("*.*") if path.is_file()
    } | {path.name for path in DEPLOY.iterdir() if path.is_file()}
    assert found - {".env"} == HANDED_OUT


# -- what tocsin is told --------------------------------------------------------------------------


def settings_of(command: list[str], environment: Mapping[str, str]) -> Settings:
    """What ``tocsin`` would make of *command* in *environment*, read by its own code."""
    assert command[0] == "serve"
    serve = program.get_command(click.Context(program), "serve")
    assert serve is not None
    with serve.make_context("serve", command[1:]) as context:
        given = {
            name: ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in context.params.items()
            if value not in (None, ())
        }
    return read_settings(environ=environment, given=given)


def environment_file(path: Path) -> dict[str, str]:
    """A file of ``NAME=value``; what is commented out is a setting as well."""
    lines = [line.removeprefix("#") for line in path.read_text().splitlines()]
    pairs = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    return {
        name: "".join(shlex.split(value)) for name, _, value in (p.partition("=") for p in pairs)
    }


def with_secrets(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same, with the secret files in *folder* instead of where an operator has them."""
    contents = {"TOCSIN_SECRET_KEY_FILE": A_KEY, "TOCSIN_METRICS_TOKEN_FILE": A_TOKEN}
    moved = dict(environment)
    for name in environment:
        if name.startswith("TOCSIN_") and name.endswith("_FILE"):
            path = folder / name
            path.write_text(contents.get(name, "a password"))
            moved[name] = str(path)
    return moved


def sections(unit: Path) -> dict[str, list[tuple[str, str]]]:
    """A unit file as systemd reads it: by section, each line a name and a value."""
    found: dict[str, list[tuple[str, str]]] = {}
    section: list[tuple[str, str]] | None = None
    for line in unit.read_text().splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if (header := re.fullmatch(r"\[(\w+)\]", line)) is not None:
            section = found.setdefault(header[1], [])
            continue
        name, equals, value = line.partition("=")
        assert equals, line
        assert re.fullmatch(r"[A-Za-z]+", name), line
        assert section is not None, line
        section.append((name, value))
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_there_is(unit: Path, tmp_path: Path) -> None:
    service = dict(sections(unit)["Service"])
    assert service["EnvironmentFile"] == "/etc/tocsin/tocsin.env"
    executable, *command = shlex.split(service["ExecStart"].replace("%i", PORT))
    assert executable == "/opt/tocsin/.venv/bin/tocsin"
    environment = with_secrets(environment_file(DEPLOY / "systemd" / "tocsin.env"), tmp_path)
    alone = unit.name == "tocsin.service"
    if alone:
        del environment["TOCSIN_DATABASE"]

    settings = settings_of(command, environment)

    assert settings.secret_key == A_KEY
    assert has_role(settings, "gateway") == (alone or "gateway" in unit.name)
    assert has_role(settings, "dispatcher") == (alone or "dispatcher" in unit.name)
    assert alone or settings.port == int(PORT)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_gives_nothing_that_is_not_needed(unit: Path) -> None:
    service = dict(sections(unit)["Service"])
    assert service["User"] == "tocsin"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateDevices", "PrivateTmp"):
        assert service[name] == "yes"


def test_the_units_are_units(tmp_path: Path) -> None:
    for unit in UNITS:
        assert set(sections(unit)) == {"Unit", "Service", "Install"}
        text = unit.read_text().replace("/opt/tocsin/.venv/bin/tocsin", "/bin/true")
        (tmp_path / unit.name.replace("@.", f"@{PORT}.")).write_text(text)
    if shutil.which("systemd-analyze") is None:
        return  # Elsewhere than on Linux with systemd, the shape is all that can be told.
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_environment_of_the_units_holds_no_secret() -> None:
    secrets = {setting.variable for setting in TABLE if setting.secret}
    assert not secrets & environment_file(DEPLOY / "systemd" / "tocsin.env").keys()


# -- containers -----------------------------------------------------------------------------------


def test_the_containers_are_told_what_there_is() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    pairs = dict(re.findall(r'^ +(TOCSIN_[A-Z_]+): "(.*)"$', text, flags=re.MULTILINE))
    assert len(re.findall(r"^ +TOCSIN_", text, flags=re.MULTILINE)) == len(pairs)
    image = (DEPLOY / "Containerfile").read_text()
    (given,) = re.findall(r"^ENV (.*)$", image, flags=re.MULTILINE)
    pairs |= dict(one.split("=") for one in given.split())
    pairs = {name: value.replace("${TOCSIN_SECRET_KEY:?}", A_KEY) for name, value in pairs.items()}
    pairs = {
        name: value.replace("${TOCSIN_METRICS_TOKEN:?}", A_TOKEN) for name, value in pairs.items()
    }
    roles = [settings_of(one["command"], pairs).role for one in processes().values()]
    assert sorted(roles) == [("dispatcher",)] * 2 + [("gateway",)] * 2


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def processes() -> dict[str, dict[str, Any]]:
    """The services that are processes of Tocsin, by name."""
    return {name: one for name, one in compose()["services"].items() if one["image"] == "tocsin"}


def gateways() -> dict[str, dict[str, Any]]:
    return {name: one for name, one in processes().items() if "gateway" in one["command"]}


def address_of(service: dict[str, Any]) -> str:
    """The address that a service keeps when its container is made anew."""
    kept: str = service["networks"]["default"]["ipv4_address"]
    return kept


def test_only_nginx_is_believed_about_who_is_calling() -> None:
    """Whoever Docker itself passes on comes from the network's own address, and says anything."""
    (network,) = compose()["networks"]["default"]["ipam"]["config"]
    others = [ipaddress.ip_address(network["gateway"])]
    others += [ipaddress.ip_address(address_of(one)) for one in gateways().values()]
    others += ipaddress.ip_network(network["ip_range"])
    for service in processes().values():
        environment = {"TOCSIN_TRUSTED_PROXIES": service["environment"]["TOCSIN_TRUSTED_PROXIES"]}
        trusted = settings_of(["serve"], environment).trusted_proxies
        nginx = ipaddress.ip_address(address_of(compose()["services"]["nginx"]))
        assert any(nginx in one for one in trusted)
        assert not [one for one in others for network in trusted if one in network]


def test_an_address_that_is_kept_is_given_to_nobody_else() -> None:
    (network,) = compose()["networks"]["default"]["ipam"]["config"]
    kept = [address_of(one) for one in gateways().values()]
    kept += [address_of(compose()["services"]["nginx"]), network["gateway"]]
    assert len(set(kept)) == len(kept)
    for one in kept:
        assert ipaddress.ip_address(one) in ipaddress.ip_network(network["subnet"])
        assert ipaddress.ip_address(one) not in ipaddress.ip_network(network["ip_range"])


def test_a_gateway_that_is_made_anew_has_its_copies_of_status_pages() -> None:
    folders = [volume for one in gateways().values() for volume in one["volumes"]]
    assert len(set(folders)) == len(gateways())
    assert all(folder.endswith(":/var/lib/tocsin") for folder in folders)
    assert {folder.partition(":")[0] for folder in folders} <= compose()["volumes"].keys()
    for one in gateways().values():
        assert not [mount for mount in one["tmpfs"] if mount.startswith("/var/lib/tocsin")]


def test_no_container_writes_more_than_a_disk_holds() -> None:
    for name, service in compose()["services"].items():
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys(), name
    for name, service in processes().items():
        assert service["read_only"] is True, name


def test_the_page_makes_the_secrets_that_the_containers_ask_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?\}", (DEPLOY / "compose.yaml").read_text()))
    (made,) = re.findall(
        r"^ {4}\(umask 077; python3 > \.env <<'PYTHON'\n(.*?)^ {4}PYTHON$",
        PRODUCTION.read_text(),
        flags=re.MULTILINE | re.DOTALL,
    )
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(made)], capture_output=True, text=True, check=True
    ).stdout
    given = dict(line.split("=", 1) for line in said.splitlines())
    assert given.keys() == asked
    ours = {name: value for name, value in given.items() if name.startswith("TOCSIN_")}
    assert settings_of(["serve"], ours).metrics_token == given["TOCSIN_METRICS_TOKEN"]


def test_the_role_of_the_containers_is_bound_by_row_level_security(tmp_path: Path) -> None:
    cluster = Cluster.made()
    try:
        cluster.run("DROP ROLE tocsin")
        done = subprocess.run(
            ["sh", str(DEPLOY / "postgres" / "10-role.sh")],
            env=os.environ
            | {
                "POSTGRES_USER": OWNER,
                "DATABASE_PASSWORD": "it's a 'password'",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(cluster.port),
                "PGDATABASE": "postgres",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (role,) = cluster.run(
            "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'tocsin'"
        )
        assert role == (True, False, False)
        (owner,) = cluster.run(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'tocsin'"
        )
        assert owner == ("tocsin",)
    finally:
        cluster.remove()


# -- nginx ----------------------------------------------------------------------------------------


def block(text: str, opening: str) -> str:
    """What is between the braces behind *opening*."""
    _, found, rest = text.partition(opening + " {")
    assert found, opening
    return rest[: _end_of_block(rest)]


def _end_of_block(text: str) -> int:
    depth = 1
    for at, one in enumerate(text):
        depth += {"{": 1, "}": -1}.get(one, 0)
        if not depth:
            return at
    raise AssertionError("a brace is not closed")


@pytest.mark.parametrize("path", NGINX, ids=lambda path: path.name)
def test_nginx_passes_on_what_a_gateway_needs(path: Path) -> None:
    text = re.sub(r"#.*", "", path.read_text())
    assert text.count("{") == text.count("}")
    _, _, served = text.partition("listen 443 ssl")
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in served
    assert "proxy_set_header Host $host;" in served
    assert "client_max_body_size 6m;" in served
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in served
    assert "non_idempotent" not in text
    stream = block(served, r"location ~ ^/v1/orgs/[^/]+/stream$")
    assert "proxy_buffering off;" in stream
    assert "proxy_set_header" not in stream, "it would replace all that are inherited"
    assert "return 404;" in block(served, "location = /metrics")
    assert "return 308 https://" in text


def test_nginx_finds_the_units_and_the_containers() -> None:
    ports = set(re.findall(r"tocsin-gateway@(\d+)", PRODUCTION.read_text()))
    one, other = ((DEPLOY / "nginx" / name).read_text() for name in ("tocsin.conf", "compose.conf"))
    assert set(re.findall(r"server 127\.0\.0\.1:(\d+) ", one)) == ports
    # By their addresses: nginx asks for names only when it starts, and does not start when one of
    # them is away.
    kept = {address_of(one) for one in gateways().values()}
    assert set(re.findall(r"server ([^:]+):8080 ", other)) == kept
    # Apart from where the gateways are, and how a newer nginx is told of HTTP/2, both are the same.
    assert " http2;" in one
    assert "    http2 on;\n" in other
    of_their_own = r"    server .*\n|    http2 on;\n|    # From nginx .*\n| http2(?=;)"
    assert re.sub(of_their_own, "", one) == re.sub(of_their_own, "", other)


# -- metrics and words ----------------------------------------------------------------------------


def metric_names() -> set[str]:
    metrics = Metrics()
    metrics.watch_queue(lambda: 0)
    metrics.watch_parked(lambda: 0)
    metrics.watch_followers(list)
    metrics.watch_ledger(is_written=True)
    metrics.observe_deliveries("acme", "noc", "webhook", "delivered", 1)
    return set(re.findall(r"^# HELP (tocsin_\w+)", metrics.exposition().decode(), re.MULTILINE))


def test_the_alerts_ask_for_metrics_that_there_are() -> None:
    alerts = (DEPLOY / "prometheus" / "tocsin.yaml").read_text()
    asked = set(re.findall(r"(tocsin_\w+)\{", alerts))
    assert asked == set(re.findall(r"^\| `(tocsin_\w+)`", PRODUCTION.read_text(), re.MULTILINE))
    assert asked <= metric_names()


def test_the_page_names_settings_and_commands_that_there_are() -> None:
    known = {setting.variable for setting in TABLE}
    known |= {f"{setting.variable}_FILE" for setting in TABLE if setting.secret}
    pages = [PRODUCTION, DEPLOY / "compose.yaml"]
    pages += [PRODUCTION.with_name(name) for name in ("send-mail.md", "follow-a-ledger.md")]
    for page in pages:
        assert set(re.findall(r"TOCSIN_[A-Z_]+", page.read_text())) <= known, page.name


@pytest.mark.parametrize(
    "name",
    sorted(page.name for page in PRODUCTION.parent.glob("*.md") if "tocsin " in page.read_text()),
)
def test_every_command_of_a_page_exists_with_its_options(name: str) -> None:
    text = PRODUCTION.with_name(name).read_text().replace("\\\n", " ")
    shown = re.findall(r"`[^`\n]+`|^ {4}.*$|^tocsin .*$", text, flags=re.MULTILINE)
    found = [
        (words.split(), set(re.findall(r"(?<=\s)--[a-z-]+", options)))
        for line in shown
        for words, options in re.findall(
            r"(?<![@/])\btocsin(?:_here|_there)?((?: [a-z][a-z-]*)+)([^`>|]*)", line
        )
    ]
    assert found
    for words, options in found:
        command = command_of(words)
        known = {one for parameter in command.params for one in parameter.opts}
        known |= {one for parameter in command.params for one in parameter.secondary_opts}
        assert options <= known, (words, options - known)


def command_of(words: list[str]) -> click.Command:
    found: click.Command = program
    for word in words:
        if isinstance(found, click.Group):
            inner = found.get_command(click.Context(found), word)
            assert inner is not None, words
            found = inner
    assert not isinstance(found, click.Group), words
    return found


def test_a_release_is_made_where_it_is_used_and_the_units_follow_a_link() -> None:
    """A program of a virtual environment names the folder it was made in, and runs nowhere else."""
    page = PRODUCTION.read_text()
    (made,) = re.findall(r"^ {4}python3 -m venv (/\S+)/\.venv$", page, re.MULTILINE)
    (link,) = re.findall(rf"^ {{4}}ln .* {re.escape(made)} (/\S+)$", page, re.MULTILINE)
    assert f"\n    cd {made}\n" in page
    assert link != made
    for unit in UNITS:
        assert dict(sections(unit)["Service"])["ExecStart"].startswith(f"{link}/.venv/bin/")


def test_the_key_that_the_page_makes_is_one(tmp_path: Path) -> None:
    (made,) = re.findall(r"python3 -c '(import base64[^']*)'", PRODUCTION.read_text())
    said = subprocess.run(
        [sys.executable, "-c", made], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = {"TOCSIN_SECRET_KEY": said, "TOCSIN_PORT": str(free_port())}
    assert settings_of(["serve"], environment).secret_key == said
