"""A shop whose pages a browser opens, as a process: `python -m tests.browser.site FOLDER` prints where it is and the
sessions of its people. A browser's loop and the shop's cannot run in one thread."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from playwright.sync_api import Browser, Page

if TYPE_CHECKING:  # a browser's process does without
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bot.app import App
    from sandbox.client.shop import Shop

ROOT: Final = Path(__file__).parents[2]
PEOPLE: Final = {"anna": "ru", "john": "en", "olga": "ru"}  # Olga owns the shop
PAID: Final = 30_000  # kopecks, by Anna


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSite:
    """`sessions`: the token of each of `PEOPLE`."""

    url: str
    sessions: dict[str, str]

    def page(self, opened: Browser, person: str | None = None, **more: object) -> Page:
        """A window of its own; `more` is playwright's."""
        context = opened.new_context(base_url=self.url, reduced_motion="reduce", **more)  # type: ignore[arg-type]
        if person is not None:
            cookie = {"name": "__Host-session", "value": self.sessions[person], "domain": "127.0.0.1", "path": "/"}
            context.add_cookies([{**cookie, "secure": True, "httpOnly": True}])  # type: ignore[typeddict-item]
        return context.new_page()


@contextmanager
def open_site(folder: Path) -> Iterator[OpenSite]:
    command = [sys.executable, "-m", "tests.browser.site", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        told = next((line for line in process.stdout if line.startswith("{")), "")
        assert told, "the shop did not start"
        yield OpenSite(**json.loads(told))
    finally:
        process.terminate()
        process.communicate(timeout=30)


async def _serve(folder: Path) -> None:
    from bot.startup import import_aiogram

    import_aiogram()
    from bot.app import App
    from bot.demo.shelf import stock
    from sandbox.testing import new_world, running_sandbox
    from tests.conversations.stage import OWNER_ID, shop_settings
    from tests.support.databases import SqliteServer
    from tests.support.every_input import add_every_input

    async with running_sandbox() as url, new_world(url) as sandbox:
        assert sandbox.token is not None
        shelf = stock(folder / "shelf", ROOT / "models_store", sandbox=url, bot=sandbox.token.partition(":")[0])
        add_every_input(shelf)
        shop = await sandbox.shop()
        more = {"yookassa_secret_key": shop.secret_key, "yookassa_api_url": shop.api_url, "stars_price": "0.13"}
        settings = shop_settings(
            sandbox, SqliteServer(folder).create(), models_dir=shelf, yookassa_shop_id=shop.shop_id, **more
        )
        async with App(settings).running() as app:
            known = {name: OWNER_ID if name == "olga" else 1000 + n for n, name in enumerate(PEOPLE)}
            sessions = {name: await _session(app, name, telegram_id) for name, telegram_id in known.items()}
            await _pay(app, shop, known["anna"])
            await _subscribe(app, shop, known["anna"])
            await app.db.write(_trouble, app.clock())
            told = json.dumps({"url": f"http://127.0.0.1:{app.web_port}", "sessions": sessions})
            print(told, flush=True)  # noqa: T201 - whoever started it reads it
            await asyncio.Event().wait()


async def _session(app: "App", name: str, telegram_id: int) -> str:
    from db.tables.billing import TransactionKind
    from db.tables.identities import SessionKind
    from services.billing import ledger
    from services.identity.sessions import Device
    from services.users.accounts import Visitor
    from tests.support.web import show_factor

    visitor = Visitor(telegram_id=telegram_id, username=None, first_name=name, language=PEOPLE[name])
    user = await app.services.users.enter(visitor)
    key, now = str(uuid4()), app.clock()
    await app.db.write(
        ledger.grant, user_id=user.id, amount=100_000, kind=TransactionKind.GRANT, key=key, now=now, expires_at=None
    )
    token = await app.services.web_sessions.begin(user.id, SessionKind.BROWSER, Device(agent="a browser"))
    if name == "olga":
        await app.db.write(show_factor, token, now)
    return token


async def _pay(app: "App", shop: "Shop", telegram_id: int) -> None:
    from services.money import rub
    from services.payments.topup import TopUpRequest

    payer, payments = await app.services.users.find(telegram_id), app.services.payments
    assert payer is not None
    assert payments is not None
    address, back = "anna@example.com", "http://127.0.0.1"
    wish = TopUpRequest(user_id=payer.id, amount=rub(PAID), email=address, return_url=back)
    begun = await payments.topup.start(wish)
    await shop.pays(begun.provider_payment_id or "")
    await payments.settlement.ask(begun.id)


async def _subscribe(app: "App", shop: "Shop", telegram_id: int) -> None:
    """The shop sells plans, the first of which is Anna's."""
    from db.tables.plans import AllowanceUnit
    from services.plans.checkout import PlanOrder
    from tests.support.plans import add_plan

    def sell(session: "Session") -> int:
        none: list[str] = []
        requests, tokens = (AllowanceUnit.REQUESTS, 300, none), (AllowanceUnit.TOKENS, 500_000, ["oracle"])
        about = {"ru": "Для тех, кто спрашивает каждый день.", "en": "For those who ask every day."}
        plus: dict[str, str] = {"ru": "Плюс", "en": "Plus"}
        free: dict[str, str] = {"ru": "Бесплатный", "en": "Free"}
        add_plan(session, "free", kopecks=None, title=free, allowances=[(AllowanceUnit.REQUESTS, 5, none)], position=1)
        terms = {"credits": 50_000, "trial_days": 3, "discount_percent": 10, "description": about}
        plan_id = add_plan(session, "plus", kopecks=49_000, stars=350, title=plus, allowances=[requests], **terms)
        pro: dict[str, str] = {"ru": "Профессиональный", "en": "Professional"}
        add_plan(session, "pro", kopecks=499_000, title=pro, months=6, allowances=[requests, tokens], position=200)
        return plan_id

    plan_id = await app.db.write(sell)
    payer, checkout, payments = (
        await app.services.users.find(telegram_id),
        app.services.plan_checkout,
        app.services.payments,
    )
    assert payer is not None
    assert checkout is not None
    assert payments is not None
    order = PlanOrder(user_id=payer.id, plan_id=plan_id, email=None, return_url="http://127.0.0.1", consent=True)
    begun = await checkout.start(order)
    await shop.pays(begun.provider_payment_id or "")
    await payments.settlement.ask(begun.id)
    await app.services.plans.on_sale()


def _trouble(session: "Session", now: "datetime") -> None:
    """A renewal that failed, and Stars that came for nothing known."""
    from sqlalchemy import insert, select, update

    from db.base import table_of
    from db.tables.currencies import Currency
    from db.tables.payments import Payment, PaymentStatus, StrayPayment, StrayStatus
    from db.tables.plans import PaymentMethod
    from tests.support.shop import add_payment

    method = session.execute(select(table_of(PaymentMethod))).one()
    payment_id = add_payment(session, user_id=method.user_id, amount=1)
    failed = {"plan_id": 2, "method_id": method.id, "credits": 0, "amount_kopecks": 49_000}
    failed |= {"status": PaymentStatus.CANCELED, "cancel_reason": "insufficient_funds", "paid_at": None}
    payments = table_of(Payment)
    session.execute(
        update(payments).where(payments.c.id == payment_id).values(failed | {"created_at": now, "updated_at": now})
    )
    stray = {"provider": "stars", "charge_id": "stray-" + "x" * 40, "payer_id": 1002, "amount": 350, "seen_at": now}
    stray |= {"currency": Currency.XTR, "payload": "of another shop", "status": StrayStatus.KEPT}
    session.execute(insert(table_of(StrayPayment)).values(stray))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
