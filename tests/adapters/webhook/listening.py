"""HTTP servers to send to: each answers as its test says, well or badly."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
NAME = "hooks.example.net"
GONE = (ConnectionError, ssl.SSLError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate of ``NAME``, in files."""

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


def certificate(folder: Path) -> Certificate:
    """A fresh certificate for ``NAME`` and ``HOST``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks")])
    now = datetime.now(UTC)
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address(HOST))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / "hooks.pem", folder / "hooks.key")
    found.chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server on this machine; ``sent`` is what it has answered with, if it is not told more."""

    answer: Callable[[Receiver, socket.socket, Heard], bool]
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    greeted: list[str | None] = field(default_factory=list)
    closing: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        """Where it is, over plain http."""
        return f"http://{HOST}:{self.port}/hooks/noc?x=1"

    @property
    def only(self) -> Heard:
        """The one request that came."""
        [one] = self.heard
        return one


def saying(answer: bytes, *, keep: bool = True) -> Callable[[Receiver, socket.socket, Heard], bool]:
    """Answer every request with these bytes, and keep the connection or not."""

    def answered(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(answer)
        return keep

    return answered


def status(line: str, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of an answer."""
    lines = (f"HTTP/1.1 {line}", *headers, f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


OK = status("200 OK", body=b"thank you")


@contextmanager
def receiving(
    answer: Callable[[Receiver, socket.socket, Heard], bool] | bytes = OK,
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Receiver]:
    """A server that answers so until the block ends."""
    receiver = Receiver(saying(answer) if isinstance(answer, bytes) else answer)
    if tls is not None:
        tls.sni_callback = lambda _, name, __: receiver.greeted.append(name)
    open_ones: list[socket.socket] = []
    threads: list[Thread] = []
    with socket.create_server((HOST, 0)) as listener:
        receiver.port = listener.getsockname()[1]

        def serve(connection: socket.socket) -> None:
            try:
                with (
                    connection
                    if tls is None
                    else tls.wrap_socket(connection, server_side=True) as talking
                ):
                    while (heard := _request(talking)) is not None:
                        with receiver.lock:
                            receiver.heard.append(heard)
                        if not receiver.answer(receiver, talking, heard):
                            return
            except GONE:
                return
            except OSError:
                if not receiver.closing.is_set():
                    raise

        def accept() -> None:
            while not receiver.closing.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with receiver.lock:
                    receiver.connections += 1
                    open_ones.append(connection)
                threads.append(Thread(target=serve, args=(connection,)))
                threads[-1].start()

        accepting = Thread(target=accept)
        accepting.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in open_ones:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
            for thread in threads:
                thread.join()
            for connection in open_ones:
                connection.close()


def _request(connection: socket.socket) -> Heard | None:
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65_536)
        if not part:
            return None
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name: value for name, _, value in (one.partition(": ") for one in fields)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    return Heard(line, headers, body)
