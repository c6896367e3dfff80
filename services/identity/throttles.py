"""How often strangers may try. None of it locks an owner out for ever: counts run out within the hour, a browser that
was signed in before has a count of its own, and a letter always leads in."""

import hashlib
from ipaddress import ip_address
from typing import Final

from db.tables.identities import LetterPurpose
from services.coordination.base import Coordination
from services.errors import N_, ShopError

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 24 * HOUR
LETTERS_A_DAY: Final = 6  # to one address, of one purpose, asked for by one network or by a browser known there
LETTERS_AT_AN_ADDRESS: Final = 24  # likewise a day, by all who are not known there: no mailbox is flooded
LETTERS_OF_A_NETWORK: Final = 30  # an hour
LETTERS_OF_ALL: Final = 1000  # an hour
TRIES: Final = 10  # of a browser or a network at one account, in five minutes
TRIES_OF_A_NETWORK: Final = 40  # in five minutes, at all accounts
TRIES_AT_AN_ACCOUNT: Final = 100  # an hour, by all who are not known there
LOGINS_OF_A_NETWORK: Final = 60  # by Telegram, begun in five minutes
QUESTIONS_TO_A_PERSON: Final = 10  # by the bot, in five minutes
CODES: Final = ((5, 5 * MINUTE), (20, HOUR), (50, DAY))  # of a second factor, each time and seconds


class LetterJustSent(ShopError):
    message = N_(
        "A letter to this address was asked for a moment ago. Please look for it, also under spam, and ask again in a "
        "minute if it does not come."
    )


class TooManyLetters(ShopError):
    message = N_("Too many letters were asked for. Please try again later.")


class TooManyTries(ShopError):
    message = N_("Too many tries. Please wait five minutes, or get a link for a new password by e-mail.")


class TooManyLogins(ShopError):
    message = N_("Too many tries. Please wait five minutes.")


class TooManyCodes(ShopError):
    message = N_("Too many codes were tried. Please wait five minutes; after many tries it takes longer.")


class Throttles:
    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination

    async def letter(self, purpose: LetterPurpose, address: str, place: str, *, device: str | None = None) -> None:
        """`device`: as for `sign_in`. What strangers ask for elsewhere takes nothing from an owner until they do so
        from several networks, and never from a known device. Raises `LetterJustSent`, `TooManyLetters`; the same
        whether somebody has the address or not."""
        whose, network = f"letter:{purpose}:{_digest(address)}", network_of(place)
        asker = f"{whose}:{network}" if device is None else f"{whose}:device:{device[:16]}"
        if not await self._allow(f"letters:{network}", LETTERS_OF_A_NETWORK, HOUR):
            raise TooManyLetters(place=network)
        if not await self._allow(asker, 1, MINUTE):
            raise LetterJustSent()
        if not await self._allow(f"{asker}:day", LETTERS_A_DAY, DAY):
            raise TooManyLetters()
        if device is None and not await self._allow(f"{whose}:day", LETTERS_AT_AN_ADDRESS, DAY):
            raise TooManyLetters()
        if not await self._allow("letters", LETTERS_OF_ALL, HOUR):
            raise TooManyLetters()

    async def sign_in(self, address: str, place: str, *, device: str | None) -> None:
        """`device`: by which a browser is known that was signed in to this account before. Raises `TooManyTries`."""
        whose, network = f"sign-in:{_digest(address)}", network_of(place)
        if device is not None:
            counts = [(f"{whose}:device:{device[:16]}", TRIES, 5 * MINUTE)]
        else:
            counts = [
                (f"sign-in:network:{network}", TRIES_OF_A_NETWORK, 5 * MINUTE),
                (f"{whose}:{network}", TRIES, 5 * MINUTE),
                (whose, TRIES_AT_AN_ACCOUNT, HOUR),
            ]
        for key, times, seconds in counts:
            if not await self._allow(key, times, seconds):
                raise TooManyTries(place=network)

    async def prove(self, user_id: int) -> None:
        """Somebody signed in shows their password once more. Raises `TooManyTries`."""
        if not await self._allow(f"prove:{user_id}", TRIES, 5 * MINUTE):
            raise TooManyTries(user_id=user_id)

    async def second_factor(self, user_id: int) -> None:
        """Somebody shows a code. Raises `TooManyCodes`."""
        for times, seconds in CODES:
            if not await self._allow(f"second-factor:{user_id}:{seconds}", times, seconds):
                raise TooManyCodes(user_id=user_id)

    async def begin_login(self, place: str) -> None:
        """A browser asks for a link to the bot. Raises `TooManyLogins`."""
        network = network_of(place)
        if not await self._allow(f"login:network:{network}", LOGINS_OF_A_NETWORK, 5 * MINUTE):
            raise TooManyLogins(place=network)

    async def ask_person(self, telegram_id: int) -> None:
        """The bot asks somebody whether it is them. Raises `TooManyLogins`."""
        if not await self._allow(f"login:person:{telegram_id}", QUESTIONS_TO_A_PERSON, 5 * MINUTE):
            raise TooManyLogins(telegram_id=telegram_id)

    async def _allow(self, key: str, times: int, seconds: int) -> bool:
        return await self._coordination.allow(key, times=times, seconds=seconds)


def network_of(place: str) -> str:
    """What one household has: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        address = ip_address(place.partition("%")[0])
    except ValueError:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address) if address.version == 4 else f"{address.exploded[:19]}::/64"


def _digest(address: str) -> str:
    """Who can read the shared memory need not read addresses there."""
    return hashlib.sha256(address.encode()).hexdigest()[:24]
