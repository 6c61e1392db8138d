"""The one HTTP client for every address that a user can name (Integrations: outgoing webhooks).

A name is resolved once for a connection, everything it leads to is checked, and what was checked is
connected to, under the original name: whoever answers the resolver cannot lead inside, not even by
answering otherwise the next time. Nothing else is followed: no redirect, no proxy, no cookie.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from tocsin.adapters.webhook.resolving import Place, Resolver, Resolving, system_resolver
from tocsin.adapters.webhook.wire import Answer, HeadTooLong, NothingHeard, Timer, Wire
from tocsin.core.addresses import is_inside_name, is_public

LONGEST_KEPT: Final = 60.0
"""Seconds after which a connection is not used any more: what a name leads to may have changed."""

LONGEST_IDLE: Final = 20.0
"""Seconds without use after which a connection is closed."""

MOST_KEPT: Final = 16
"""Idle connections to one host."""

MOST_KEPT_IN_ALL: Final = 256
MOST_PLACES: Final = 6
"""Addresses of one name that are tried, each for its share of the time that is left."""

AGENT: Final = "Tocsin"

_TARGET = re.compile(r"[\x21-\x7e]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_HEADER = re.compile(r"[\x20-\x7e]*")


class ExchangeFailed(Exception):
    """There is no answer; ``reason`` is a sentence for the operator that names the host only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(ExchangeFailed):
    """It may be there another time: no address, no connection, no TLS, no answer in time."""


class NotAllowed(ExchangeFailed):
    """Nothing is sent there: it leads inside, is not https, or is no address at all."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What connections are kept for. ``host`` has small letters, and no brackets."""

    scheme: str
    host: str
    port: int

    @property
    def shown(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS: Final = {"https": 443, "http": 80}


def connected(place: Place, seconds: float) -> socket.socket:
    """A connection to *place*, made within *seconds*."""
    family, address = place
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        made.connect(address)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        made.close()
        raise
    return made


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificate authorities: read when first somebody is spoken to over TLS."""
    return ssl.create_default_context()


class Client:
    """Asks addresses that users name; used by many threads at once.

    With ``allow_private`` addresses inside and plain http are allowed. ``resolver`` says where
    names lead, ``connect`` goes there, ``tls`` says whom to trust (the system's authorities),
    ``timer`` how time passes.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        resolver: Resolver = system_resolver,
        connect: Callable[[Place, float], socket.socket] = connected,
        tls: ssl.SSLContext | None = None,
        timer: Timer = time.monotonic,
    ) -> None:
        self._allow_private = allow_private
        self._resolving = Resolving(resolver)
        self._connect = connect
        self._tls = tls
        self._timer = timer
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Wire]] = {}
        self._kept = 0
        self._swept_at = timer()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        seconds: float,
        repeatable: bool,
    ) -> Answer:
        """Send one request and read its answer, all within *seconds*.

        *repeatable* says that the other side knows a request that it gets twice; then one whose
        kept connection turns out to be closed is sent once more, over a new one. Without it no
        kept connection is used.

        Raises:
            NotAllowed: nothing is sent to *url* from here.
            Unreachable: there was no answer.
            ValueError: a header that is none.
        """
        ends_at = self._timer() + seconds
        origin, target = self._origin_of(url)
        request = _request(method, origin, target, headers=headers, body=body)
        kept = self._take(origin) if repeatable else None
        if kept is not None:
            try:
                return self._exchange(kept, origin, request, method=method, ends_at=ends_at)
            except NothingHeard:
                # It was closed at the very moment, as servers do with what rests.
                pass
        opened = self._open(origin, ends_at=ends_at)
        try:
            return self._exchange(opened, origin, request, method=method, ends_at=ends_at)
        except NothingHeard:
            raise Unreachable(f"{origin.host} closed the connection without an answer") from None

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            kept = [wire for wires in self._idle.values() for wire in wires]
            self._idle.clear()
            self._kept = 0
        for wire in kept:
            wire.close()

    def _origin_of(self, url: str) -> tuple[Origin, str]:
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            raise NotAllowed("what to send to is not an address") from None
        if host is None or parts.username is not None or not _HOST.fullmatch(host):
            raise NotAllowed("what to send to is not an address with a host alone")
        if scheme != "https" and not (scheme == "http" and self._allow_private):
            raise NotAllowed(f"{host} is not asked for over https; nothing else is sent from here")
        if not self._allow_private and is_inside_name(host):
            raise NotAllowed(f"{host} leads inside, where nothing is sent from here")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not _TARGET.fullmatch(target):
            raise NotAllowed("what to send to is not an address")
        return Origin(scheme, host, port or _PORTS[scheme]), target

    # -- connecting ------------------------------------------------------------------------------

    def _open(self, origin: Origin, *, ends_at: float) -> Wire:
        host = origin.host
        places = self._places(origin, ends_at=ends_at)
        wrong: OSError = TimeoutError("timed out")
        for number, place in enumerate(places):
            left = ends_at - self._timer()
            if left <= 0:
                break
            try:
                connected = self._connect(place, left / (len(places) - number))
                return self._wrapped(connected, origin, ends_at=ends_at)
            except OSError as failed:
                wrong = failed
        raise Unreachable(_no_connection(host, wrong)) from None

    def _places(self, origin: Origin, *, ends_at: float) -> list[Place]:
        """Where *origin* leads to, all of it checked.

        Raises:
            NotAllowed: some of it leads inside.
            Unreachable: it leads nowhere.
        """
        host = origin.host
        try:
            found = self._resolving.places(
                host, origin.port, seconds=max(0.0, ends_at - self._timer())
            )
        except TimeoutError:
            raise Unreachable(f"the name {host} was not resolved in time") from None
        except (OSError, UnicodeError):
            raise Unreachable(f"the name {host} cannot be resolved") from None
        if not found:
            raise Unreachable(f"the name {host} leads nowhere")
        if not self._allow_private and not all(_is_outside(place) for place in found):
            raise NotAllowed(f"{host} leads inside, where nothing is sent from here")
        return list(found[:MOST_PLACES])

    def _wrapped(self, connected: socket.socket, origin: Origin, *, ends_at: float) -> Wire:
        if origin.scheme == "http":
            return Wire(connected, timer=self._timer)
        try:
            connected.settimeout(max(0.001, ends_at - self._timer()))
            # This checks the certificate, and that it is the host's.
            tls = _trust() if self._tls is None else self._tls
            wrapped = tls.wrap_socket(connected, server_hostname=origin.host.rstrip("."))
        except OSError:
            connected.close()
            raise
        except UnicodeError:
            connected.close()
            raise Unreachable(f"no certificate can be of {origin.host}") from None
        return Wire(wrapped, timer=self._timer)

    # -- exchanging ------------------------------------------------------------------------------

    def _exchange(
        self, wire: Wire, origin: Origin, request: bytes, *, method: str, ends_at: float
    ) -> Answer:
        """Raises NothingHeard, and Unreachable for all else; keeps the connection if it may."""
        kept = False
        try:
            answer, reusable = wire.exchange(request, method=method, ends_at=ends_at)
            kept = reusable and self._keep(origin, wire)
        except TimeoutError:
            raise Unreachable(f"{origin.host} did not answer in time") from None
        except HeadTooLong:
            raise Unreachable(f"{origin.host} answers with a head that does not end") from None
        except HTTPException:
            raise Unreachable(f"{origin.host} answers something that is not HTTP") from None
        except OSError:
            raise Unreachable(f"{origin.host} broke the connection off") from None
        finally:
            if not kept:
                wire.close()
        return answer

    def _take(self, origin: Origin) -> Wire | None:
        """The connection that was used last and still is one."""
        while True:
            with self._lock:
                wires = self._idle.get(origin)
                if not wires:
                    return None
                wire = wires.pop()
                self._kept -= 1
                if not wires:
                    del self._idle[origin]
            if self._is_fresh(wire) and wire.is_quiet():
                return wire
            wire.close()

    def _keep(self, origin: Origin, wire: Wire) -> bool:
        now = self._timer()
        if now - wire.opened_at > LONGEST_KEPT:
            return False
        stale: list[Wire] = []
        with self._lock:
            if now - self._swept_at > LONGEST_IDLE:
                self._swept_at = now
                stale = self._swept()
            wires = self._idle.setdefault(origin, [])
            kept = len(wires) < MOST_KEPT and self._kept < MOST_KEPT_IN_ALL
            if kept:
                wires.append(wire)
                self._kept += 1
            elif not wires:
                del self._idle[origin]
        for one in stale:
            one.close()
        return kept

    def _swept(self) -> list[Wire]:
        """Take out what has rested for too long, of hosts that are not asked any more, too."""
        stale = []
        for origin, wires in list(self._idle.items()):
            fresh = [wire for wire in wires if self._is_fresh(wire)]
            stale += [wire for wire in wires if wire not in fresh]
            if fresh:
                self._idle[origin] = fresh
            else:
                del self._idle[origin]
        self._kept -= len(stale)
        return stale

    def _is_fresh(self, wire: Wire) -> bool:
        now = self._timer()
        return now - wire.opened_at <= LONGEST_KEPT and now - wire.used_at <= LONGEST_IDLE


def _is_outside(place: Place) -> bool:
    try:
        return is_public(ipaddress.ip_address(str(place[1][0]).partition("%")[0]))
    except ValueError:
        return False


def _request(
    method: str, origin: Origin, target: str, *, headers: Mapping[str, str], body: bytes
) -> bytes:
    lines = [
        f"{method} {target} HTTP/1.1",
        f"host: {origin.shown}",
        f"user-agent: {AGENT}",
        "accept-encoding: identity",
    ]
    if body or method not in ("GET", "HEAD"):
        lines.append(f"content-length: {len(body)}")
    for name, value in headers.items():
        if _TOKEN.fullmatch(name) is None or _HEADER.fullmatch(value) is None:
            raise ValueError(f"the header {name!r} cannot be sent")
        lines.append(f"{name}: {value}")
    return "\r\n".join((*lines, "", "")).encode() + body


def _no_connection(host: str, wrong: OSError) -> str:
    """Why there is no connection, in a sentence; nothing in it is the other side's text."""
    match wrong:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {host} is not accepted: {wrong.verify_message}"
        case ssl.SSLError():
            return f"there is no TLS with {host}: {wrong.reason or 'the handshake was broken off'}"
        case TimeoutError():
            return f"{host} cannot be reached in time"
        case ConnectionRefusedError():
            return f"{host} refuses the connection"
        case _:
            return f"{host} cannot be reached: {wrong.strerror or 'the connection broke'}"
