"""Passwords: which are taken, and how they are kept. Hashing costs a processor some 20 ms and 19 MiB, so few are hashed
at once; who cannot wait is told to come back."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.errors import N_, ShopError

T = TypeVar("T")

SHORTEST: Final = 8  # characters
LONGEST: Final = 1024
AT_ONCE: Final = 2
PATIENCE: Final = 5.0  # seconds
OURS: Final = ("kassandra", "кассандра", "predictions", "предсказания")
LIST: Final = Path(__file__).with_name("common_passwords.txt")  # the most used ones that are long enough, from zxcvbn


class PasswordTooShort(ShopError):
    message = N_("A password has at least {least} characters.")


class PasswordTooLong(ShopError):
    message = N_("A password has at most {most} characters.")


class PasswordTooCommon(ShopError):
    message = N_("This password is among those that are tried first. Please think of another one.")


class PasswordsBusy(ShopError):
    message = N_("Too many people are signing in right now. Please try again in a minute.")


def check_password(password: str, *, address: str) -> None:
    """Any characters will do. Raises `PasswordTooShort`, `PasswordTooLong`, `PasswordTooCommon`: also for the shop's
    name and the customer's own `address`, with or without figures around it."""
    if len(password) < SHORTEST:
        raise PasswordTooShort(least=SHORTEST)
    if len(password) > LONGEST:
        raise PasswordTooLong(most=LONGEST)
    plain = _normal(password).casefold()
    core = plain.strip("0123456789!?.,-_*#@$%&+= ")
    own = {*OURS, address, address.partition("@")[0]}
    if plain in common_passwords() or plain in own or core in own or len(set(plain)) < 3:
        raise PasswordTooCommon()


@cache
def common_passwords() -> frozenset[str]:
    return frozenset(LIST.read_text("utf-8").split())


class Passwords:
    """Argon2id, at OWASP's minimum unless `hasher` says otherwise."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Raises `PasswordsBusy`."""
        return await self._in_turn(self._hash, password)

    async def verify(self, kept: str | None, password: str) -> bool:
        """`kept`: None where there is no account; that takes as long. Raises `PasswordsBusy`."""
        if len(password) > LONGEST:
            password = ""
        return await self._in_turn(self._verify, kept or "", password)

    def is_old(self, kept: str) -> bool:
        """Whether it was hashed with other costs than today's, and is to be hashed anew."""
        return self._hasher.check_needs_rehash(kept)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def _verify(self, kept: str, password: str) -> bool:
        if not self._nobodys:
            self._nobodys = self._hash("nobody's")
        try:
            return self._hasher.verify(kept or self._nobodys, _bytes(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[..., T], *arguments: str) -> T:
        """In a thread of ours, of which there are few: who goes away meanwhile still has theirs until it is done."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError as error:
            raise PasswordsBusy() from error
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._places.release()


def _normal(password: str) -> str:
    """The same signs typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")
