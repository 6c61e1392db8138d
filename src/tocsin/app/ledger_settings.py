"""Settings of the ledger that keeps the devices and links of one org."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tocsin.app import setting_values as of
from tocsin.app.setting import Setting
from tocsin.core.pubkeys import NotAPubkey, parse_pubkey


def program(text: str) -> str:
    """The address of a program."""
    try:
        return parse_pubkey(text)
    except NotAPubkey as wrong:
        raise ValueError(f"give the program's pubkey: {wrong.reason}") from None


LEDGER: Final[tuple[Setting, ...]] = (
    Setting(
        name="ledger_program",
        type="pubkey",
        default=None,
        sentence="The serviceability program on the ledger whose accounts are devices and links.",
        read=program,
    ),
    Setting(
        name="ledger_org",
        type="code",
        default=None,
        sentence="The code of the org that the ledger keeps; by default the first that was made.",
        read=of.any_text,
    ),
    Setting(
        name="ledger_keypair",
        type="file",
        default=None,
        sentence="The keypair that signs what is written on the ledger, a JSON array of 64 numbers"
        " that nobody else may read. Without it the ledger is only read, and health and status of"
        " what it keeps change only there.",
        read=Path,
    ),
    Setting(
        name="ledger_interval_seconds",
        type="whole number",
        default="60",
        unit="seconds",
        sentence="How often the ledger is looked at.",
        read=of.whole(1, 3_600),
    ),
)


def half_a_ledger(
    *,
    rpc_url: str | None,
    programs: tuple[str | None, str | None],
    org: str | None,
    keypair: Path | None,
) -> str | None:
    """What is missing, in a sentence, where a ledger is half set up; *programs* are the one that
    keeps devices and links, and the one of the latency samples."""
    kept, _ = programs
    if rpc_url is None and kept is not None:
        return "TOCSIN_LEDGER_RPC_URL is missing: there is a program on that ledger"
    if rpc_url is not None and programs == (None, None):
        return (
            "TOCSIN_LEDGER_PROGRAM or TOCSIN_LEDGER_TELEMETRY_PROGRAM is missing: nothing is asked"
            " of TOCSIN_LEDGER_RPC_URL"
        )
    if kept is None and (org is not None or keypair is not None):
        return "TOCSIN_LEDGER_PROGRAM is missing: there is an org or a keypair for it"
    return None
