"""Histories of taps and payments while connections to Telegram are cut, before or after a call was done, or while it is
done late: whoever paid or bought can read it in the chat at the end. `NETWORK_EXAMPLES=300` runs it longer."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import PaymentStatus
from handlers.telegram import client as telegram
from handlers.telegram import delivery, messages, pace, reach
from sandbox.client.person import Person
from sandbox.client.sandbox import SandboxError
from sandbox.client.screen import Message
from services.notifications import settle
from services.payments.queries import PaymentView
from tests.conversations.shopping import WINE
from tests.conversations.stage import Stage
from tests.support.waiting import until

EXAMPLES = int(os.environ.get("NETWORK_EXAMPLES", "3"))
LATE = 1.5  # seconds
BREATH = 0.1
CALLS = ("editMessageText", "editMessageMedia", "sendMessage", "answerCallbackQuery")
ACTIONS = ("topup", "amount", "other amount", "check", "leave", "menu under it", "pay", "pay", "buy", "buy twice")

trouble = st.tuples(
    st.sampled_from(CALLS), st.sampled_from(["cut", "cut_after", "late", "late", "502"]), st.integers(1, 5)
)
steps = st.lists(st.tuples(st.sampled_from(ACTIONS), st.lists(trouble, max_size=2)), min_size=3, max_size=8)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (telegram, "PAUSE", 0.01),
        (pace, "ONE_CHAT", 0.0),
        (delivery, "POLL_SECONDS", 0.02),
        (reach, "PROBE_SECONDS", 0.02),
        (reach, "MAX_PROBE_SECONDS", 0.05),
        (reach, "LATELY_SECONDS", 0.0),
        (messages, "DOUBT_SECONDS", 1.2 * LATE),
        (settle, "RECHECK_AFTER", timedelta(seconds=1.2 * LATE)),
    ):
        monkeypatch.setattr(module, name, value)


class Customer:
    """Does what a person might, whatever the chat shows by then."""

    def __init__(self, stage: Stage, person: Person) -> None:
        self.stage, self.person = stage, person

    async def does(self, action: str) -> None:
        match action:
            case "topup":
                await self.person.says("/topup")
                await asyncio.sleep(BREATH)
            case "amount":
                await self._presses("100 ₽", "300 ₽")
                with suppress(AssertionError):  # no payment was begun
                    await until(self._can_pay, seconds=0.8)
            case "other amount":
                await self._presses("500 ₽", "300 ₽")
            case "check":
                await self._presses("Я оплатил", "Спросить")
            case "leave":
                await self._presses("‹ Назад")
            case "menu under it":
                if (last := await self._newest("Оплатить", "Оплачено", "Бароло", "🔮")) is not None:
                    await self._forges("menu", last)
            case "pay":
                await self._pays()
            case _:
                await self._buys(taps=2 if action == "buy twice" else 1)

    async def _pays(self) -> None:
        shop = await self.stage.sandbox.shop()
        for payment in await self.payments():
            if payment.is_open and payment.provider_payment_id is not None:
                with suppress(SandboxError):  # paid already, and we shall hear of it
                    await shop.pays(payment.provider_payment_id)

    async def _can_pay(self) -> bool:
        return any(payment.is_open and payment.confirmation_url for payment in await self.payments())

    async def _buys(self, *, taps: int) -> None:
        await self.person.says("/start model_wine")
        await self._presses("▶️")
        await self.person.says(WINE)
        await asyncio.sleep(BREATH)
        if (summary := await self._newest("🔮 Предсказать")) is not None:
            button = summary.button("🔮 Предсказать")
            assert button is not None
            assert button.data is not None
            await asyncio.gather(*(self._forges(button.data, summary) for _ in range(taps)))

    async def _presses(self, *labels: str) -> None:
        found = await self._newest(*labels)
        button = found and next(filter(None, map(found.button, labels)), None)
        if found is not None and button and button.data is not None:
            await self._forges(button.data, found)

    async def _forges(self, data: str, message: Message) -> None:
        with suppress(AssertionError):  # not answered, or later
            await self.person.forges(data, message.id, within=BREATH)

    async def _newest(self, *words: str) -> Message | None:
        told = [message for message in await self.person.looks() if message.from_bot]
        fits = [m for m in told if any(m.button(word) is not None or m.holds(word) for word in words)]
        return fits[-1] if fits else None

    async def payments(self) -> Sequence[PaymentView]:
        page = await self.stage.app.services.payment_queries.of_user(await self.stage.user_id(self.person), 0, 50)
        return page.items


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example takes a second: too long to look for the smallest
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(history=[("amount", [("editMessageText", "late", 1)]), ("pay", [])])
@given(history=steps)
async def test_whoever_paid_or_bought_can_read_it(
    stage: Stage, history: list[tuple[str, list[tuple[str, str, int]]]]
) -> None:
    person = await stage.person("Анна", "ru")
    await person.says("/topup")
    await person.sees("1 кредит стоит")
    customer = Customer(stage, person)
    for action, troubles in history:
        for method, kind, times in troubles:
            await stage.sandbox.fault(method, kind, times=times, seconds=LATE, chat_id=person.id)
        await customer.does(action)
    await stage.sandbox.clear_faults()
    await asyncio.sleep(1.2 * LATE)
    await until(partial(_all_told, stage))
    told = [message for message in await person.looks() if message.from_bot]
    for payment in await customer.payments():
        if payment.status is PaymentStatus.SUCCEEDED:
            paid = f"Оплачено: {payment.amount.minor // 100} ₽"
            same = [p for p in await customer.payments() if p.amount == payment.amount]
            succeeded = [p for p in same if p.status is PaymentStatus.SUCCEEDED]
            assert sum(message.holds(paid) for message in told) >= len(succeeded), history
    user_id = await stage.user_id(person)
    bought = (await stage.app.services.history.page(user_id, 0, 50)).items
    assert sum("Бароло" in message.text and "photo" in message.raw for message in told) >= len(bought), history


async def _all_told(stage: Stage) -> bool:
    queue, _ = await stage.app.services.history.queue(stage.app.clock())
    return queue == 0 and await stage.app.db.read(_none_waits)


def _none_waits(session: Session) -> bool:
    notifications = table_of(OutboxMessage)
    waiting = select(notifications.c.id).where(notifications.c.status == OutboxStatus.PENDING).limit(1)
    return session.execute(waiting).first() is None
