"""One message over SMTP, once, within a time, and what became of it.

What a mail server writes is never repeated in a reason: it may quote the message. Only the numbers
of its answer are. A server that hangs, or says one letter at a time, is cut off: the exchange runs
beside whoever waits for it, and loses its connection when the time is over.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from email.message import EmailMessage
from time import monotonic
from typing import Final

from tocsin.adapters.email.mail import Mail
from tocsin.dispatcher.contract import Delivered, Refused, Retry, Verdict

_ENHANCED = re.compile(rb"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_SETTING_REFUSED: Final = frozenset({530, 534, 535, 538})
"""Answers that are about how we came, whichever step they are given at."""
_TOO_LARGE: Final = 552
_LATE: Final = Retry("the mail server did not answer in time")


class Exchange:
    """One connection to the mail server, for one message; used once."""

    def __init__(self, mail: Mail, *, tls: ssl.SSLContext) -> None:
        self._mail = mail
        self._tls = tls
        self._ends = monotonic() + mail.timeout
        self._server: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, *, address: str) -> Verdict:
        """Hand *message* for *address* over; ends with the mail settings' ``timeout``."""
        beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-mail")
        exchange = beside.submit(self._judged, message, address=address)
        beside.shutdown(wait=False)
        done, _ = wait([exchange], timeout=self._mail.timeout)
        if not done:
            self._cut()
            return _LATE
        return exchange.result()

    def _left(self) -> float:
        """Seconds; also what keeps an exchange that was given up from sending after all.

        Raises:
            TimeoutError: none are left.
        """
        left = self._ends - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _cut(self) -> None:
        # Looked at once: the thread that speaks may let go of it at any moment.
        sock = None if self._server is None else self._server.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _judged(self, message: EmailMessage, *, address: str) -> Verdict:
        try:
            server = self._connected()
        except ssl.SSLCertVerificationError:
            return Retry("the mail server's certificate is not trusted, or is of another name")
        except ssl.SSLError:
            return Retry("no encrypted connection to the mail server could be made")
        except TimeoutError:
            return _LATE
        except smtplib.SMTPAuthenticationError as refused:
            return Retry(
                f"the mail server does not accept the user name and password {_code(refused)}:"
                " correct the mail settings"
            )
        except smtplib.SMTPNotSupportedError:
            return Retry(
                "the mail server does not offer what the mail settings ask for (STARTTLS, or"
                " logging in): correct the settings, or the server"
            )
        except smtplib.SMTPResponseException as refused:
            return Retry(f"the mail server takes no mail now {_code(refused)}")
        except smtplib.SMTPServerDisconnected as broken:
            return _broke_off(broken)
        except smtplib.SMTPException:
            return Retry("the mail server offers no way of logging in that is known here")
        except OSError as error:
            return Retry(f"the mail server cannot be reached ({_cause(error)})")
        try:
            return self._handed_over(server, message, address=address)
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        """A connection over which mail may be sent: encrypted and logged in as the settings say."""
        mail = self._mail
        # Given a name, smtplib does not ask the resolver for this machine's.
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=mail.domain, timeout=self._left(), context=self._tls
            )
        else:
            server = smtplib.SMTP(local_hostname=mail.domain, timeout=self._left())
        self._server = server
        try:
            # smtplib checks the certificate against the name it was constructed with.
            server._host = mail.host  # type: ignore[attr-defined]
            code, words = server.connect(mail.host, mail.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            server.ehlo_or_helo_if_needed()
            if mail.security == "starttls":
                self._bound(server)
                server.starttls(context=self._tls)
                server.ehlo_or_helo_if_needed()
            if mail.username is not None and mail.password is not None:
                self._bound(server)
                try:
                    server.login(mail.username, mail.password)
                except UnicodeEncodeError:
                    # Most mechanisms know ASCII only; that is for the settings to correct as well.
                    raise smtplib.SMTPAuthenticationError(535, b"") from None
        except BaseException:
            # Whatever it is, it goes on, and nobody else would close this connection.
            server.close()
            raise
        return server

    def _bound(self, server: smtplib.SMTP) -> None:
        if server.sock is not None:
            server.sock.settimeout(self._left())

    def _handed_over(self, server: smtplib.SMTP, message: EmailMessage, *, address: str) -> Verdict:
        try:
            self._bound(server)
            server.send_message(message, from_addr=self._mail.from_address, to_addrs=[address])
        except smtplib.SMTPSenderRefused as refused:
            return _of_sender(refused)
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = refused.recipients[address]
            return _of_answer(code, words, what="the recipient's address")
        except smtplib.SMTPDataError as refused:
            return _of_answer(refused.smtp_code, refused.smtp_error, what="the message")
        except smtplib.SMTPNotSupportedError:
            return Refused("the mail server takes no addresses with letters beyond ASCII")
        except smtplib.SMTPResponseException as refused:
            return Retry(f"the mail server takes no mail now {_code(refused)}")
        except smtplib.SMTPServerDisconnected as broken:
            return _broke_off(broken)
        except TimeoutError:
            return _LATE
        except OSError as error:
            return Retry(f"the connection to the mail server broke ({_cause(error)})")
        # It has the message: whether and when the farewell is answered changes nothing.
        with suppress(OSError):
            server.putcmd("quit")
        return Delivered()


def _broke_off(broken: smtplib.SMTPServerDisconnected) -> Verdict:
    # smtplib says so of a timeout as well.
    if isinstance(broken.__context__, TimeoutError):
        return _LATE
    return Retry("the mail server broke off")


def _of_sender(refused: smtplib.SMTPSenderRefused) -> Verdict:
    """The sender's address comes from the settings, so its refusal is no refusal of this mail."""
    if refused.smtp_code == _TOO_LARGE:
        return Refused(f"the mail server refuses the message as too large {_code(refused)}")
    if refused.smtp_code < 500:
        return Retry(f"the mail server takes no mail now {_code(refused)}")
    return Retry(
        f"the mail server does not take mail from the address in the mail settings"
        f" {_code(refused)}: correct from_address, or the server"
    )


def _of_answer(code: int, words: bytes | str, *, what: str) -> Verdict:
    numbers = _numbers(code, words)
    if code in _SETTING_REFUSED:
        return Retry(f"the mail server wants another login {numbers}: correct the mail settings")
    if 500 <= code < 600:
        return Refused(f"the mail server refuses {what} {numbers}")
    return Retry(f"the mail server does not take {what} now {numbers}")


def _code(refused: smtplib.SMTPResponseException) -> str:
    return _numbers(refused.smtp_code, refused.smtp_error)


def _numbers(code: int, words: bytes | str) -> str:
    raw = words.encode("utf-8", "replace") if isinstance(words, str) else words
    enhanced = _ENHANCED.match(raw)
    return f"({code} {enhanced[1].decode()})" if enhanced else f"({code})"


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__
