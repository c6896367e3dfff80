"""Anna deletes her account: nothing personal of hers is left in any table, and the books are right."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, true, update
from sqlalchemy.orm import Session

from db.base import AnyRow, Base, table_of
from db.engine import Database
from db.tables import metadata
from db.tables.billing import Transaction, TransactionKind
from db.tables.forecasts import Forecast
from db.tables.identities import AccountMerge, ApiScope, EmailLogin, SessionKind
from db.tables.outbox import RefusedAddress
from db.tables.payments import Payment, PaymentStatus
from db.tables.predictions import File, Prediction, PredictionStatus
from db.tables.users import Admin, AuditEntry, Edge, Role, User
from db.tables.webhooks import WebhookEndpoint
from services.billing import ledger
from services.billing.audit import run_audit
from services.coordination.memory import MemoryCoordination
from services.files.cleanup import FileCleanup
from services.files.files import Files
from services.files.folder import FolderStore
from services.forecasts import publish
from services.identity.api_keys import ApiKeys, BadKey
from services.identity.deletion import AccountDeletion, BalanceSeen
from services.identity.deletion_rows import AtWork, MoneyUnderWay, RunsTheShop
from services.identity.email_accounts import EmailAccounts
from services.identity.entrance import Entrance, LoginRules
from services.identity.passwords import Passwords
from services.identity.sessions import Device, ProveAgain, SignedIn, WebSessions
from services.identity.throttles import Throttles
from services.market import favourites
from services.market.prices import Instrument
from services.notifications.kinds.identity import EmailLinked
from services.notifications.letters import Letters
from services.notifications.outbox import Mailbox, put, put_letter
from services.users.accounts import Users, Visitor
from services.users.departures import PersonKey
from services.users.roles import Staff
from tests.support.clock import START, FakeClock
from tests.support.forecasts import forecast
from tests.support.shop import add_model, add_outsider, add_payment, add_prediction

KEY = PersonKey.of("a secret of the shop")
NAME, ADDRESS, TELEGRAM = "Аннушка", "annushka@example.com", 770077077
SECRETS = (
    NAME,
    ADDRESS,
    str(TELEGRAM),
    "anya_v",
    "198.51.100.77",
    "hooks.example.com",
    "сердце болит",
    "77070",
    "Бумага Анны",
)


class Shop:
    def __init__(self, db: Database, clock: FakeClock, folder: Path) -> None:
        self.db, self.clock, self.store = db, clock, FolderStore(folder)
        self.users = Users(db, clock, welcome_credits=1000, people=KEY)
        self.sessions, self.keys, self.files = WebSessions(db, clock), ApiKeys(db, clock), Files(db, self.store, clock)
        self.cleanup = FileCleanup(db, self.store, clock, inputs_for=None, results_for=None)
        throttles, rules = Throttles(MemoryCoordination()), LoginRules(welcome_credits=1000, letters=True)
        self.accounts = EmailAccounts(
            Entrance(
                db=db,
                clock=clock,
                passwords=Passwords(),
                throttles=throttles,
                rules=rules,
                on_news=lambda: None,
            )
        )
        self.deletion = AccountDeletion(db, clock, Staff([1]), self.cleanup, KEY, self.accounts)

    async def last_words(self) -> list[tuple[str, str]]:
        """Sends what waits for a mail server, and tells to whom and in what language."""
        letters, told = Letters(self.db, self.clock), []
        while (letter := await letters.claim()) is not None:
            told.append((letter.address, letter.language))
            await letters.sent(letter)
        return told

    async def enter(self) -> int:
        visitor = Visitor(telegram_id=TELEGRAM, username="anya_v", first_name=NAME, language="ru")
        return (await self.users.enter(visitor)).id

    async def anna(self) -> int:
        """With something in every place."""
        user_id = await self.enter()
        await self.db.write(live, user_id)
        await self.sessions.begin(user_id, SessionKind.BROWSER, Device(address="198.51.100.77", agent="Firefox"))
        await self.files.put(user_id, b"a picture", "image/png")
        return user_id

    async def signed_in(self, user_id: int) -> SignedIn:
        """Just now, by Telegram."""
        user = await self.users.get(user_id)
        return SignedIn(
            session_id=0,
            kind=SessionKind.BROWSER,
            user=user,
            authenticated_at=self.clock(),
            second_factor_at=None,
        )

    async def kept_files(self) -> int:
        return len([file async for page in self.store.list() for file in page])


@pytest.fixture
def shop(database: Database, clock: FakeClock, tmp_path: Path) -> Shop:
    return Shop(database, clock, tmp_path)


def live(session: Session, user_id: int) -> None:
    add_model(session)
    users, payments, predictions = table_of(User), table_of(Payment), table_of(Prediction)
    told = {"email": ADDRESS, "gender": "female", "age": 35}
    session.execute(update(users).where(users.c.id == user_id).values(told))
    login = {"user_id": user_id, "address": ADDRESS, "password_hash": "x", "password_changed_at": START}
    session.execute(insert(table_of(EmailLogin)), login | {"created_at": START})
    bought = add_prediction(session, user_id=user_id, price=300, status=PredictionStatus.SUCCEEDED)
    ledger.charge(session, user_id=user_id, amount=300, prediction_id=bought, now=START)
    asked = {"inputs": {"complaint": "сердце болит"}, "result": {"x": "сердце болит"}, "chat_id": TELEGRAM}
    session.execute(update(predictions).where(predictions.c.id == bought).values(asked))
    paid = add_payment(session, user_id=user_id, amount=700)
    ledger.grant(
        session,
        user_id=user_id,
        amount=700,
        kind=TransactionKind.TOPUP,
        key=f"topup:{paid}",
        now=START,
        payment_id=paid,
    )
    session.execute(update(payments).values(receipt_email=ADDRESS, chat_id=TELEGRAM, message_id=77070))
    put(session, EmailLinked(address=ADDRESS, nonce="1"), user_id=user_id, now=START)
    to = Mailbox(address=ADDRESS, language="ru", user_id=user_id)
    put_letter(session, EmailLinked(address=ADDRESS, letter=True, nonce="1"), to=to, now=START)
    refused = {"address": ADDRESS, "reason": "no such user", "refused_at": START}
    session.execute(insert(table_of(RefusedAddress)), refused)
    paper = Instrument(provider="moex", symbol="SBER", name="Бумага Анны", exchange="MOEX")
    favourites.remember(session, user_id, "moex", paper, START)
    hook = {"id": uuid4(), "user_id": user_id, "url": "https://hooks.example.com/", "events": {}, "secret": "s"}
    session.execute(insert(table_of(WebhookEndpoint)), hook | {"created_at": START})


def everything(session: Session) -> str:
    """All rows of all tables, as text."""
    found = ((table.name, row) for table in metadata.sorted_tables for row in session.execute(select(table)))
    return "\n".join(f"{name}: {dict(row._mapping)}" for name, row in found)


async def test_nothing_personal_is_left_and_the_books_are_right(shop: Shop) -> None:
    user_id = await shop.anna()
    before = await shop.db.read(everything)
    assert all(secret in before for secret in SECRETS)
    facts = await shop.deletion.look(user_id)
    assert (facts.balance, facts.predictions) == (1400, 1)
    await shop.deletion.delete_in_chat(user_id, seen_balance=1400)
    assert await shop.last_words() == [(ADDRESS, "ru")]
    after = await shop.db.read(everything)
    assert [secret for secret in SECRETS if secret in after] == []
    assert (await run_audit(shop.db)).ok
    assert await shop.kept_files() == 0
    (line,) = await shop.db.read(rows, Transaction, Transaction.kind == TransactionKind.TAKE_BACK)
    assert (line.amount, line.balance_after) == (-1400, 0)
    (entry,) = await shop.db.read(rows, AuditEntry, AuditEntry.action == "account.delete")
    assert (entry.target_user_id, entry.edge) == (user_id, "chat")
    assert (entry.before, entry.after) == ({"balance": 1400}, {"balance": 0})


async def test_no_moment_tells_whose_a_forecast_was(shop: Shop) -> None:
    await shop.db.write(add_model)
    user_id = await shop.enter()
    prediction_id = await shop.db.write(run, user_id)
    await shop.db.write(end, prediction_id)
    made = forecast(last_day=START.date(), last_close=100.0)
    await shop.db.write(publish.keep, {prediction_id: made}, START)
    await shop.deletion.delete_in_chat(user_id, seen_balance=(await shop.deletion.look(user_id)).balance)
    (row,) = await shop.db.read(rows, Forecast, true())
    assert (row.prediction_id, row.made_at) == (None, START.replace(hour=0, minute=0, second=0, microsecond=0))


async def test_what_a_merged_account_left_goes_too(shop: Shop) -> None:
    user_id = await shop.anna()
    paid = await shop.db.write(merge_another, user_id)
    assert "older@example.com" in await shop.db.read(everything)
    with pytest.raises(MoneyUnderWay):
        await shop.deletion.look(user_id)
    await shop.db.write(end_payment, paid)
    await shop.deletion.delete_in_chat(user_id, seen_balance=1400)
    assert "older@example.com" not in await shop.db.read(everything)
    assert (await run_audit(shop.db)).ok


def merge_another(session: Session, user_id: int) -> UUID:
    """With a payment that nobody has paid yet."""
    old = add_outsider(session)
    merge = {"from_user_id": old, "into_user_id": user_id, "credits": 0, "created_at": START}
    session.execute(insert(table_of(AccountMerge)), merge)
    paid = add_payment(session, user_id=old, amount=700, status=PaymentStatus.PENDING)
    payments = table_of(Payment)
    session.execute(update(payments).where(payments.c.id == paid).values(receipt_email="older@example.com"))
    return paid


def end_payment(session: Session, payment_id: UUID) -> None:
    payments = table_of(Payment)
    session.execute(update(payments).where(payments.c.id == payment_id).values(status=PaymentStatus.CANCELED))


async def test_nobody_gets_in_any_more(shop: Shop) -> None:
    user_id = await shop.anna()
    session = await shop.sessions.begin(user_id, SessionKind.API, Device())
    _, key = await shop.keys.create(user_id, "mine", [ApiScope.READ])
    await shop.deletion.delete_in_chat(user_id, seen_balance=1400)
    assert await shop.sessions.find(session) is None
    with pytest.raises(BadKey):
        await shop.keys.find(key)


async def test_who_comes_back_is_somebody_new_without_credits(shop: Shop) -> None:
    """However often."""
    for balance in (1400, 0, 0):
        user_id = await (shop.anna() if balance else shop.enter())
        assert (await shop.users.get(user_id)).balance == balance
        await shop.deletion.delete_in_chat(user_id, seen_balance=balance)
    again = await shop.enter()
    assert again != user_id
    assert (await shop.users.get(again)).balance == 0
    assert (await run_audit(shop.db)).ok


async def test_the_hash_tells_nothing_without_the_key() -> None:
    assert KEY.telegram(TELEGRAM) != PersonKey.of("another secret").telegram(TELEGRAM)
    assert KEY.telegram(7) != KEY.email("7")
    assert "secret" not in repr(KEY)


async def test_what_was_seen_must_be_so(shop: Shop) -> None:
    user_id = await shop.anna()
    with pytest.raises(BalanceSeen):
        await shop.deletion.delete_in_chat(user_id, seen_balance=1000)
    assert (await shop.users.get(user_id)).first_name == NAME


async def test_it_waits_for_what_runs_and_for_money(shop: Shop) -> None:
    user_id = await shop.anna()
    running = await shop.db.write(run, user_id)
    with pytest.raises(AtWork):
        await shop.deletion.delete_in_chat(user_id, seen_balance=1400)
    await shop.db.write(end, running)
    await shop.db.write(pay, user_id, PaymentStatus.PENDING)
    with pytest.raises(MoneyUnderWay):
        await shop.deletion.look(user_id)
    await shop.db.write(pay, user_id, PaymentStatus.CANCELED)
    await shop.deletion.delete_in_chat(user_id, seen_balance=1400)


@pytest.mark.parametrize("role", list(Role))
async def test_who_runs_the_shop_stays(shop: Shop, role: Role) -> None:
    user_id = await shop.anna()
    if role is Role.OWNER:
        shop.deletion = replace(shop.deletion, staff=Staff([TELEGRAM]))
    else:
        await shop.db.write(appoint, user_id, role)
    with pytest.raises(RunsTheShop):
        await shop.deletion.delete_in_chat(user_id, seen_balance=1400)


async def test_a_session_without_a_password_proves_itself_by_its_age(shop: Shop) -> None:
    who = await shop.signed_in(await shop.enter())
    shop.clock.advance(minutes=10, seconds=1)
    with pytest.raises(ProveAgain):
        await shop.deletion.delete(who, password="", seen_balance=1000, edge=Edge.WEB)
    who = replace(who, authenticated_at=shop.clock() - timedelta(minutes=10))
    await shop.deletion.delete(who, password="", seen_balance=1000, edge=Edge.WEB)
    (entry,) = await shop.db.read(rows, AuditEntry, AuditEntry.action == "account.delete")
    assert entry.edge == "web"


async def test_two_tabs_delete_once(shop: Shop) -> None:
    user_id = await shop.anna()
    both = (shop.deletion.delete_in_chat(user_id, seen_balance=1400) for _ in range(2))
    ends = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "UnknownUser"]
    assert (await run_audit(shop.db)).ok


async def test_dying_between_rows_and_files_loses_no_file_for_ever(shop: Shop) -> None:
    """What did not go at once goes within the hour."""
    user_id = await shop.anna()

    async def die(user_id: int) -> int:
        raise KeyboardInterrupt

    dying = FileCleanup(shop.db, shop.store, shop.clock, inputs_for=None, results_for=None)
    dying.delete_of = die  # type: ignore[method-assign]
    shop.deletion = replace(shop.deletion, files=dying)
    with pytest.raises(KeyboardInterrupt):
        await shop.deletion.delete_in_chat(user_id, seen_balance=1400)
    assert await shop.kept_files() == 1
    await shop.cleanup.run_due()
    assert (await shop.kept_files(), await shop.db.read(rows, File, File.user_id == user_id)) == (0, [])


def rows(session: Session, table: type[Base], which: Any) -> list[AnyRow]:  # Any: a condition on its columns
    return list(session.execute(select(table_of(table)).where(which)).all())


def run(session: Session, user_id: int) -> UUID:
    return add_prediction(session, user_id=user_id, price=0, status=PredictionStatus.QUEUED)


def end(session: Session, prediction_id: UUID) -> None:
    table = table_of(Prediction)
    session.execute(update(table).where(table.c.id == prediction_id).values(status=PredictionStatus.CANCELED))


def pay(session: Session, user_id: int, status: PaymentStatus) -> None:
    payments = table_of(Payment)
    session.execute(update(payments).where(payments.c.user_id == user_id).values(status=status))


def appoint(session: Session, user_id: int, role: Role) -> None:
    session.execute(insert(table_of(Admin)), {"user_id": user_id, "role": role, "created_at": START})
