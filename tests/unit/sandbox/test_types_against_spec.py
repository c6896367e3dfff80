"""The parameters that the sandbox takes are those of the Bot API's documentation: names, types, limits.

The machine-readable documentation is not part of the project; it is looked for beside the checkout.
"""

import json
import os
import re
import types
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from sandbox.telegram import acts
from sandbox.telegram.files import MAX_DOWNLOAD_BYTES, MAX_UPLOAD_BYTES
from sandbox.telegram.images import MAX_PHOTO_BYTES, MAX_RATIO, MAX_SIDES_SUM
from sandbox.telegram.methods import METHODS
from sandbox.telegram.methods.chats import CHAT_ACTIONS
from sandbox.telegram.methods.content import MAX_CAPTION, MAX_TEXT
from sandbox.telegram.types import markup, objects, params, payments
from sandbox.telegram.types.base import ApiObject
from sandbox.telegram.updates import MAX_POLL_UPDATES, OPT_IN_TYPES, UPDATE_TYPES

SPEC = Path(__file__).parents[4] / "shared" / "specs" / "telegram-bot-api-10.3.json"
OBJECTS = [
    *(markup.InlineKeyboardMarkup, markup.InlineKeyboardButton, markup.ReplyKeyboardMarkup, markup.KeyboardButton),
    *(markup.ReplyKeyboardRemove, markup.ForceReply, markup.WebAppInfo, markup.LoginUrl, markup.CopyTextButton),
    *(markup.SwitchInlineQueryChosenChat, objects.MessageEntity, objects.LinkPreviewOptions, objects.ReplyParameters),
    *(objects.BotCommand, objects.InputMediaPhoto, objects.InputMediaDocument),
    *(objects.InputTextMessageContent, payments.LabeledPrice),
]
UNIONS = {
    objects.BotCommandScope: "BotCommandScope",
    objects.MenuButton: "MenuButton",
}
PLAIN = {int: "Integer", str: "String", bool: "Boolean", float: "Float"}
SAME = {"InputFile": "String", "True": "Boolean"}
AN_OBJECT = "an object that the sandbox does nothing with"


@cache
def spec() -> dict[str, dict[str, Any]]:
    if not SPEC.exists():
        reason = f"the Bot API's documentation is not at {SPEC}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    found: dict[str, dict[str, Any]] = {}

    def walk(items: list[dict[str, Any]]) -> None:
        for item in items:
            if "annotations" in item:
                found[item["name"]] = item
            walk(item.get("children", []))

    walk(json.loads(SPEC.read_text())["items"])
    return found


def fields(name: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in spec()[name]["annotations"]}


def members(annotation: object) -> list[object]:
    """The alternatives of a union, without None and without what validates them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for each in get_args(annotation) for member in members(each)]
    return [] if annotation is type(None) else [annotation]


def name_of(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        annotation = type(get_args(annotation)[0])
    if get_origin(annotation) is dict:
        return AN_OBJECT
    assert isinstance(annotation, type), annotation
    return PLAIN.get(annotation, annotation.__name__)


def agree(annotation: object, documented: str) -> bool:
    ours = members(annotation)
    if documented.startswith("Array of "):
        return (
            len(ours) == 1
            and get_origin(ours[0]) is list
            and agree(get_args(ours[0])[0], documented.removeprefix("Array of "))
        )
    if any(get_origin(each) is list for each in ours):
        return False
    names = {name_of(each) for each in ours}
    wanted = {SAME.get(each, each) for each in re.split(r" or |, | and ", documented)}
    plain = wanted & set(PLAIN.values())
    if names & set(PLAIN.values()) != plain:
        return False
    objects_wanted = wanted - plain
    if not objects_wanted or names - plain == {AN_OBJECT}:
        return bool(objects_wanted) == bool(names - plain)
    # Some members of a union of objects are enough; none may come from elsewhere.
    return all(any(name.startswith(each) for each in objects_wanted) for name in names - plain) and bool(names - plain)


def check(model: type[ApiObject], documented: dict[str, dict[str, Any]]) -> list[str]:
    complaints = [f"{name}: not in the documentation" for name in model.model_fields.keys() - documented.keys()]
    complaints += [f"{name}: not in the sandbox" for name in documented.keys() - model.model_fields.keys()]
    for name in model.model_fields.keys() & documented.keys():
        field = model.model_fields[name]
        if field.is_required() != documented[name]["required"]:
            complaints.append(f"{name}: required is {field.is_required()}")
        if not agree(field.annotation, documented[name]["type"]):
            complaints.append(f"{name}: {field.annotation} against {documented[name]['type']}")
    return complaints


@pytest.mark.parametrize("name", METHODS)
def test_methods_take_what_the_documentation_says(name: str) -> None:
    assert check(METHODS[name].params, fields(name)) == []


@pytest.mark.parametrize("model", OBJECTS, ids=lambda model: model.__name__)
def test_objects_have_the_fields_of_the_documentation(model: type[ApiObject]) -> None:
    assert check(model, fields(model.__name__)) == []


@pytest.mark.parametrize("model", UNIONS, ids=lambda model: model.__name__)
def test_unions_have_the_fields_and_the_types_of_their_members(model: type[ApiObject]) -> None:
    description = spec()[UNIONS[model]]["description"]
    members = [name for name in spec() if name.startswith(UNIONS[model]) and name in description.split()]
    members = members or re.findall(rf"\b{UNIONS[model]}\w+", description)
    assert members
    documented = {name for member in members for name in fields(member)}
    assert set(model.model_fields) == documented
    kinds = {
        match.group(1)
        for member in members
        if (match := re.search(r"must be (\w+)", fields(member)["type"]["description"]))
    }
    assert kinds == set(get_args(model.model_fields["type"].annotation))


def characters(name: str, field: str) -> tuple[int, int]:
    found = re.search(r"(\d+)-(\d+) (?:characters|bytes)", fields(name)[field]["description"])
    assert found is not None
    return int(found.group(1)), int(found.group(2))


def test_limits_are_those_of_the_documentation() -> None:
    assert characters("sendMessage", "text") == (1, MAX_TEXT) == (1, acts.MAX_TEXT)
    assert characters("editMessageText", "text") == (1, MAX_TEXT)
    assert characters("sendMessageDraft", "text") == (0, MAX_TEXT)
    for name in ("sendPhoto", "sendDocument", "editMessageCaption"):
        assert characters(name, "caption") == (0, MAX_CAPTION) == (0, acts.MAX_CAPTION)
    assert characters("InlineKeyboardButton", "callback_data") == (1, markup.MAX_CALLBACK_DATA_BYTES)
    assert characters("CopyTextButton", "text") == (1, markup.MAX_COPY_TEXT)
    assert characters("ForceReply", "input_field_placeholder") == (1, markup.MAX_PLACEHOLDER)
    assert characters("answerCallbackQuery", "text") == (0, params.MAX_CALLBACK_ANSWER)
    assert characters("BotCommand", "command") == (1, 32)
    assert characters("BotCommand", "description") == (1, 256)
    assert characters("setMyName", "name") == (0, 64)
    assert characters("setMyDescription", "description") == (0, 512)
    assert characters("setMyShortDescription", "short_description") == (0, 120)
    for name in ("sendInvoice", "createInvoiceLink"):
        assert characters(name, "title") == (1, payments.MAX_TITLE)
        assert characters(name, "description") == (1, payments.MAX_DESCRIPTION)
        assert characters(name, "payload") == (1, payments.MAX_PAYLOAD_BYTES)
    assert characters("setWebhook", "secret_token") == (1, 256)


def test_limits_that_the_documentation_tells_in_other_words() -> None:
    assert f"1-{MAX_POLL_UPDATES} " in fields("getUpdates")["limit"]["description"]
    assert "{}-{} items".format(*params.ALBUM) in fields("sendMediaGroup")["media"]["description"]
    assert f"1-{params.MAX_DELETED_AT_ONCE} " in fields("deleteMessages")["message_ids"]["description"]
    assert f"At most {params.MAX_COMMANDS} commands" in fields("setMyCommands")["commands"]["description"]
    photo = fields("sendPhoto")["photo"]["description"]
    assert f"at most {MAX_PHOTO_BYTES // 1024**2} MB" in photo
    assert f"not exceed {MAX_SIDES_SUM}" in photo
    assert f"at most {MAX_RATIO}" in photo
    assert f"up to {MAX_UPLOAD_BYTES // 1024**2} MB" in spec()["sendDocument"]["description"]
    assert f"{MAX_DOWNLOAD_BYTES // 1024**2} MB" in spec()["File"]["description"]
    period = fields("createInvoiceLink")["subscription_period"]["description"]
    assert f"always be {payments.SUBSCRIPTION_PERIOD} (30 days)" in period
    assert f"no exceed {payments.MAX_SUBSCRIPTION_STARS} Telegram Stars" in period
    assert f"between 1-{payments.MAX_TRANSACTIONS} " in fields("getStarTransactions")["limit"]["description"]
    for action in CHAT_ACTIONS - {"cancel"}:
        assert action in fields("sendChatAction")["action"]["description"]


def test_the_kinds_of_updates_are_known() -> None:
    assert set(UPDATE_TYPES) == set(fields("Update")) - {"update_id"}
    assert set(UPDATE_TYPES) >= OPT_IN_TYPES
    allowed = fields("getUpdates")["allowed_updates"]["description"]
    assert all(kind in allowed for kind in OPT_IN_TYPES)


@pytest.mark.parametrize(
    ("annotation", "documented"),
    [
        (int, "String"),
        (int | str, "Integer"),
        (str, "Integer or String"),
        (list[int], "Array of String"),
        (str, "Array of String"),
        (objects.BotCommand, "MessageEntity"),
        (str, "ReplyParameters"),
        (dict[str, int], "String"),
    ],
)
def test_a_disagreement_would_be_found(annotation: object, documented: str) -> None:
    assert not agree(annotation, documented)
