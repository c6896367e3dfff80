"""Subscribers without Telegram are written to, with a way to the page of their subscription."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.coordination.base import Topic
from services.notifications import outbox
from services.notifications.kinds.plans import PlanFact, PlanNews
from tests.integration.mail.test_shop import VERA, settings_of, signs_up
from tests.support.plans import add_plan
from tests.support.web import browser


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    mailbox = await sandbox.mailbox()
    async with App(settings_of(sandbox, sqlite_url, mailbox.url)).running() as app:
        yield app


async def test_what_becomes_of_a_trial(app: App, sandbox: Sandbox) -> None:
    mailbox = await sandbox.mailbox()
    async with browser(app, follow_redirects=False) as vera:
        vera.headers["accept-language"] = "ru"
        await vera.post("/sign-up", data={"email": VERA})
        await signs_up(vera, (await mailbox.letter(VERA, subject="подтвердите адрес")).link("/confirm?token="))
    user = await app.services.user_management.find(VERA)
    titles = {"ru": "Плюс", "en": "Plus"}
    plan_id = await app.db.write(lambda session: add_plan(session, "plus", title=titles, trial_days=3))
    await app.services.subscriptions.start_trial(user.id, plan_id)
    mine = await app.services.subscriptions.of(user.id)
    assert mine is not None
    now, subscription_id = app.clock(), mine.id

    def tell(session: Session) -> None:
        for fact in (PlanFact.RENEWAL_SOON, PlanFact.ENDS_SOON, PlanFact.PAST_DUE):
            at = now + timedelta(days=1)
            news = PlanNews(subscription_id=subscription_id, plan_id=plan_id, fact=fact, number=1, at=at)
            outbox.put(session, news, user_id=user.id, now=now)

    await app.db.write(tell)
    app.core.coordination.tell(Topic.NEWS)
    soon = await mailbox.letter(VERA, subject="тариф «Плюс» скоро закончится")
    assert soon.text is not None
    assert "Плюс" in soon.text
    late = await mailbox.letter(VERA, subject="тариф «Плюс» не оплачен")
    assert late.text is not None
    assert "https://shop.example.com/subscription" in late.text
    assert not [each for each in await mailbox.letters() if "скоро продлится" in each.subject]  # nothing is charged
