"""The other objects that bots send."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sandbox.telegram.types.base import ApiObject, ChatId, Jsoned, telegram_error
from sandbox.telegram.types.markup import InlineKeyboardMarkup, WebAppInfo
from sandbox.telegram.wire import JsonObject


class User(ApiObject):
    id: int


class MessageEntity(ApiObject):
    type: str
    offset: int
    length: int
    url: str | None = None
    user: User | None = None
    language: str | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None

    def content(self) -> JsonObject:
        return self.model_dump(exclude_none=True, include=set(type(self).model_fields))


class LinkPreviewOptions(ApiObject):
    is_disabled: bool | None = None
    url: str | None = None
    prefer_small_media: bool | None = None
    prefer_large_media: bool | None = None
    show_above_text: bool | None = None


class ReplyParameters(ApiObject):
    message_id: int | None = None
    chat_id: ChatId | None = None
    ephemeral_message_id: int | None = None
    allow_sending_without_reply: bool | None = None
    quote: str | None = None
    quote_parse_mode: str | None = None
    quote_entities: list[MessageEntity] | None = None
    quote_position: int | None = None
    checklist_task_id: int | None = None
    poll_option_id: str | None = None


class BotCommand(ApiObject):
    command: str = Field(min_length=1, max_length=32)
    description: str = Field(min_length=1, max_length=256)
    is_ephemeral: bool | None = None


class BotCommandScope(ApiObject):
    """Any of the seven scopes; chat and user only where the type asks for them."""

    type: Literal[
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
    chat_id: ChatId | None = None
    user_id: int | None = None

    def key(self) -> str:
        return ":".join(str(each) for each in (self.type, self.chat_id, self.user_id) if each is not None)


class MenuButton(ApiObject):
    """Any of the three menu buttons."""

    type: Literal["commands", "web_app", "default"]
    text: str | None = None
    web_app: WebAppInfo | None = None

    @model_validator(mode="after")
    def _as_telegram(self) -> "MenuButton":
        if self.type == "web_app":
            if not self.text or self.web_app is None:
                raise telegram_error("can't parse menu button: text and web_app must be specified")
            self.web_app.check("menu button")
        return self


class InputMediaPhoto(ApiObject):
    type: Literal["photo"]
    media: str
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: list[MessageEntity] | None = None
    show_caption_above_media: bool | None = None
    has_spoiler: bool | None = None


class InputMediaDocument(ApiObject):
    type: Literal["document"]
    media: str
    thumbnail: str | None = None
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: list[MessageEntity] | None = None
    disable_content_type_detection: bool | None = None


class InputTextMessageContent(ApiObject):
    message_text: str
    parse_mode: str | None = None
    entities: list[MessageEntity] | None = None
    link_preview_options: LinkPreviewOptions | None = None


class InlineQueryResultArticle(ApiObject):
    """The only result that the sandbox knows."""

    type: Literal["article"]
    id: str
    title: str
    input_message_content: InputTextMessageContent
    reply_markup: InlineKeyboardMarkup | None = None
    url: str | None = None
    description: str | None = None
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


InputMedia = Annotated[InputMediaPhoto | InputMediaDocument, Field(discriminator="type")]
JsonedInputMedia = Annotated[InputMedia, Jsoned]
