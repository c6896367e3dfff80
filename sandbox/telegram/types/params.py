"""The parameters of every method that the sandbox speaks."""

from typing import Annotated

from pydantic import Field

from sandbox.telegram.types.base import ChatId, File, Jsoned, Opaque, Params
from sandbox.telegram.types.markup import InlineMarkup, ReplyMarkup
from sandbox.telegram.types.objects import (
    BotCommand,
    BotCommandScope,
    InlineQueryResultArticle,
    InputMedia,
    JsonedInputMedia,
    LinkPreviewOptions,
    MenuButton,
    MessageEntity,
    ReplyParameters,
)

MAX_CALLBACK_ANSWER = 200
MAX_COMMANDS = 100
MAX_DELETED_AT_ONCE = 100
ALBUM = (2, 10)

Entities = Annotated[list[MessageEntity], Jsoned]
Scope = Annotated[BotCommandScope, Jsoned]
Preview = Annotated[LinkPreviewOptions, Jsoned]
Reply = Annotated[ReplyParameters, Jsoned]


class NoParams(Params):
    pass


class GetUpdates(Params):
    offset: int = 0
    limit: int = 100
    timeout: int = 0
    allowed_updates: Annotated[list[str] | None, Jsoned] = None


class SetWebhook(Params):
    url: str
    certificate: File | None = None
    ip_address: str | None = None
    max_connections: int = 40
    allowed_updates: Annotated[list[str] | None, Jsoned] = None
    drop_pending_updates: bool | None = None
    secret_token: str | None = None


class DeleteWebhook(Params):
    drop_pending_updates: bool | None = None


class Sending(Params):
    business_connection_id: str | None = None
    chat_id: ChatId
    message_thread_id: int | None = None
    direct_messages_topic_id: int | None = None
    disable_notification: bool | None = None
    protect_content: bool | None = None
    allow_paid_broadcast: bool | None = None
    message_effect_id: str | None = None
    reply_parameters: Reply | None = None


class SendingOne(Sending):
    ephemeral_message_parameters: Opaque | None = None
    suggested_post_parameters: Opaque | None = None
    reply_markup: ReplyMarkup | None = None


class SendMessage(SendingOne):
    text: str
    parse_mode: str | None = None
    entities: Entities | None = None
    link_preview_options: Preview | None = None


class Captioned(SendingOne):
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Entities | None = None


class SendPhoto(Captioned):
    photo: File
    show_caption_above_media: bool | None = None
    has_spoiler: bool | None = None


class SendDocument(Captioned):
    document: File
    thumbnail: File | None = None
    disable_content_type_detection: bool | None = None


class SendVoice(Captioned):
    voice: File
    duration: int | None = None


class SendMediaGroup(Sending):
    media: Annotated[list[InputMedia], Jsoned]


class Editing(Params):
    business_connection_id: str | None = None
    chat_id: ChatId | None = None
    message_id: int | None = None
    inline_message_id: str | None = None
    reply_markup: InlineMarkup | None = None


class EditMessageText(Editing):
    text: str | None = None
    parse_mode: str | None = None
    entities: Entities | None = None
    link_preview_options: Preview | None = None
    rich_message: Opaque | None = None


class EditMessageCaption(Editing):
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Entities | None = None
    show_caption_above_media: bool | None = None


class EditMessageMedia(Editing):
    media: JsonedInputMedia


class EditMessageReplyMarkup(Editing):
    pass


class DeleteMessage(Params):
    chat_id: ChatId
    message_id: int


class DeleteMessages(Params):
    chat_id: ChatId
    message_ids: Annotated[list[int], Jsoned] = Field(min_length=1, max_length=MAX_DELETED_AT_ONCE)


class SendMessageDraft(Params):
    chat_id: int
    message_thread_id: int | None = None
    draft_id: int
    text: str | None = None
    parse_mode: str | None = None
    entities: Entities | None = None
    can_stop: bool | None = None
    keep_on_stop: bool | None = None


class SendChatAction(Params):
    business_connection_id: str | None = None
    chat_id: ChatId
    message_thread_id: int | None = None
    action: str


class GetFile(Params):
    file_id: str


class GetChat(Params):
    chat_id: ChatId


class AnswerCallbackQuery(Params):
    callback_query_id: str
    text: str | None = None
    show_alert: bool | None = None
    url: str | None = None
    cache_time: int | None = None


class SetMyCommands(Params):
    commands: Annotated[list[BotCommand], Jsoned]
    scope: Scope | None = None
    language_code: str | None = None


class MyCommands(Params):
    """getMyCommands and deleteMyCommands."""

    scope: Scope | None = None
    language_code: str | None = None


class ByLanguage(Params):
    """getMyName, getMyDescription, getMyShortDescription."""

    language_code: str | None = None


class SetMyName(ByLanguage):
    name: str | None = Field(default=None, max_length=64)


class SetMyDescription(ByLanguage):
    description: str | None = Field(default=None, max_length=512)


class SetMyShortDescription(ByLanguage):
    short_description: str | None = Field(default=None, max_length=120)


class SetChatMenuButton(Params):
    chat_id: int | None = None
    menu_button: Annotated[MenuButton, Jsoned] | None = None


class GetChatMenuButton(Params):
    chat_id: int | None = None


class AnswerWebAppQuery(Params):
    web_app_query_id: str
    result: Annotated[InlineQueryResultArticle, Jsoned]
