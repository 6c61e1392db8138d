"""The receiver of the webhook page, written down word for word, takes what a real server sends."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bench.processes import free_port
from tests.docs.shells import run_in
from tests.docs.test_how_to import HOW_TO, in_the_tutorial

PAGE: Final = HOW_TO / "send-to-a-webhook.md"
KEY: Final = b"a key of thirty-two bytes, or so"
SECRET: Final = "whsec_" + base64.b64encode(KEY).decode()
BODY: Final = json.dumps({"type": "tocsin.incident.created", "subject": "I20261120-af36"}).encode()
WITHIN: Final = 30.0
TOO_OLD: Final = 301


def write_receiver(folder: Path) -> Path:
    (program,) = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL
    )
    path = folder / "receiver.py"
    path.write_text(program)
    return path


def test_the_receiver_takes_a_test_and_every_fact_of_an_incident(tmp_path: Path) -> None:
    write_receiver(tmp_path)
    before = f"export TOCSIN_ALLOW_PRIVATE_DESTINATIONS=true RECEIVER_PORT={free_port()}\n"
    heard = "<(timeout 30 tail --lines +1 --follow received.log)"
    then = f"grep --max-count 1 tocsin.incident.created {heard}\n"

    said = run_in(tmp_path, before + in_the_tutorial(PAGE.name, then=then)).partition("PAGE\n")[2]

    assert "delivered after" in said
    with sqlite3.connect(tmp_path / "received.db") as database:
        taken = database.execute("SELECT id, event FROM taken ORDER BY rowid").fetchall()
    test, fact = (json.loads(event) for _, event in taken)
    assert test["type"] == "tocsin.route.tested"
    assert fact["type"] == "tocsin.incident.created"
    assert fact["data"]["ticket"]["title"] == "Packet loss"
    assert said.splitlines()[-1] == f"new {taken[1][0]} {fact['type']} {fact['subject']}"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "secret").write_text(SECRET + "\n")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, write_receiver(tmp_path).name],
        cwd=tmp_path,
        env=os.environ | {"RECEIVER_SECRET_FILE": "secret", "RECEIVER_PORT": str(port)},
        stdout=subprocess.PIPE,
    )
    try:
        _until_it_listens(port)
        yield port
    finally:
        process.kill()
        process.communicate()


def _until_it_listens(port: int) -> None:
    until = time.monotonic() + WITHIN
    while True:
        try:
            post(port, signed(at=0))
        except ConnectionRefusedError:
            assert time.monotonic() < until
        else:
            return


def signed(*, at: int, body: bytes = BODY, key: bytes = KEY, identity: str = "dlv_1") -> list[str]:
    digest = hmac.digest(key, f"{identity}.{at}.".encode() + body, "sha256")
    return [identity, str(at), "v1," + base64.b64encode(digest).decode()]


def post(port: int, headers: list[str], body: bytes = BODY) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    connection.request("POST", "/", body=body, headers=dict(zip(names, headers, strict=True)))
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_receiver_takes_a_repeat_once(receiver: int, tmp_path: Path) -> None:
    now = int(time.time())

    assert [post(receiver, signed(at=now)), post(receiver, signed(at=now + 1))] == [204, 204]

    with sqlite3.connect(tmp_path / "received.db") as database:
        assert database.execute("SELECT id FROM taken").fetchall() == [("dlv_1",)]


def test_the_receiver_takes_one_good_signature_among_several(receiver: int) -> None:
    identity, timestamp, good = signed(at=int(time.time()))

    assert post(receiver, [identity, timestamp, f"v1,AAAA {good}"]) == 204


def test_the_receiver_refuses_what_is_not_genuine(receiver: int, tmp_path: Path) -> None:
    now = int(time.time())
    identity, timestamp, good = signed(at=now)
    bad = [
        post(receiver, signed(at=now, key=b"another")),
        post(receiver, signed(at=now - TOO_OLD)),
        post(receiver, [identity, timestamp, good], BODY + b" "),
        post(receiver, ["dlv_2", timestamp, good]),
        post(receiver, [identity, "soon", good]),
        post(receiver, [identity, timestamp, ""]),
    ]

    assert bad == [401] * len(bad)
    assert not (tmp_path / "received.db").exists()
