"""The numbers of the program on chain in our words, and back (Provisioning: records).

A number that is not known here reads as ``unknown`` and is never guessed at; a word that has no
number, or more than one, is not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.core.provisioning.ledger import UNKNOWN, Kind, LastWish


class NoNumber(Exception):
    """A word that the chain has no number for; ``word`` is the word, ``field`` what it was for."""

    def __init__(self, field: str, word: str) -> None:
        super().__init__(f"the chain has no number for the {field} {word}")
        self.field = field
        self.word = word


@dataclass(frozen=True, slots=True)
class Numbering:
    """How one field is numbered: what each number reads as, and what each word is written as."""

    field: str
    words: Mapping[int, str]
    numbers: Mapping[str, int]

    def word(self, number: int) -> str:
        """*number* as a word; ``unknown`` when nobody said what it means."""
        return self.words.get(number, UNKNOWN)

    def number(self, word: str) -> int:
        """*word* as it is written.

        Raises:
            NoNumber: it is not written at all.
        """
        try:
            return self.numbers[word]
        except KeyError:
            raise NoNumber(self.field, word) from None


LINK_HEALTH: Final = Numbering(
    "link health",
    words={0: "unknown", 1: "pending", 2: "healthy", 3: "impaired"},
    numbers={"unknown": 0, "pending": 1, "healthy": 2, "impaired": 3},
)
DEVICE_HEALTH: Final = Numbering(
    "device health",
    # Ready for links is not yet ready for users.
    words={0: "unknown", 1: "pending", 2: "pending", 3: "healthy", 4: "impaired"},
    numbers={"unknown": 0, "pending": 1, "healthy": 3, "impaired": 4},
)
LINK_STATUS: Final = Numbering(
    "link status",
    words={
        0: "pending",
        1: "activated",
        3: "deleting",
        4: "rejected",
        5: "requested",
        6: "hard_drained",
        7: "soft_drained",
        8: "provisioning",
    },
    numbers={
        "pending": 0,
        "activated": 1,
        "deleting": 3,
        "rejected": 4,
        "requested": 5,
        "hard_drained": 6,
        "soft_drained": 7,
        "provisioning": 8,
    },
)
DEVICE_STATUS: Final = Numbering(
    "device status",
    words={
        0: "pending",
        1: "activated",
        3: "deleting",
        4: "rejected",
        5: "hard_drained",
        6: "provisioning",
        7: "provisioning",
    },
    # Provisioning has two numbers, and requested none: neither is written.
    numbers={
        "pending": 0,
        "activated": 1,
        "deleting": 3,
        "rejected": 4,
        "hard_drained": 5,
        "soft_drained": 5,
    },
)
UNWISHED: Final = 0
"""What an account holds as a desired status where nobody wished for one, or that is too old to."""

LINK_DESIRED: Final = Numbering(
    "link desired status",
    # Zero is what an account holds where nobody wished for anything, and is never written.
    words={0: "hard_drained", 1: "activated", 6: "hard_drained", 7: "soft_drained"},
    numbers={"activated": 1, "hard_drained": 6, "soft_drained": 7},
)
DEVICE_DESIRED: Final = Numbering(
    "device desired status",
    words={0: "hard_drained", 1: "activated", 6: "hard_drained"},
    numbers={"activated": 1, "hard_drained": 6, "soft_drained": 6},
)

HEALTH: Final[Mapping[Kind, Numbering]] = {Kind.DEVICE: DEVICE_HEALTH, Kind.LINK: LINK_HEALTH}
STATUS: Final[Mapping[Kind, Numbering]] = {Kind.DEVICE: DEVICE_STATUS, Kind.LINK: LINK_STATUS}
DESIRED: Final[Mapping[Kind, Numbering]] = {Kind.DEVICE: DEVICE_DESIRED, Kind.LINK: LINK_DESIRED}

DRAINED_STATUS: Final = 5
DRAINED_DESIRED: Final = 6


def device_status(number: int, *, wish: LastWish | None) -> str:
    """The status of a device whose last draining was wished to be *wish*, if we wished at all."""
    if number == DRAINED_STATUS and wish is not None:
        return wish
    return DEVICE_STATUS.word(number)


def device_desired(number: int, *, wish: LastWish | None) -> str:
    """The desired status of a device whose last draining was wished to be *wish*."""
    if number == DRAINED_DESIRED and wish is not None:
        return wish
    return DEVICE_DESIRED.word(number)


# -- words that are only read ---------------------------------------------------------------------

_LINK_TYPES: Final = {1: "WAN", 127: "DZX"}
_DEVICE_TYPES: Final = {0: "hybrid", 1: "transit", 2: "edge"}
_PLACE_STATUS: Final = {0: "pending", 1: "activated", 2: "suspended"}
_CONTRIBUTOR_STATUS: Final = {0: "none", 1: "activated", 2: "suspended", 3: "deleting"}
_INTERFACE_KINDS: Final = {1: "loopback", 2: "physical"}
_LOOPBACK_TYPES: Final = {0: "none", 1: "vpnv4", 2: "ipv4"}
_INTERFACE_STATUS: Final = {
    0: "invalid",
    1: "unmanaged",
    2: "pending",
    3: "activated",
    4: "deleting",
    5: "rejected",
    6: "unlinked",
}


def link_type(number: int) -> str:
    """``WAN`` or ``DZX``."""
    return _LINK_TYPES.get(number, UNKNOWN)


def device_type(number: int) -> str:
    """``hybrid``, ``transit`` or ``edge``."""
    return _DEVICE_TYPES.get(number, UNKNOWN)


def place_status(number: int) -> str:
    """The status of a location or an exchange."""
    return _PLACE_STATUS.get(number, UNKNOWN)


def contributor_status(number: int) -> str:
    """The status of a contributor."""
    return _CONTRIBUTOR_STATUS.get(number, UNKNOWN)


def interface_kind(number: int) -> str:
    """``physical`` or ``loopback``."""
    return _INTERFACE_KINDS.get(number, UNKNOWN)


def loopback_type(number: int) -> str:
    """``none``, ``vpnv4`` or ``ipv4``."""
    return _LOOPBACK_TYPES.get(number, UNKNOWN)


def interface_status(number: int) -> str:
    """The status of an interface."""
    return _INTERFACE_STATUS.get(number, UNKNOWN)
