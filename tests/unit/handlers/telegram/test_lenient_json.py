"""JSON that the types refuse: what can be read is read, and nothing of worth is lost for an odd neighbour."""

from functools import partial
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from handlers.telegram.lenient_json import clean, read_leniently
from tests.support.odd_updates import Json, messages, others

ANNA = 910
MESSAGES = messages(ANNA)
PAYMENT = {
    "currency": "XTR",
    "total_amount": 100,
    "invoice_payload": "p",
    "telegram_payment_charge_id": "t",
    "provider_payment_charge_id": "q",
}


def read(update: Json) -> Update:
    return read_leniently({"update_id": 1} | update, Update.model_validate).value


@pytest.mark.parametrize("name", [name for name, update in MESSAGES.items() if "callback_query" not in update])
def test_the_sender_and_the_chat_are_found(name: str) -> None:
    update = read(MESSAGES[name])
    message = update.message or update.edited_message
    assert message is not None
    assert message.from_user is not None
    assert (message.from_user.id, message.chat.id, message.chat.type) == (ANNA, ANNA, "private")
    source = MESSAGES[name].get("message") or MESSAGES[name]["edited_message"]
    assert message.text == (source["text"] if isinstance(source.get("text"), str) else None)


def test_a_button_stays_a_button() -> None:
    query = read(MESSAGES["a button below something odd"]).callback_query
    assert query is not None
    assert query.message is not None
    assert (query.data, query.message.message_id, query.message.chat.id) == ("x", 5, ANNA)


@pytest.mark.parametrize("neighbour", ["forward_origin", "gift", "entities", "reply_to_story", "from"])
def test_money_is_never_lost_for_an_odd_neighbour(neighbour: str) -> None:
    message = MESSAGES["a text that is an object"]["message"]
    update = read({"message": message | {neighbour: {"odd": True}, "successful_payment": PAYMENT}})
    assert update.message is not None
    assert update.message.successful_payment is not None
    assert update.message.successful_payment.total_amount == 100
    odd: Json = PAYMENT | {"order_info": {"shipping_address": {}}, "is_recurring": "perhaps"}
    del odd["provider_payment_charge_id"]  # Stars have no other provider
    update = read({"message": message | {"successful_payment": odd}})
    assert update.message is not None
    assert update.message.successful_payment is not None


def test_what_was_left_out_is_named_without_its_value() -> None:
    parsed = read_leniently({"update_id": 1} | MESSAGES["a date that is a word"], Update.model_validate)
    assert parsed.refused == ("message.date",)


def test_what_was_given_is_not_changed() -> None:
    raw = {"update_id": 1} | MESSAGES["a forward of someone hidden"]
    before = repr(raw)
    read_leniently(raw, Update.model_validate)
    assert repr(raw) == before


def test_half_characters_are_cleaned_everywhere() -> None:
    dirty: Any = {"a": ["x\ud800y", {"b": "\udfff\x00"}], "c": 1, "d": "😀 цена"}
    assert clean(dirty) == {"a": ["x\ufffdy", {"b": "\ufffd\ufffd"}], "c": 1, "d": "😀 цена"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "status", "user", "from", "chat", "date", "message_id"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from([*MESSAGES.values(), *others(ANNA).values()]), st.data())
def test_whatever_comes_ends(update: Json, data: st.DataObject) -> None:
    """One field of an odd update becomes anything at all: it is read in part or refused, and that is all."""
    kind, event = next(iter(update.items()))
    if isinstance(event, dict) and event:
        event = event | {data.draw(st.sampled_from(sorted(event))): data.draw(_json)}
    raw: Any = {"update_id": 1, kind: event}
    try:
        found = read_leniently(raw, partial(Update.model_validate, context={}))
    except ValidationError:
        return
    assert found.value.update_id == 1
