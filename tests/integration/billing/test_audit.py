"""Each invariant is broken on purpose; the audit names what broke and the row."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.chats import MessageStatus
from db.tables.identities import AccountMerge
from db.tables.outbox import OutboxKind
from db.tables.payments import PaymentStatus
from db.tables.predictions import PredictionStatus
from db.tables.scorings import ScoringPart, ScoringStatus
from services.billing import audit, ledger
from services.billing.invariants.rules import RULES
from services.billing.merges import move_on_all
from services.chats import usage
from services.forecasts import publish
from services.notifications.kinds.chats import AnswerReady
from services.notifications.outbox import enqueue, put
from tests.support.audits import broken, meddle
from tests.support.clock import START
from tests.support.forecasts import forecast
from tests.support.plans import add_subscriber
from tests.support.shop import (
    add_answer,
    add_bonus,
    add_model,
    add_payment,
    add_prediction,
    add_refund,
    add_scoring,
    add_user,
)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A small honest history: every kind of line, by two users."""

    anna: int
    boris: int
    welcome: int
    ran: UUID
    failed: UUID
    failed_late: UUID
    free: UUID
    queued: UUID
    answered: UUID
    given_free: UUID
    silent: UUID
    paid: UUID
    unpaid: UUID
    refund: UUID
    bonus: int
    spare_bonus: int
    table: UUID
    stopped_table: UUID
    running_table: UUID


def open_shop(session: Session) -> Shop:
    anna, boris = add_user(session), add_user(session)
    add_model(session)
    grant, charge, statuses = ledger.grant, ledger.charge, PredictionStatus
    welcome = grant(session, user_id=anna, amount=1000, kind=TransactionKind.WELCOME, key="welcome:a", now=START)
    grant(session, user_id=boris, amount=300, kind=TransactionKind.WELCOME, key="welcome:b", now=START)
    week = START + 7 * DAY
    bonus = grant(
        session, user_id=anna, amount=500, kind=TransactionKind.BONUS, key="bonus:a", now=START, expires_at=week
    )
    add_bonus(session, user_id=anna, week="2026-W47", amount=500, transaction_id=bonus.id)
    spare = grant(session, user_id=boris, amount=50, kind=TransactionKind.BONUS, key="bonus:b", now=START)
    add_bonus(session, user_id=boris, week="2026-W47", amount=50, transaction_id=spare.id)

    paid = add_payment(session, user_id=anna, amount=700)
    grant(session, user_id=anna, amount=700, kind=TransactionKind.TOPUP, key="topup", now=START, payment_id=paid)
    unpaid = add_payment(session, user_id=boris, amount=400, status=PaymentStatus.PENDING)
    refund = add_refund(session, payment_id=paid, credits_taken=90)
    ledger.take_back(session, user_id=anna, amount=90, key="refund", now=START, refund_id=refund)

    failed_late = add_prediction(session, user_id=anna, price=300, status=statuses.FAILED)
    charge(session, user_id=anna, amount=300, prediction_id=failed_late, now=START)
    ran = add_prediction(session, user_id=anna, price=600, status=statuses.SUCCEEDED)
    charge(session, user_id=anna, amount=600, prediction_id=ran, now=START)
    failed = add_prediction(session, user_id=boris, price=200, status=statuses.CANCELED)
    charge(session, user_id=boris, amount=200, prediction_id=failed, now=START)
    ledger.charge_refund(session, prediction_id=failed, now=START)
    queued = add_prediction(session, user_id=boris, price=100, status=statuses.QUEUED)
    charge(session, user_id=boris, amount=100, prediction_id=queued, now=START)
    free = add_prediction(session, user_id=anna, price=0, status=statuses.FAILED)
    answered = add_answer(session, user_id=anna, hold=100, price=30, status=MessageStatus.SUCCEEDED)
    charge(session, user_id=anna, amount=100, message_id=answered, now=START)
    ledger.charge_return(session, message_id=answered, amount=70, now=START)
    silent = add_answer(session, user_id=anna, hold=40, price=0, status=MessageStatus.FAILED)
    charge(session, user_id=anna, amount=40, message_id=silent, now=START)
    ledger.charge_refund(session, message_id=silent, now=START)
    halved = add_answer(session, user_id=anna, hold=40, price=7, status=MessageStatus.SUCCEEDED)
    charge(session, user_id=anna, amount=40, message_id=halved, now=START)
    ledger.charge_return(session, message_id=halved, amount=25, now=START)
    ledger.charge_refund(session, message_id=halved, amount=8, now=START)
    session.execute(
        text("UPDATE messages SET error_code = 'NotDelivered', fixed_price = 15 WHERE hold = 40 AND price = 7")
    )
    put(session, AnswerReady(message_id=halved, returned=True, shown=1, whole=2, back=8), user_id=anna, now=START)
    given_free = add_answer(session, user_id=anna, hold=0, price=0, status=MessageStatus.SUCCEEDED, free=True)
    usage.reserve_free(session, user_id=anna, model_slug="wine", day=date(2026, 11, 20), most=3)
    ledger.charge_refund(session, prediction_id=failed_late, now=START + 8 * DAY)
    table = add_scoring(session, user_id=anna, price=5, rows=10, done=10, failed=2, status=ScoringStatus.SUCCEEDED)
    charge(session, user_id=anna, amount=50, scoring_id=table, now=START)
    ledger.charge_return(session, scoring_id=table, amount=10, now=START)
    stopped_table = add_scoring(session, user_id=boris, price=5, rows=4, status=ScoringStatus.CANCELED)
    charge(session, user_id=boris, amount=20, scoring_id=stopped_table, now=START)
    ledger.charge_refund(session, scoring_id=stopped_table, now=START)
    running_table = add_scoring(session, user_id=anna, price=1, rows=9, done=6, status=ScoringStatus.RUNNING)
    charge(session, user_id=anna, amount=9, scoring_id=running_table, now=START)
    part = {"scoring_id": running_table, "start": 0, "rows": 6, "file_id": running_table}
    session.execute(insert(table_of(ScoringPart)), part)
    add_subscriber(session, boris)
    annas_other = add_user(session)
    grant(session, user_id=annas_other, amount=60, kind=TransactionKind.WELCOME, key="welcome:other", now=START)
    moved = {"from_user_id": annas_other, "into_user_id": anna, "credits": 0, "created_at": START}
    session.execute(insert(table_of(AccountMerge)), moved)
    move_on_all(session, START)
    publish.publish(session, forecast(last_day=START.date(), last_close=100.0), week="2026-W47", now=START)
    return Shop(
        anna=anna,
        boris=boris,
        welcome=welcome.id,
        ran=ran,
        failed=failed,
        failed_late=failed_late,
        free=free,
        queued=queued,
        answered=answered,
        given_free=given_free,
        silent=silent,
        paid=paid,
        unpaid=unpaid,
        refund=refund,
        bonus=bonus.id,
        spare_bonus=spare.id,
        table=table,
        stopped_table=stopped_table,
        running_table=running_table,
    )


def sql_id(database: Database, value: UUID) -> str:
    return f"'{value.hex if database.is_sqlite else value}'"


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await database.write(open_shop)


async def test_an_honest_history_holds(database: Database, shop: Shop) -> None:
    report = await audit.run_audit(database)
    assert report.ok, str(report)
    assert {check.invariant for check in report.checks} == {f"I{n}" for n in range(1, 10)}
    assert all(check.examined > 0 for check in report.checks), "each check had rows to look at"
    assert str(report).endswith("Everything holds.")


async def test_an_empty_database_holds(database: Database) -> None:
    assert (await audit.run_audit(database)).ok


async def test_i1_a_balance_that_nobody_posted(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE users SET balance = balance + 1 WHERE id = {shop.anna}")
    found = await broken(database)
    assert found.keys() == {"balances", "totals"}  # credits from nowhere break the sum of all as well
    assert f"user_id={shop.anna} " in found["balances"][0]
    assert len(found["balances"]) == 1


async def test_i2_entries_that_do_not_add_up_to_the_line(database: Database, shop: Shop) -> None:
    """One hundredth moves from one line to another of the same lot: the lot still adds up, the lines do not."""
    lot = f"lot_id = (SELECT lot_id FROM lot_entries WHERE transaction_id = {shop.bonus})"
    ran = sql_id(database, shop.ran)
    await meddle(
        database,
        f"UPDATE lot_entries SET amount = amount - 1 WHERE {lot} AND transaction_id ="
        " (SELECT id FROM transactions WHERE kind = 'take_back')",
        f"UPDATE lot_entries SET amount = amount + 1 WHERE {lot} AND transaction_id ="
        f" (SELECT id FROM transactions WHERE prediction_id = {ran})",
    )
    assert (await broken(database)).keys() == {"lines and entries"}


async def test_i2_a_lot_that_holds_what_no_entry_gave(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE lots SET remaining = remaining - 1 WHERE user_id = {shop.boris} AND kind = 'bonus'")
    found = await broken(database)
    assert found.keys() == {"balances", "lots and entries"}
    assert "kind=bonus" in found["lots and entries"][0]
    assert f"user_id={shop.boris} " in found["lots and entries"][0]


async def test_i2_a_lot_of_somebody_else(database: Database, shop: Shop) -> None:
    """Anna's welcome lot is turned into Boris's: her lines now draw on his lot."""
    await meddle(database, f"UPDATE lots SET user_id = {shop.boris} WHERE user_id = {shop.anna} AND kind = 'welcome'")
    found = await broken(database)
    assert found.keys() == {"balances", "lines and entries"}
    assert any(f"transaction_id={shop.welcome} " in row for row in found["lines and entries"])


async def test_i2_a_lot_without_its_grant(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE lots SET kind = 'grant' WHERE user_id = {shop.boris} AND kind = 'welcome'")
    found = await broken(database)
    assert found.keys() == {"lots and entries"}


async def test_i2_a_lot_that_was_once_overdrawn(database: Database, shop: Shop) -> None:
    """Entries in another order: the sums hold, but what was spent had not come yet."""
    newest = "(SELECT max(id) + 1 FROM lot_entries)"
    await meddle(database, f"UPDATE lot_entries SET id = {newest} WHERE transaction_id = {shop.welcome}")
    found = await broken(database)
    assert found.keys() == {"lots over time"}


async def test_i3_a_success_without_a_topup(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE payments SET status = 'succeeded' WHERE id = {sql_id(database, shop.unpaid)}")
    found = await broken(database)
    assert found == {"payments and top-ups": found["payments and top-ups"]}
    assert f"payment_id={shop.unpaid} " in found["payments and top-ups"][0]


async def test_i3_a_topup_of_a_canceled_payment(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE payments SET status = 'canceled' WHERE id = {sql_id(database, shop.paid)}")
    found = await broken(database)
    assert found.keys() == {"payments and top-ups"}
    assert f"payment_id={shop.paid} " in found["payments and top-ups"][0]


async def test_i3_a_topup_of_another_amount(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE payments SET credits = 701 WHERE id = {sql_id(database, shop.paid)}")
    assert (await broken(database)).keys() == {"payments and top-ups"}


async def test_i3_an_adopted_payment_that_could_be_any(database: Database, shop: Shop) -> None:
    change = "adopted_at = created_at, provider_payment_id = NULL"
    await meddle(database, f"UPDATE payments SET {change} WHERE id = {sql_id(database, shop.paid)}")
    found = await broken(database)
    assert found.keys() == {"adopted payments"}
    assert f"payment_id={shop.paid} " in found["adopted payments"][0]


@pytest.mark.parametrize(
    ("change", "which"),
    [
        ("status = 'failed'", "ran"),  # charged and failed, not returned
        ("status = 'succeeded'", "failed"),  # returned though it succeeded
        ("status = 'running'", "failed"),  # returned though it still runs
        ("price = 601", "ran"),  # charged another price
        ("price = 5", "free"),  # never charged
        ("price = 0", "queued"),  # charged for what is free
    ],
)
async def test_i4_a_prediction_and_its_lines_disagree(database: Database, shop: Shop, change: str, which: str) -> None:
    prediction_id = getattr(shop, which)
    await meddle(database, f"UPDATE predictions SET {change} WHERE id = {sql_id(database, prediction_id)}")
    found = await broken(database)
    assert found.keys() == {"predictions and charges"}
    assert len(found["predictions and charges"]) == 1
    assert f"prediction_id={prediction_id} " in found["predictions and charges"][0]


async def test_i4_a_refund_to_another_lot(database: Database, shop: Shop) -> None:
    """The refund of Boris's prediction and its lots agree in all sums, but it went to the bonus instead."""
    line = f"SELECT id FROM transactions WHERE kind = 'charge_refund' AND user_id = {shop.boris}"
    welcome, bonus = (
        f"(SELECT id FROM lots WHERE user_id = {shop.boris} AND kind = '{k}')" for k in ("welcome", "bonus")
    )
    await meddle(
        database,
        f"UPDATE lots SET amount = 250, remaining = remaining + 200 WHERE id = {bonus}",
        f"UPDATE lots SET remaining = remaining - 200 WHERE id = {welcome}",
        f"UPDATE lot_entries SET lot_id = {bonus} WHERE transaction_id IN ({line})",
    )
    found = await broken(database)
    assert "lots of charge refunds" in found
    assert f"prediction_id={shop.failed} " in found["lots of charge refunds"][0]


async def test_i4_a_late_refund_that_stayed(database: Database, shop: Shop) -> None:
    """The written-off remainder is renamed to something else: sums hold, the expiry is gone."""
    expiry = "(SELECT max(id) FROM transactions WHERE kind = 'expire')"
    await meddle(database, f"UPDATE transactions SET kind = 'take_back' WHERE id = {expiry}")
    found = await broken(database)
    assert found.keys() == {"refunds to ended lots"}
    assert f"prediction_id={shop.failed_late} " in found["refunds to ended lots"][0]


async def test_i4_an_answer_whose_news_was_given_up(database: Database, shop: Shop) -> None:
    """Not the second look at an answer that is there, nor what is still on its way."""
    for which, look, status in (("ran", "", "pending"), ("ran", ":look", "failed"), ("failed", "", "failed")):
        key = f"prediction:{getattr(shop, which)}{look}"
        await database.write(
            enqueue,
            user_id=shop.anna,
            kind=OutboxKind.PREDICTION,
            payload={"prediction_id": getattr(shop, which).hex},
            key=key,
            now=START,
        )
        await meddle(database, f"UPDATE outbox SET status = '{status}' WHERE key = '{key}'")
    assert await broken(database) == {}
    await meddle(database, f"UPDATE outbox SET status = 'failed' WHERE key = 'prediction:{shop.ran}'")
    found = await broken(database)
    assert found.keys() == {"answers and their news"}
    assert f"prediction_id={shop.ran} " in found["answers and their news"][0]


async def test_i4_what_belongs_to_an_answer_was_given_up(database: Database, shop: Shop) -> None:
    payload = {"prediction_id": shop.ran.hex, "what": "table"}
    kind, key = OutboxKind.ENCLOSURE, f"prediction:{shop.ran}:table"
    await database.write(enqueue, user_id=shop.anna, kind=kind, payload=payload, key=key, now=START)
    assert await broken(database) == {}
    await meddle(database, "UPDATE outbox SET status = 'failed'")
    found = await broken(database)
    assert f"prediction_id={shop.ran} " in found["answers and their news"][0]


@pytest.mark.parametrize(
    ("change", "which"),
    [
        ("price = 6", "table"),  # charged another price
        ("failed_rows = 1", "table"),  # more came back than failed
        ("failed_rows = 10", "table"),  # nothing was answered, and it is paid for
        ("status = 'failed'", "table"),  # it failed, and most of it was kept
        ("status = 'queued'", "stopped_table"),  # paid back, and it waits
        ("status = 'draft'", "stopped_table"),  # nobody ordered it, and it was charged for
        ("price = 0", "running_table"),  # charged for what is free
    ],
)
async def test_i4_a_table_and_its_lines_disagree(database: Database, shop: Shop, change: str, which: str) -> None:
    scoring_id = getattr(shop, which)
    await meddle(database, f"UPDATE scorings SET {change} WHERE id = {sql_id(database, scoring_id)}")
    found = await broken(database)
    assert found.keys() - {"parts of tables"} == {"tables and charges"}
    assert [row.split()[0] for row in found["tables and charges"]] == [f"scoring_id={scoring_id}"]


async def test_i4_a_tables_rest_went_to_another_lot(database: Database, shop: Shop) -> None:
    line = f"SELECT id FROM transactions WHERE kind = 'charge_return' AND scoring_id = {sql_id(database, shop.table)}"
    other = f"(SELECT id FROM lots WHERE user_id = {shop.anna} AND kind = 'topup')"
    await meddle(database, f"UPDATE lot_entries SET lot_id = {other} WHERE transaction_id IN ({line})")
    assert "lots of tables' charges" in await broken(database)


async def test_i4_rows_that_count_and_are_not_kept(database: Database, shop: Shop) -> None:
    await meddle(database, "UPDATE scoring_parts SET rows = 5")
    assert (await broken(database)).keys() == {"parts of tables"}


async def test_i4_a_table_whose_news_was_given_up(database: Database, shop: Shop) -> None:
    payload = {"scoring_id": shop.table.hex}
    told = partial(enqueue, kind=OutboxKind.SCORING, payload=payload, key=f"scoring:{shop.table}")
    await database.write(told, user_id=shop.anna, now=START)
    assert await broken(database) == {}
    await meddle(database, "UPDATE outbox SET status = 'failed' WHERE kind = 'scoring'")
    found = await broken(database)
    assert found.keys() == {"tables and their news"}
    assert f"scoring_id={shop.table} " in found["tables and their news"][0]


@pytest.mark.parametrize(
    ("change", "which"),
    [
        ("price = 31", "answered"),  # more came back than it did not cost
        ("price = 29", "answered"),  # less came back
        ("price = NULL", "answered"),  # nobody knows what it cost
        ("hold = 101", "answered"),  # charged another hold
        ("status = 'running'", "answered"),  # a part is back while it runs
        ("status = 'failed'", "answered"),  # it failed, and a part was kept
        ("status = 'failed', price = 0", "answered"),
        ("status = 'succeeded'", "silent"),  # delivered and paid back
        ("status = 'queued'", "silent"),  # paid back, and it waits
        ("hold = 7, price = 7", "given_free"),  # never charged
        ("hold = 0, price = 0", "answered"),  # charged for what is free
    ],
)
async def test_i4_an_answer_and_its_lines_disagree(database: Database, shop: Shop, change: str, which: str) -> None:
    answer_id = getattr(shop, which)
    await meddle(database, f"UPDATE messages SET {change} WHERE id = {sql_id(database, answer_id)}")
    found = await broken(database)
    assert found.keys() - {"prices of answers"} == {"answers and charges"}
    assert [row.split()[0] for row in found["answers and charges"]] == [f"message_id={answer_id}"]


@pytest.mark.parametrize(
    ("sold", "right"),
    [
        ("fixed_price = 29", False),
        ("fixed_price = 31", False),
        ("fixed_price = 10, input_price = 100, prompt_tokens = 100, output_price = 400, completion_tokens = 25", True),
        ("fixed_price = 10, input_price = 100, prompt_tokens = 100, output_price = 400, completion_tokens = 23", True),
        ("fixed_price = 10, input_price = 100, prompt_tokens = 100, output_price = 400, completion_tokens = 22", False),
        ("finish = 'cut', fixed_price = 61, completion_tokens = 1, answer_limit = 2", True),
        ("finish = 'cut', fixed_price = 62, completion_tokens = 1, answer_limit = 2", False),
        ("finish = 'cut', fixed_price = 30, completion_tokens = 9, answer_limit = 2", True),
        ("finish = 'stopped', fixed_price = 61, completion_tokens = 1, answer_limit = 2", False),
    ],
)
async def test_i4_an_answer_costs_what_it_was_sold_for(database: Database, shop: Shop, sold: str, right: bool) -> None:
    await meddle(database, f"UPDATE messages SET {sold} WHERE id = {sql_id(database, shop.answered)}")
    assert (await broken(database)).keys() == (set() if right else {"prices of answers"})


@pytest.mark.parametrize(
    ("came", "kept", "right"),
    [
        ((1, 3), 10, True),
        ((2, 7), 8, True),  # 8.57
        ((2, 7), 9, False),  # rounded up
        ((2, 7), 7, False),  # given away
        ((7, 7), 29, False),  # all of it came
        ((0, 7), 0, False),  # nothing came: then it has failed
        ((0, 0), 10, False),  # nobody knows how much
    ],
)
async def test_i4_an_answer_that_came_in_part_costs_its_share(
    database: Database, shop: Shop, came: tuple[int, int], kept: int, right: bool
) -> None:
    await database.write(ledger.charge_refund, message_id=shop.answered, amount=30 - kept, now=START)
    told = AnswerReady(message_id=shop.answered, returned=True, shown=came[0], whole=came[1], back=30 - kept)
    await database.write(put, told, user_id=shop.anna, now=START)
    change = f"price = {kept}, error_code = 'NotDelivered'"
    await meddle(database, f"UPDATE messages SET {change} WHERE id = {sql_id(database, shop.answered)}")
    found = await broken(database)
    assert found.keys() == (set() if right else {"answers that came in part"})
    assert right or f"message_id={shop.answered} " in found["answers that came in part"][0]


async def test_i4_what_was_not_used_went_to_another_lot(database: Database, shop: Shop) -> None:
    line = f"SELECT id FROM transactions WHERE kind = 'charge_return' AND user_id = {shop.anna}"
    welcome, topup = (
        f"(SELECT id FROM lots WHERE user_id = {shop.anna} AND kind = '{k}')" for k in ("welcome", "topup")
    )
    await meddle(
        database,
        f"UPDATE lots SET amount = 770, remaining = remaining + 70 WHERE id = {topup}",
        f"UPDATE lots SET remaining = remaining - 70 WHERE id = {welcome}",
        f"UPDATE lot_entries SET lot_id = {topup} WHERE transaction_id IN ({line})",
    )
    found = await broken(database)
    assert "lots of returned charges" in found
    named = {line.split()[0] for line in found["lots of returned charges"]}
    assert f"message_id={shop.answered}" in named


async def test_i4_an_assistants_answer_whose_news_was_given_up(database: Database, shop: Shop) -> None:
    for number, answer_id in enumerate((shop.answered, shop.given_free, shop.silent)):
        payload, kind, key = {"message_id": answer_id.hex}, OutboxKind.CHAT_ANSWER, f"chat:{number}"
        await database.write(enqueue, user_id=shop.anna, kind=kind, payload=payload, key=key, now=START)
    assert await broken(database) == {}
    await meddle(database, "UPDATE outbox SET status = 'failed'")
    found = await broken(database)
    assert found.keys() == {"assistants' answers and their news"}
    assert [row.split()[0] for row in found.popitem()[1]] == [f"message_id={shop.answered}"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET status = 'failed' WHERE free",  # and its place was not given back
        "UPDATE usage_daily SET free_answers = 0",
        "UPDATE messages SET model_slug = 'tea' WHERE free",
    ],
)
async def test_i8_a_day_that_counts_other_free_answers(database: Database, shop: Shop, change: str) -> None:
    await database.write(add_model, slug="tea")
    await meddle(database, change)
    found = await broken(database)
    assert found.keys() == {"allowances of a day"}
    assert f"user_id={shop.anna} " in found["allowances of a day"][0]


async def test_i5_two_bonuses_in_a_week(database: Database, shop: Shop) -> None:
    rebuild = (
        (
            "CREATE TABLE copy AS SELECT * FROM bonus_grants",
            "DROP TABLE bonus_grants",
            "ALTER TABLE copy RENAME TO bonus_grants",
        )
        if database.is_sqlite
        else ("ALTER TABLE bonus_grants DROP CONSTRAINT uq_bonus_grants_user_id_week",)
    )
    line = "transaction_id, created_at FROM bonus_grants"
    await meddle(
        database,
        *rebuild,
        f"INSERT INTO bonus_grants SELECT 99, {shop.anna}, week, 50, {line} WHERE user_id = {shop.boris}",
        f"DELETE FROM bonus_grants WHERE user_id = {shop.boris}",
    )
    found = await broken(database)
    assert found.keys() == {"one bonus a week", "bonuses and lines"}
    assert found["one bonus a week"] == (f"user_id={shop.anna} week=2026-W47 bonuses=2",)


async def test_i5_a_bonus_of_another_amount(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE bonus_grants SET amount = 51 WHERE user_id = {shop.boris}")
    found = await broken(database)
    assert found.keys() == {"bonuses and lines"}
    assert f"transaction_id={shop.spare_bonus} " in found["bonuses and lines"][0]


async def test_i5_a_bonus_line_without_a_week(database: Database, shop: Shop) -> None:
    await meddle(database, f"DELETE FROM bonus_grants WHERE user_id = {shop.boris}")
    found = await broken(database)
    assert found.keys() == {"bonuses and lines"}
    assert f"transaction_id={shop.spare_bonus} " in found["bonuses and lines"][0]


async def test_i6_a_grant_larger_than_its_line(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE lots SET amount = amount + 1 WHERE user_id = {shop.boris} AND kind = 'welcome'")
    found = await broken(database)
    assert found.keys() == {"totals", "lots and entries"}
    assert len(found["totals"]) == 1


async def test_i6_a_refund_that_took_something_else(database: Database, shop: Shop) -> None:
    await meddle(database, "UPDATE refunds SET credits_taken = 91")
    found = await broken(database)
    assert found.keys() == {"refunds of money"}
    assert found["refunds of money"] == (f"refund_id={shop.refund} status=succeeded credits_taken=91 lines=90",)


async def test_i6_a_refund_that_left_what_it_is_owed(database: Database, shop: Shop) -> None:
    await meddle(database, "UPDATE refunds SET credits_uncollected = 5")
    found = await broken(database)
    assert found.keys() == {"what refunds could not take"}
    assert f"refund_id={shop.refund} payment_id={shop.paid} credits_uncollected=5 " in found.popitem()[1][0]


async def test_i7_a_line_whose_balance_was_rewritten(database: Database, shop: Shop) -> None:
    await meddle(database, f"UPDATE transactions SET balance_after = balance_after + 1 WHERE id = {shop.bonus}")
    found = await broken(database)
    assert found.keys() == {"chain of lines"}
    assert any(f"transaction_id={shop.bonus} " in row for row in found["chain of lines"])


async def test_i7_a_trigger_that_is_gone(database: Database, shop: Shop) -> None:
    on = "" if database.is_sqlite else " ON lot_entries"

    def drop(session: Session) -> None:
        session.execute(text(f"DROP TRIGGER lot_entries_refuse_delete{on}"))

    await database.write(drop)
    assert await broken(database) == {"triggers": ("table=lot_entries change=delete: nothing refuses it",)}


async def test_i7_a_trigger_that_is_off(postgres_database: Database) -> None:
    def switch_off(session: Session) -> None:
        session.execute(text("ALTER TABLE transactions DISABLE TRIGGER transactions_refuse_update"))

    await postgres_database.write(switch_off)
    assert await broken(postgres_database) == {"triggers": ("table=transactions change=update: nothing refuses it",)}


async def test_many_offenders_are_counted_and_twenty_shown(database: Database) -> None:
    def fill(session: Session) -> None:
        for _ in range(25):
            add_payment(session, user_id=add_user(session), amount=100)

    await database.write(fill)
    report = await audit.run_audit(database)
    [check] = [check for check in report.checks if not check.ok]
    assert (check.violations, len(check.rows), report.exit_code) == (25, 20, 1)
    assert "  and 5 more" in str(report)
    assert str(report).endswith("Broken: I3.")


async def test_i6_credits_that_got_lost_between_merged_accounts(database: Database, shop: Shop) -> None:
    await meddle(database, "UPDATE account_merges SET credits = credits + 1")
    found = await broken(database)
    assert found.keys() == {"merged accounts"}
    assert "credits=61" in found["merged accounts"][0]


async def test_i4_a_prediction_charged_to_a_stranger(database: Database, shop: Shop) -> None:
    """What belongs to a merged account is no stranger's."""
    await meddle(database, f"UPDATE predictions SET user_id = {shop.boris} WHERE user_id = {shop.anna} AND price > 0")
    assert "predictions and charges" in await broken(database)


def test_every_rule_is_broken_by_a_test_above() -> None:
    here = Path(__file__)
    source = here.read_text() + (here.parents[1] / "plans" / here.name).read_text()
    assert all(f'"{rule.name}"' in source for rule in RULES)
