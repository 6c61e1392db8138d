"""Settings of the ledger that keeps the devices and links of one org."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tocsin.app import setting_values as of
from tocsin.app.setting import Setting
from tocsin.core.pubkeys import NotAPubkey, parse_pubkey


def node_address(text: str) -> str:
    """The address of a node, as it is: a key may stand anywhere in it."""
    if not text.startswith(("https://", "http://")) or any(one.isspace() for one in text):
        raise ValueError("give an address such as https://rpc.example.net")
    return text


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
        read=of.whole(5, 3_600),
    ),
)

LEDGER_SECRETS: Final[tuple[Setting, ...]] = (
    Setting(
        name="ledger_rpc_url",
        type="address",
        default=None,
        sentence="The JSON-RPC address of a node of the ledger that keeps devices and links; it is"
        " never shown, for it may hold a key. Without it Tocsin's own record is the ledger.",
        read=node_address,
        secret=True,
    ),
)


def half_a_ledger(
    *, rpc_url: str | None, program: str | None, org: str | None, keypair: Path | None
) -> str | None:
    """What is missing, in a sentence, where a ledger is half set up."""
    if (rpc_url is None) != (program is None):
        return (
            "TOCSIN_LEDGER_RPC_URL (or …_FILE) and TOCSIN_LEDGER_PROGRAM are given together or not"
            " at all"
        )
    if rpc_url is None and (org is not None or keypair is not None):
        return "TOCSIN_LEDGER_RPC_URL is missing: there is an org or a keypair for a ledger"
    return None
