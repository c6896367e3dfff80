"""Reply markup, checked the way Telegram checks it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from sandbox.telegram.text.links import checked_link
from sandbox.telegram.types.base import ApiObject, Jsoned, Style, telegram_error
from sandbox.telegram.webapp.addresses import is_app_address
from sandbox.telegram.wire import JsonObject

MAX_CALLBACK_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_PLACEHOLDER = 64
MAX_COPY_TEXT = 256


class WebAppInfo(ApiObject):
    url: str

    def check(self, button: str) -> None:
        if not is_app_address(self.url):
            raise telegram_error(f"{button} Web App URL '{self.url}' is invalid: Only HTTPS links are allowed")


class LoginUrl(ApiObject):
    url: str
    forward_text: str | None = None
    bot_username: str | None = None
    request_write_access: bool | None = None


class SwitchInlineQueryChosenChat(ApiObject):
    query: str | None = None
    allow_user_chats: bool | None = None
    allow_bot_chats: bool | None = None
    allow_group_chats: bool | None = None
    allow_channel_chats: bool | None = None


class CopyTextButton(ApiObject):
    text: str = Field(min_length=1, max_length=MAX_COPY_TEXT)


class InlineKeyboardButton(ApiObject):
    text: str
    icon_custom_emoji_id: str | None = None
    style: Style | None = None
    url: str | None = None
    callback_data: str | None = None
    web_app: WebAppInfo | None = None
    login_url: LoginUrl | None = None
    switch_inline_query: str | None = None
    switch_inline_query_current_chat: str | None = None
    switch_inline_query_chosen_chat: SwitchInlineQueryChosenChat | None = None
    copy_text: CopyTextButton | None = None
    callback_game: JsonObject | None = None
    pay: bool | None = None
    disabled: JsonObject | None = None

    @model_validator(mode="after")
    def _as_telegram(self) -> "InlineKeyboardButton":
        if not self.text.strip():
            raise telegram_error("inline keyboard button text must be non-empty")
        actions = sum(getattr(self, name) is not None for name in _ACTIONS & self.model_fields_set)
        if actions == 0:
            raise telegram_error(
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
            )
        if actions > 1:
            raise telegram_error("can't parse inline keyboard button: exactly one action must be specified")
        data = self.callback_data
        if data is not None and not 1 <= len(data.encode("utf-8", "surrogatepass")) <= MAX_CALLBACK_DATA_BYTES:
            raise telegram_error("BUTTON_DATA_INVALID")
        if self.url is not None and checked_link(self.url) is None:
            raise telegram_error(f"inline keyboard button URL '{self.url}' is invalid: Wrong HTTP URL")
        if self.web_app is not None:
            self.web_app.check("inline keyboard button")
        return self


_ACTIONS = frozenset(InlineKeyboardButton.model_fields) - {"text", "icon_custom_emoji_id", "style"}


class InlineKeyboardMarkup(ApiObject):
    inline_keyboard: list[list[InlineKeyboardButton]]
    force_reply: bool | None = None

    @model_validator(mode="after")
    def _as_telegram(self) -> "InlineKeyboardMarkup":
        if sum(map(len, self.inline_keyboard)) > MAX_BUTTONS:
            raise telegram_error("reply markup is too long")
        return self

    def content(self) -> JsonObject | None:
        """As it stands in a Message; None when there are no buttons."""
        rows = [
            [each.model_dump(exclude_none=True, include=set(type(each).model_fields)) for each in row]
            for row in self.inline_keyboard
            if row
        ]
        return {"inline_keyboard": rows} if rows else None


class KeyboardButton(ApiObject):
    text: str
    icon_custom_emoji_id: str | None = None
    style: Style | None = None
    request_users: JsonObject | None = None
    request_chat: JsonObject | None = None
    request_managed_bot: JsonObject | None = None
    request_contact: bool | None = None
    request_location: bool | None = None
    request_poll: JsonObject | None = None
    web_app: WebAppInfo | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: object) -> object:
        return {"text": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _as_telegram(self) -> "KeyboardButton":
        if not self.text.strip():
            raise telegram_error("keyboard button text must be non-empty")
        if self.web_app is not None:
            self.web_app.check("keyboard button")
        return self


class ReplyKeyboardMarkup(ApiObject):
    keyboard: list[list[KeyboardButton]]
    is_persistent: bool | None = None
    resize_keyboard: bool | None = None
    one_time_keyboard: bool | None = None
    input_field_placeholder: str | None = Field(default=None, max_length=MAX_PLACEHOLDER)
    selective: bool | None = None
    force_reply: bool | None = None


class ReplyKeyboardRemove(ApiObject):
    remove_keyboard: Literal[True]
    selective: bool | None = None


class ForceReply(ApiObject):
    force_reply: Literal[True]
    input_field_placeholder: str | None = Field(default=None, max_length=MAX_PLACEHOLDER)
    selective: bool | None = None


AnyMarkup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply
_BY_FIELD: dict[str, type[AnyMarkup]] = {
    "inline_keyboard": InlineKeyboardMarkup,
    "keyboard": ReplyKeyboardMarkup,
    "remove_keyboard": ReplyKeyboardRemove,
    "force_reply": ForceReply,
}


def _choose(value: object) -> object:
    """One of the four by the field that makes it; leaves whatever else to be refused by type."""
    if not isinstance(value, dict):
        raise telegram_error("object expected as reply markup")
    for name, model in _BY_FIELD.items():
        if name in value:
            return model.model_validate(value)
    return value


def _inline_only(value: object) -> object:
    if not isinstance(value, dict):
        raise telegram_error("object expected as reply markup")
    if "inline_keyboard" not in value:
        raise telegram_error("inline keyboard expected")
    return value


InlineMarkup = Annotated[InlineKeyboardMarkup, BeforeValidator(_inline_only), Jsoned]
ReplyMarkup = Annotated[AnyMarkup, BeforeValidator(_choose), Jsoned]
