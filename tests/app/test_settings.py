"""Settings: where they come from, and what is said about those that cannot be."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from tocsin.app.command_line.program import program
from tocsin.app.settings import TABLE, Settings, SettingWrong, documented, read_settings, secret

KEY = "qb5gVP1ZbpLBgn4oUZ0hHDSAm3C0sX2k0B2qkq0n2rE="


def settings(*, given: dict[str, str] | None = None, **environ: str) -> Settings:
    return read_settings(environ=environ, given=given or {})


def complaint(environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingWrong) as wrong:
        read_settings(environ=environ, given={})
    return str(wrong.value)


def refusal_of(given: Mapping[str, str]) -> str:
    with pytest.raises(SettingWrong) as wrong:
        read_settings(environ={}, given=given)
    return str(wrong.value)


def test_nothing_given_serves_this_machine_alone() -> None:
    found = settings()

    assert (found.host, found.port, found.data) == ("127.0.0.1", 8080, Path("data"))
    assert found.role == ("all",)
    assert found.trusted_proxies == ()
    assert not found.allow_private_destinations
    assert found.secret_key is None
    assert found.metrics_token is None


def test_an_option_wins_over_the_environment_and_that_over_the_default() -> None:
    assert settings(TOCSIN_PORT="9000").port == 9000
    assert settings(TOCSIN_PORT="9000", given={"port": "0"}).port == 0


def test_several_are_separated_by_commas() -> None:
    found = settings(TOCSIN_TRUSTED_PROXIES="10.0.0.0/8, fd00::/8")
    assert found.trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("fd00::/8"),
    )
    assert settings(TOCSIN_ROLE="gateway,dispatcher").role == ("gateway", "dispatcher")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TOCSIN_PORT", "tcp://10.0.0.1:8080"),
        ("TOCSIN_PORT", "65536"),
        ("TOCSIN_PORT", "-1"),
        ("TOCSIN_PORT", "９"),
        ("TOCSIN_PORT", "9" * 5000),
        ("TOCSIN_PORT", ""),
        ("TOCSIN_READERS", "0"),
        ("TOCSIN_ROLE", "everything"),
        ("TOCSIN_ROLE", ","),
        ("TOCSIN_DEMO", "perhaps"),
        ("TOCSIN_DATABASE", "tocsin.db"),
        ("TOCSIN_DATABASE", "mysql://there"),
        ("TOCSIN_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TOCSIN_LOG_LEVEL", "loud"),
        ("TOCSIN_METRICS_TOKEN", "short"),
        ("TOCSIN_SECRET_KEY", "c2hvcnQ="),
        ("TOCSIN_SECRET_KEY", "ü"),
        ("TOCSIN_HOST", ""),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(variable: str, text: str) -> None:
    assert variable in complaint({variable: text})


def test_an_option_that_cannot_be_read_is_refused_by_the_name_it_was_given() -> None:
    assert refusal_of({"port": "many"}).startswith("--port cannot be 'many'")


def test_a_mistyped_variable_is_refused_with_the_right_one() -> None:
    assert "did you mean TOCSIN_METRICS_TOKEN?" in complaint({"TOCSIN_METRIC_TOKEN": "x" * 20})
    assert "unset it" in complaint({"TOCSIN_ZZZZ": "1"})
    # There is no file for what is no secret.
    assert "TOCSIN_PORT_FILE" in complaint({"TOCSIN_PORT_FILE": "/run/port"})


def test_variables_of_the_client_are_none_of_the_servers_business() -> None:
    settings(TOCSIN_URL="http://there", TOCSIN_ORG="net", TOCSIN_API_KEY="tk", OTHER="1")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")

    assert settings(TOCSIN_SECRET_KEY_FILE=str(file)).secret_key == KEY
    assert secret("secret_key", {"TOCSIN_SECRET_KEY": KEY}) == KEY
    both = complaint({"TOCSIN_SECRET_KEY_FILE": str(file), "TOCSIN_SECRET_KEY": KEY})
    assert "keep one of them" in both
    assert KEY not in both
    missing = complaint({"TOCSIN_SECRET_KEY_FILE": str(tmp_path / "nowhere")})
    assert "TOCSIN_SECRET_KEY_FILE" in missing
    file.write_text("no key")
    assert complaint({"TOCSIN_SECRET_KEY_FILE": str(file)}).startswith("TOCSIN_SECRET_KEY_FILE ")
    file.write_text("x" * 5000)
    assert "too long" in complaint({"TOCSIN_SECRET_KEY_FILE": str(file)})


def test_a_secret_that_cannot_be_is_not_repeated() -> None:
    assert "hush" not in complaint({"TOCSIN_METRICS_TOKEN": "hush"})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "demo.example.org"])
def test_the_demo_stays_on_this_machine_unless_told_otherwise(host: str) -> None:
    assert "--demo-public" in complaint({"TOCSIN_DEMO": "true", "TOCSIN_HOST": host})
    assert settings(TOCSIN_DEMO="true", TOCSIN_HOST=host, TOCSIN_DEMO_PUBLIC="yes").demo_public


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_the_demo_may_use_every_address_of_loopback(host: str) -> None:
    assert settings(TOCSIN_DEMO="1", TOCSIN_HOST=host).demo


def test_sqlite_is_one_process_that_does_everything() -> None:
    assert "leave --role out" in refusal_of({"role": "gateway"})
    assert "leave --role out" in refusal_of({"role": "dispatcher"})
    assert settings(given={"role": "all,gateway"}).role == ("all", "gateway")


def test_postgresql_takes_any_role_and_sqlite_all_of_them() -> None:
    there = "postgresql://db/tocsin"

    assert settings(TOCSIN_DATABASE=there, TOCSIN_ROLE="dispatcher").role == ("dispatcher",)
    assert "leave --role out" in complaint({"TOCSIN_ROLE": "dispatcher"})
    assert "--demo" in complaint({"TOCSIN_DATABASE": there, "TOCSIN_DEMO": "true"})


def test_a_mail_server_and_whom_mail_is_from_go_together() -> None:
    assert "TOCSIN_MAIL_FROM" in complaint({"TOCSIN_SMTP_HOST": "mail.example.net"})
    assert "TOCSIN_SMTP_HOST" in complaint({"TOCSIN_MAIL_FROM": "tocsin@example.net"})


def test_an_influxdb_is_named_with_all_that_belongs_to_it() -> None:
    named = {"TOCSIN_INFLUX_URL": "http://influx.example.net:8086/"}
    settings = read_settings(environ=named, given={})
    assert (settings.influx_url, settings.influx_database) == (
        "http://influx.example.net:8086",
        "telemetry",
    )
    assert "TOCSIN_INFLUX_URL" in complaint({"TOCSIN_INFLUX_TOKEN": "hush"})
    assert "TOCSIN_INFLUX_PASSWORD" in complaint(named | {"TOCSIN_INFLUX_USER": "reader"})
    both = {"TOCSIN_INFLUX_USER": "reader", "TOCSIN_INFLUX_PASSWORD": "hush"}
    assert "give one" in complaint(named | both | {"TOCSIN_INFLUX_TOKEN": "hush"})
    assert "5 to 3600" in complaint({"TOCSIN_MONITOR_INTERVAL_SECONDS": "1"})


def test_the_table_names_every_setting_once_and_is_documented() -> None:
    names = [setting.name for setting in TABLE]

    assert len(names) == len(set(names))
    assert set(names) == {field.name for field in dataclasses.fields(Settings)}
    assert [row["name"] for row in documented()] == names
    for row in documented():
        assert row["sentence"].endswith(".")
        assert row["variable"].startswith(f"TOCSIN_{row['name'].upper()}")
    assert {row["name"] for row in documented() if not row["option"]} == {
        "secret_key",
        "metrics_token",
        "smtp_password",
        "influx_password",
        "influx_token",
        "prometheus_password",
        "prometheus_token",
        "ledger_rpc_url",
        "llm_api_key",
        "slack_bot_token",
        "slack_signing_secret",
        "slack_app_token",
        "slack_client_secret",
    }


def test_the_help_of_serve_has_every_option() -> None:
    shown = CliRunner().invoke(program, ["serve", "--help"], prog_name="tocsin").stdout

    for setting in TABLE:
        assert (setting.option is None) == (f"--{setting.name.replace('_', '-')} " not in shown)


def test_a_wrong_setting_is_a_wrong_usage() -> None:
    refused = CliRunner().invoke(program, ["serve", "--port", "x"], prog_name="tocsin")

    assert refused.exit_code == 2
    assert "--port" in refused.stderr
