"""The ledger as the core knows ledgers: looked at without what signs, written on with a keypair."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from solders.keypair import Keypair

from tests.adapters.doublezero.ledger import ORACLE, PROGRAM, Ledger
from tests.adapters.doublezero.town import DZ1, LINK
from tests.adapters.webhook.listening import status
from tocsin.adapters.doublezero.ledger import ONLY_READ, CannotSign, DoubleZero, pen
from tocsin.core.provisioning.ledger import (
    HealthChange,
    Kind,
    LedgerAway,
    NotWritten,
    Written,
)
from tocsin.core.provisioning.ledger import Ledger as Port

HEALTHY = HealthChange(kind=Kind.LINK, pubkey=LINK.pubkey, health="healthy")

WITHOUT_SOLDERS = """
import sys
from pathlib import Path
sys.modules["solders"] = None
from tocsin.adapters.doublezero.ledger import CannotSign, DoubleZero, pen
from tocsin.adapters.asking.post import Post
from tocsin.adapters.doublezero.rpc import Rpc, Settings
url, program = sys.argv[1:]
rpc = Rpc(Settings(url=url), opening=Post)
print(",".join(one.code for one in DoubleZero(rpc, program=program).look(wishes={}).devices))
try:
    pen(rpc, program=program, keypair=Path("nowhere"))
except CannotSign as cannot:
    print(cannot.reason)
"""


def keypair_file(folder: Path, keypair: Keypair = ORACLE) -> Path:
    path = folder / "id.json"
    path.write_text(json.dumps(list(bytes(keypair))))
    path.chmod(0o600)
    return path


def test_it_is_looked_at_and_written_on(node: Ledger, tmp_path: Path) -> None:
    rpc = node.rpc()
    ledger: Port = DoubleZero(
        rpc, program=PROGRAM, pen=pen(rpc, program=PROGRAM, keypair=keypair_file(tmp_path))
    )

    (outcome,) = ledger.write([HEALTHY])

    assert isinstance(outcome, Written)
    seen = ledger.look(wishes={DZ1.pubkey: "soft_drained"})
    assert [one.health for one in seen.links] == ["healthy"]
    assert [one.status for one in seen.devices] == ["soft_drained", "activated"]


def test_without_a_keypair_it_is_only_read(node: Ledger) -> None:
    ledger = DoubleZero(node.rpc(), program=PROGRAM)

    assert not ledger.is_written
    assert ledger.write([HEALTHY]) == (NotWritten(HEALTHY, ONLY_READ),)
    assert node.asked == []
    assert len(ledger.look(wishes={}).devices) == 2


def test_a_ledger_that_is_away_says_why_and_no_more(node: Ledger) -> None:
    node.troubles["getProgramAccounts"] = [status("503 Service Unavailable")] * 9

    with pytest.raises(LedgerAway) as caught:
        DoubleZero(node.rpc(attempts=2), program=PROGRAM).look(wishes={})

    assert caught.value.reason == "it answers 503"


def test_a_keypair_that_is_none_is_refused_by_its_name(node: Ledger, tmp_path: Path) -> None:
    path = keypair_file(tmp_path)
    path.chmod(0o644)

    with pytest.raises(CannotSign, match="is open to others"):
        pen(node.rpc(), program=PROGRAM, keypair=path)


def test_reading_needs_nothing_that_signs(node: Ledger) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SOLDERS, node.url, PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.splitlines() == [
        "fra-dz1,fra-dz2",
        "signing needs solders: pip install 'tocsin[ledger]'",
    ]
