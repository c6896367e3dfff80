"""Which passwords are taken, and how many are hashed at once."""

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from services.identity import passwords
from services.identity.passwords import (
    AT_ONCE,
    Passwords,
    PasswordsBusy,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    check_password,
    common_passwords,
)

VERA = "vera.ivanova@example.com"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.mark.parametrize(
    "password",
    ["fourteen green boats", "        x1y2", "пароль из слов", "🦊🐻🐼🐨🐯🦁🐮🐷", "\x00\x01\x02abcdef", "a1!" * 341],
)
def test_any_characters_will_do(password: str) -> None:
    check_password(password, address=VERA)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("1234567", PasswordTooShort),
        ("", PasswordTooShort),
        ("a" * 1025, PasswordTooLong),
        ("password", PasswordTooCommon),
        ("PassWord", PasswordTooCommon),
        ("ｐａｓｓｗｏｒｄ", PasswordTooCommon),
        ("kassandra", PasswordTooCommon),
        ("!Kassandra2026!", PasswordTooCommon),
        ("Кассандра1", PasswordTooCommon),
        (VERA, PasswordTooCommon),
        ("vera.ivanova", PasswordTooCommon),
        ("Vera.Ivanova1990", PasswordTooCommon),
        ("abababababab", PasswordTooCommon),
    ],
)
def test_what_is_refused(password: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check_password(password, address=VERA)


def test_the_list_has_what_is_tried_first() -> None:
    assert len(common_passwords()) >= 3000
    assert min(map(len, common_passwords())) >= 8


async def test_the_same_signs_of_another_keyboard() -> None:
    some = Passwords(CHEAP)
    kept = await some.hash("Ångström é 12")
    assert await some.verify(kept, "A\u030angstro\u0308m e\u0301 12")
    assert not await some.verify(kept, "Angstrom e 12")


async def test_nobodys_password_is_never_right() -> None:
    some = Passwords(CHEAP)
    for password in ("nobody's", "", "\ud800", "a" * 5000):
        assert not await some.verify(None, password)
        assert not await some.verify("no hash", password)


class SlowHasher(PasswordHasher):
    """Waits until it may go on, and counts how many do."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.may_end = threading.Event()
        self.now = self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.may_end.wait(30)
        with self._lock:
            self.now -= 1
        return super().hash(password, salt=salt)


async def test_few_are_hashed_at_once_and_who_cannot_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.05)
    hasher = SlowHasher()
    some = Passwords(hasher)
    first = [asyncio.get_running_loop().create_task(some.hash("a long password")) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)  # they begin
    with pytest.raises(PasswordsBusy):
        await some.hash("a long password")
    first[0].cancel()  # who goes away still has their thread
    with pytest.raises(asyncio.CancelledError):
        await first[0]
    later = asyncio.get_running_loop().create_task(some.hash("a long password"))
    await asyncio.sleep(0)
    assert hasher.most <= AT_ONCE
    hasher.may_end.set()
    await asyncio.gather(first[1], later)
    assert hasher.most == AT_ONCE
