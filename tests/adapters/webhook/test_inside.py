"""Nothing that a user names leads inside, whatever a resolver says, and whenever it says it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing

import pytest

from tests.adapters.webhook.listening import HOST, NAME, Certificate, receiving, status
from tocsin.adapters.webhook.client import Client, NotAllowed, Unreachable
from tocsin.adapters.webhook.resolving import Place
from tocsin.adapters.webhook.wire import Answer

OUTSIDE = "93.184.215.14"
OUTSIDE_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


def place(address: str, port: int) -> Place:
    """An address as a resolver says it."""
    if ":" in address:
        return socket.AF_INET6, (address, port, 0, 0)
    return socket.AF_INET, (address, port)


class Names:
    """A resolver that gives its answers one after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[Place]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [place(one, port) for one in answer]


class Roads:
    """Leads everything that is connected to, to one port of this machine; and remembers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken: list[Place] = []

    def __call__(self, place: Place, seconds: float) -> socket.socket:
        self.taken.append(place)
        return socket.create_connection((HOST, self.port), timeout=seconds)


def ask(client: Client, url: str, *, repeatable: bool = True, seconds: float = 5.0) -> Answer:
    """Post something."""
    return client.ask("POST", url, headers={}, body=b"{}", seconds=seconds, repeatable=repeatable)


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:a00:1::",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_address_inside_among_others_is_enough(inside: str, first: bool) -> None:
    found = [inside, OUTSIDE, OUTSIDE_6] if first else [OUTSIDE_6, OUTSIDE, inside]
    with receiving() as receiver:
        roads = Roads(receiver.port)
        with (
            closing(Client(allow_private=False, resolver=Names(found), connect=roads)) as client,
            pytest.raises(NotAllowed) as refused,
        ):
            ask(client, f"https://{NAME}/hook")

    assert refused.value.reason == f"{NAME} leads inside, where nothing is sent from here"
    assert roads.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://2130706433/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://printer/",
        "https://db.internal/",
        "http://hooks.example.net/",
        "ftp://hooks.example.net/",
        "https://me:pw@hooks.example.net/",
        "https://hooks.example.net:99999/",
        "https://hooks.example.net\\@10.0.0.1/",
        "https://hooks.example.net/a b",
        "https://hooks.exämple.net/",
        "https://[::1/",
        "https:///x",
        "hooks.example.net",
        "",
    ],
)
def test_what_is_no_address_outside_is_not_even_resolved(url: str) -> None:
    names = Names([OUTSIDE])
    with (
        closing(Client(allow_private=False, resolver=names, connect=Roads(1))) as client,
        pytest.raises(NotAllowed),
    ):
        ask(client, url)

    assert names.asked == []


def test_what_was_checked_is_what_is_connected_to(papers: Certificate) -> None:
    names = Names([OUTSIDE_6, OUTSIDE], [HOST])
    with receiving(tls=papers.shown) as receiver:
        roads = Roads(receiver.port)
        with closing(
            Client(allow_private=False, resolver=names, connect=roads, tls=papers.trusted)
        ) as client:
            answers = [ask(client, f"https://{NAME}/hook").status for _ in range(3)]

            assert answers == [200] * 3
            assert names.asked == [(NAME, 443)]
            assert roads.taken == [place(OUTSIDE_6, 443)]
            assert receiver.greeted == [NAME]
            assert {heard.headers["host"] for heard in receiver.heard} == {NAME}

            # Every new connection is judged anew, and the resolver leads inside by now.
            with pytest.raises(NotAllowed):
                ask(client, f"https://{NAME}/hook", repeatable=False)
            assert len(roads.taken) == 1


def test_an_address_outside_is_asked_under_its_number(papers: Certificate) -> None:
    with receiving(tls=papers.shown) as receiver:
        roads = Roads(receiver.port)
        with (
            closing(Client(allow_private=False, connect=roads, tls=papers.trusted)) as client,
            pytest.raises(Unreachable) as failed,
        ):
            ask(client, f"https://[{OUTSIDE_6}]:8443/hook")

    assert roads.taken[0][1][:2] == (OUTSIDE_6, 8443)
    assert failed.value.reason.startswith(f"the certificate of {OUTSIDE_6} is not accepted: ")


def test_a_certificate_of_another_name_is_not_accepted(papers: Certificate) -> None:
    names = Names([OUTSIDE])
    with receiving(tls=papers.shown) as receiver:
        with (
            closing(
                Client(
                    allow_private=False,
                    resolver=names,
                    connect=Roads(receiver.port),
                    tls=papers.trusted,
                )
            ) as client,
            pytest.raises(Unreachable) as failed,
        ):
            ask(client, "https://other.example.net/hook")
        assert receiver.heard == []

    assert failed.value.reason == (
        "the certificate of other.example.net is not accepted: Hostname mismatch, certificate is"
        " not valid for 'other.example.net'."
    )


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(papers: Certificate) -> None:
    with receiving(tls=papers.shown) as receiver:
        with (
            closing(
                Client(allow_private=False, resolver=Names([OUTSIDE]), connect=Roads(receiver.port))
            ) as client,
            pytest.raises(Unreachable) as failed,
        ):
            ask(client, f"https://{NAME}/hook")
        assert receiver.heard == []

    assert (
        failed.value.reason == f"the certificate of {NAME} is not accepted: self-signed certificate"
    )


def test_where_there_is_no_tls_nothing_is_sent(papers: Certificate) -> None:
    with receiving(status("400 Plain")) as receiver:
        with (
            closing(
                Client(
                    allow_private=False,
                    resolver=Names([OUTSIDE]),
                    connect=Roads(receiver.port),
                    tls=papers.trusted,
                )
            ) as client,
            pytest.raises(Unreachable),
        ):
            ask(client, f"https://{NAME}/hook", seconds=0.2)

        assert receiver.heard == []


def test_where_it_is_allowed_inside_is_fine(papers: Certificate) -> None:
    with (
        receiving() as plain,
        receiving(tls=papers.shown) as receiver,
        closing(Client(allow_private=True, tls=papers.trusted)) as client,
    ):
        assert ask(client, plain.url).status == 200
        assert ask(client, f"https://{HOST}:{receiver.port}/").status == 200
        assert receiver.only.headers["host"] == f"{HOST}:{receiver.port}"
