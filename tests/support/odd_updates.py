"""Updates of a Telegram that is newer than the types, or out of its mind: what a person did, written oddly."""

from typing import Any

Json = dict[str, Any]  # Any: JSON


def messages(person: int) -> dict[str, Json]:
    """By name, without a number: what its sender is to be answered."""
    sender = {"id": person, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    chat = {"id": person, "type": "private", "first_name": "Анна"}
    plain: Json = {"message_id": 5, "date": 1_700_000_000, "chat": chat, "from": sender}

    def message(**content: Any) -> Json:
        return {"message": plain | content}

    def without(name: str, **content: Any) -> Json:
        return {"message": {key: value for key, value in (plain | content).items() if key != name}}

    def press(**content: Any) -> Json:
        query = {"id": "1", "from": sender, "chat_instance": "1", "data": "x", "message": plain | {"text": "?"}}
        return {"callback_query": {key: value for key, value in (query | content).items() if value is not None}}

    hidden = {"type": "hidden_user", "date": 1_422_450_181}
    photo = {"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}
    return {
        "a forward of someone hidden": message(text="hi", forward_origin=hidden),
        "a forward of a new kind": message(text="hi", forward_origin={"type": "dream", "date": 1}),
        "a reply to a story without its chat": message(text="hi", reply_to_story={"id": 3}),
        "a reply to something odd": message(text="hi", reply_to_message=plain | {"forward_origin": hidden}),
        "a quote without a place": message(text="hi", quote={"text": "?"}),
        "an external reply without an origin": message(text="hi", external_reply={}),
        "a link preview that is a text": message(text="hi", link_preview_options="none"),
        "entities without a place": message(text="hi", entities=[{"type": "bold"}]),
        "entities that are no list": message(text="hi", entities={"type": "bold"}),
        "via a bot without a name": message(text="hi", via_bot={"id": 1}),
        "a keyboard with an odd button": message(text="hi", reply_markup={"inline_keyboard": [["?"]]}),
        "a message id that is a word": message(text="hi", message_id="five"),
        "a date that is a word": message(text="hi", date="today"),
        "no date": without("date", text="hi"),
        "no message id": without("message_id", text="hi"),
        "no chat": without("chat", text="hi"),
        "a chat without a type": message(text="hi", chat={"id": person}),
        "a chat without an id": message(text="hi", chat={"type": "private"}),
        "a chat with an odd photo": message(text="hi", chat=chat | {"photo": {"small_file_id": 1}}),
        "a sender without a name": message(text="hi", **{"from": {"id": person, "language_code": "ru"}}),
        "a sender without an id": message(text="hi", **{"from": {"is_bot": False, "first_name": "Анна"}}),
        "a sender whose name is a number": message(text="hi", **{"from": sender | {"first_name": 7}}),
        "a text that is an object": message(text={"parts": ["hi"]}),
        "paid media of a new kind": message(paid_media={"star_count": 1, "paid_media": [{"type": "hologram"}]}),
        "a background of a new kind": message(chat_background_set={"type": {"type": "film"}}),
        "a poll without ids of its options": message(poll={"question": "?", "options": [{"text": "a"}]}),
        "a contact without a name": message(contact={"phone_number": "+79000000000"}),
        "a gift of a new kind": message(gift={"gift": {"id": "g", "sticker": "s"}}),
        "a photo without a size": message(photo=[photo, {"file_id": "q", "file_unique_id": "q"}]),
        "a document with an odd thumbnail": message(
            document={"file_id": "d", "file_unique_id": "d", "thumbnail": {"file_id": "t"}}
        ),
        "content that nobody knows": message(telepathy={"thought": "hi"}),
        "a voice without a length": message(voice={"file_id": "v", "file_unique_id": "v"}),
        "a dice of words": message(dice={"emoji": "🎲", "value": "six"}),
        "a button below something odd": press(message=plain | {"forward_origin": hidden}),
        "a button below nothing readable": press(message="?"),
        "a button without its chat's instance": press(chat_instance=None),
        "a button whose data is a number": press(data=5),
        "an odd edit": {"edited_message": plain | {"text": "hi", "edit_date": "now", "forward_origin": hidden}},
    }


def others(person: int) -> dict[str, Json]:
    """What nobody waits for an answer to."""
    sender = {"id": person, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    chat = {"id": person, "type": "private"}
    member = {"chat": chat, "from": sender, "date": 1, "old_chat_member": {"status": "member", "user": sender}}
    return {
        "a member restricted without newer rights": {
            "my_chat_member": member
            | {"new_chat_member": {"status": "restricted", "user": sender, "is_member": True, "until_date": 0}}
        },
        "a member's new status": {"my_chat_member": member | {"new_chat_member": {"status": "muted", "user": sender}}},
        "no member": {"my_chat_member": {"chat": chat, "from": sender, "date": 1}},
        "a new kind of update": {"dream": {"id": 1, "from": sender}},
        "a message that is a text": {"message": "hi"},
        "a message that is nothing": {"message": None},
        "a message of nobody": {"message": {"text": "hi"}},
        "a poll's answer without options": {"poll_answer": {"poll_id": "1", "user": sender}},
        "a payment's question without a sum": {"pre_checkout_query": {"id": "1", "from": sender, "currency": "XTR"}},
        "a payment without a sum": {
            "message": {
                "message_id": 5,
                "date": 1,
                "chat": chat,
                "from": sender,
                "successful_payment": {"currency": "XTR", "invoice_payload": "p"},
            }
        },
        "nothing": {"x": 1},
    }
