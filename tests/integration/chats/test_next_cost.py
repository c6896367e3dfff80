"""What a customer is told that the next answer costs at most is never less than what it costs."""

from pathlib import Path

import pytest

from db.engine import Database
from services.inference.chat import TokenUsage
from tests.support.clock import FakeClock
from tests.support.talk import open_talk


@pytest.mark.parametrize("price", ["0", "2.00"])
async def test_nothing_is_held_beyond_it_but_for_the_message(
    database: Database, clock: FakeClock, tmp_path: Path, price: str
) -> None:
    async with open_talk(database, clock, tmp_path / "store", price=price, output_price="1.00") as talk:
        anna = await talk.customer(balance=100_000)
        session = await talk.begins(anna)
        talk.sage.says, talk.sage.usage = ("x" * 1_000,), TokenUsage(prompt=300, completion=250)
        for text in ("Why?", "tell me more please " * 25, "A"):
            coming = await talk.chats.next_cost(session.id, user_id=anna)
            sold = await talk.says(session, text)
            own = -(-len(text) * 100 // 1_000)  # a token a byte at most, 1.00 for a thousand
            assert coming.most <= sold.hold <= coming.most + own
            await talk.answer_all()
