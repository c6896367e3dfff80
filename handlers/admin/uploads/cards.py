"""Cards of versions, with what they show of the manifest."""

from uuid import UUID

from aiogram.types import Message

from handlers.admin.context import AdminContext
from handlers.admin.uploads import screens as view
from handlers.admin.uploads.card_screen import card_screen
from handlers.kit.dialog import Event
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from handlers.telegram.screen import Screen
from i18n.titles import title_of
from i18n.translator import Translator
from services.container import Services
from services.notifications.message_ref import MessageRef


async def show_card(event: Event, version_id: UUID, *, ctx: AdminContext, notice: str = "") -> None:
    """`notice`: HTML. To whoever hears of the file next the news of it come into this card."""
    version = (await ctx.services.upload_management.card(version_id)).version
    shown = await card_of(version_id, ctx.services, ctx.tr, notice=notice)
    message_id = await ctx.respond(event, shown, of=version_id)
    if version.told_to != ctx.user.id:
        return
    chat_id = event.chat.id if isinstance(event, Message) else event.from_user.id
    place = MessageRef(chat_id=chat_id, thread_id=reply_target().thread_id, message_id=message_id)
    await ctx.services.upload_management.show_in(version_id, place)
    now = await card_of(version_id, ctx.services, ctx.tr, notice=notice)
    if now != shown:  # its news went to the card before
        await sender.edit(ctx.bot, chat_id, message_id, now)


async def card_of(version_id: UUID, services: Services, tr: Translator, *, notice: str = "") -> Screen:
    """`notice`: HTML. Raises VersionNotFound."""
    card = await services.upload_management.card(version_id)
    return card_screen(card, await services.upload_management.manifest(card.version), tr, notice=notice)


async def show_versions(event: Event, slug: str, *, ctx: AdminContext) -> None:
    versions = await ctx.services.upload_management.versions(slug)
    await ctx.respond(event, view.versions_screen(title_of_model(slug, ctx), slug, versions, ctx.tr))


def title_of_model(slug: str, ctx: AdminContext) -> str:
    manifest = ctx.services.models.manifest(slug)
    return slug if manifest is None else title_of(manifest, ctx.tr).text
