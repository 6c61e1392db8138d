"""Mail servers to send to: one that takes mail as told, and ones that misbehave on the wire."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate, in files."""

    chain: Path
    key: Path

    @property
    def shown(self) -> ssl.SSLContext:
        """What a server shows it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context

    @property
    def trusted(self) -> ssl.SSLContext:
        """What a client trusts it with, and nothing else."""
        return ssl.create_default_context(cafile=str(self.chain))


def certificate(folder: Path, *, name: str = HOST) -> Certificate:
    """A fresh certificate for *name*, an address or a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    named: x509.GeneralName = x509.DNSName(name)
    if name == HOST:
        named = x509.IPAddress(ipaddress.ip_address(name))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    found.chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return found


@dataclass
class Box:
    """What a server takes, and what it answers where it does not simply take it."""

    sender: str | None = None
    recipient: str | None = None
    content: str | None = None
    farewell: str | None = None
    arrived: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    port: int = 0

    def mails(self) -> list[EmailMessage]:
        """What arrived, read."""
        return [message_from_bytes(raw, policy=default) for raw in self.arrived]

    def mail(self) -> EmailMessage:
        """The one mail that arrived."""
        [only] = self.mails()
        return only

    async def handle_MAIL(  # noqa: N802 (the server looks for this name)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.sender is not None:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (the server looks for this name)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.recipient is not None:
            return self.recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (the server looks for this name)
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.content is not None:
            return self.content
        self.arrived.append(envelope.content)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802 (the server looks for this name)
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        return self.farewell or "221 Bye"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        """Whether it is ``tocsin`` with the right password."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data == LoginPassword(b"tocsin", b"open sesame"), handled=False)


class _Server(Controller):
    """Listens wherever there is room."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def listening(
    box: Box,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
) -> Iterator[Box]:
    """A mail server over *box*, at its ``port``."""
    server = _Server(
        box,
        hostname=HOST,
        port=0,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        auth_required=login,
        auth_require_tls=login,
        authenticator=box.login if login else None,
    )
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        server.stop()


@contextmanager
def saying(*words: bytes, over_and_over: bytes = b"") -> Iterator[int]:
    """A port where whoever connects is told *words* whatever they say, then what is said *over and
    over*, one byte at a time, or nothing any more."""
    enough = Event()
    listener = socket.create_server((HOST, 0))
    listener.settimeout(10)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            try:
                for one in words:
                    connection.sendall(one)
                    connection.recv(4_096)
                while not enough.wait(0.02):
                    if over_and_over:
                        connection.sendall(over_and_over)
            except OSError:
                return

    thread = Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        enough.set()
        thread.join()
        listener.close()
