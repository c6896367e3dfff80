"""An owner sends a model, tells what the file does not say, and sells it."""

from functools import partial
from typing import Final
from uuid import UUID

from aiogram import Router
from aiogram.types import CallbackQuery, Document, Message

from db.tables.models import VersionStatus
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.uploads import screens as view
from handlers.admin.uploads import texts, versions
from handlers.admin.uploads.cards import show_card, title_of_model
from handlers.admin.uploads.files import IsModelFile, fetch_model, fetch_names, require_onnx
from handlers.admin.uploads.parts import UploadPart
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, leave_question
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from services.errors import N_, ShopError
from services.manifests.characters import cleaned
from services.models.manage import parse_price
from services.models.uploads.changes import FEATURES, LABELS, NotNow
from services.models.uploads.manage import Sent
from services.models.uploads.receiving import AlreadyHere
from services.models.uploads.versions import VersionNotFound
from services.notifications.message_ref import MessageRef

PART, WHICH = "upload.part", "upload.which"
LANGUAGES: Final = {UploadPart.NAME_RU: "ru", UploadPart.NAME_EN: "en"}
HINTS: Final = {UploadPart.LABELS: LABELS, UploadPart.FEATURES: FEATURES}
ALL_TOLD: Final = N_("✅ Everything is told. Look at it once more, then publish it.")


def router() -> Router:
    router = Router(name="admin_uploads")
    router.message.register(take_file, IsModelFile(), StaffOnly())
    router.callback_query.register(press, Pressed(names.UPLOAD), StaffOnly())
    router.callback_query.register(texts.press, Pressed(names.UPLOAD_TEXTS), StaffOnly())
    router.callback_query.register(another_model, Pressed(names.UPLOAD_OTHER), StaffOnly())
    router.callback_query.register(versions.press, Pressed(names.VERSIONS), StaffOnly())
    return router


async def take_file(message: Message, *, ctx: AdminContext) -> None:
    """A file of a model, whatever else is asked; the answer to the question for a new version, too."""
    ctx.require()
    document, asked = message.document, ctx.pending
    assert document is not None
    require_onnx(document)
    question = await leave_question(ctx.fsm)
    if question is not None and asked is not None and asked.what == versions.VERSION:
        await _receive(
            message, document.file_id, _name(document), document.file_size, ctx=ctx, slug=asked.facts["slug"]
        )
        return
    slug = await ctx.services.upload_management.named_so(_name(document))
    if slug is None:
        await _receive(message, document.file_id, _name(document), document.file_size, ctx=ctx)
        return
    facts = {"file": document.file_id, "name": _name(document), "size": document.file_size, "slug": slug}
    which = PendingAction.of(WHICH, **facts)
    screen = view.which_question(_name(document), title_of_model(slug, ctx), which.nonce, ctx.tr)
    await ctx.propose(message, screen, which)


async def new_version(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What the question's first button does."""
    await _chosen(query, action, ctx, slug=action.facts["slug"])


async def another_model(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the nonce of the question."""
    action = ctx.pending
    if action is None or action.what != WHICH or action.nonce != argument:
        await ctx.tell_decided(query)
        return
    await _chosen(query, action, ctx, slug=None)


async def _chosen(query: CallbackQuery, action: PendingAction, ctx: AdminContext, *, slug: str | None) -> None:
    await ctx.close()
    await sender.acknowledge(query)
    facts = action.facts
    await _receive(query, facts["file"], facts["name"], facts["size"], ctx=ctx, slug=slug, apart=slug is None)


async def _receive(
    event: Event,
    file_id: str,
    name: str,
    size: int | None,
    *,
    ctx: AdminContext,
    slug: str | None = None,
    apart: bool = False,
) -> None:
    """The card's message comes first: whoever checks the file tells there what was found."""
    ctx.require()
    content = await fetch_model(file_id, size, ctx)
    chat_id = event.chat.id if isinstance(event, Message) else event.from_user.id
    shown = await sender.send(ctx.bot, chat_id, view.received_screen(name, ctx.tr))
    place = MessageRef(chat_id=chat_id, thread_id=reply_target().thread_id, message_id=shown.message_id)
    sent = Sent(name=name, content=content, slug=slug, apart=apart, shown_in=place)
    try:
        await ctx.services.upload_management.receive(sent, actor=ctx.actor)
    except AlreadyHere as error:
        await sender.delete(ctx.bot, chat_id, shown.message_id)
        await show_card(event, error.version.id, ctx=ctx, notice=ctx.tr.error_html(error))
    except ShopError:
        await sender.delete(ctx.bot, chat_id, shown.message_id)
        raise


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the version's id and what to do."""
    number, _, verb = argument.partition(":")
    version_id = keyboards.parse_id(number)
    if version_id is None:
        raise VersionNotFound(version=number)
    uploads, notice = ctx.services.upload_management, ""
    if verb:
        ctx.require()
    match verb:
        case names.ON:
            missing = (await uploads.card(version_id)).missing
            if missing:
                await _ask(query, version_id, UploadPart(missing[0]), ctx=ctx, publishing=True)
                return
            await uploads.publish(version_id, actor=ctx.actor)
            notice = ctx.tr.html("✅ On sale.")
        case names.COMPARE:
            await uploads.compare(version_id, actor=ctx.actor)
        case names.DELETE:
            await uploads.discard(version_id, actor=ctx.actor)
        case names.APART:
            await uploads.keep_apart(version_id, actor=ctx.actor)
        case _ if verb.startswith(names.JOIN):
            await uploads.join(version_id, await _resembled(version_id, verb, ctx), actor=ctx.actor)
        case _ if verb in tuple(UploadPart):
            await _ask(query, version_id, UploadPart(verb), ctx=ctx)
            return
    await show_card(query, version_id, ctx=ctx, notice=notice)


async def _resembled(version_id: UUID, verb: str, ctx: AdminContext) -> str:
    """The model that was chosen. Raises NotNow."""
    version, which = (await ctx.services.upload_management.card(version_id)).version, verb.removeprefix(names.JOIN)
    if not which.isdecimal() or int(which) >= len(version.resembles):
        raise NotNow(version=version_id)
    return version.resembles[int(which)]


async def take_part(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """What was asked of a version; of one that is to be published the next thing is asked."""
    part, version_id = UploadPart(action.facts["part"]), UUID(hex=action.facts["version"])
    uploads = ctx.services.upload_management
    version = (await uploads.card(version_id)).version
    try:
        await _tell(message, version_id, part, ctx)
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.part_question, part, version, ctx.tr), problem)
        return
    card = await uploads.card(version_id)
    publishing = action.facts["publishing"]
    if publishing and card.missing:
        await _ask(message, version_id, UploadPart(card.missing[0]), ctx=ctx, publishing=True)
        return
    looked_at = card.version.status is not VersionStatus.RECEIVED
    notice = ctx.tr.html(ALL_TOLD) if publishing else ctx.tr.html("✅ Saved.") if looked_at else ""
    await show_card(message, version_id, ctx=ctx, notice=notice)


async def _tell(message: Message, version_id: UUID, part: UploadPart, ctx: AdminContext) -> None:
    uploads, text = ctx.services.upload_management, message.text or ""
    if part is UploadPart.PRICE:
        await uploads.set_price(version_id, parse_price(text), actor=ctx.actor)
    elif part in LANGUAGES:
        await uploads.set_title(version_id, LANGUAGES[part], text, actor=ctx.actor)
    else:
        told = text if message.document is None else await fetch_names(message.document, ctx)
        await uploads.set_names(version_id, HINTS[part], told, actor=ctx.actor)


async def _ask(
    event: Event, version_id: UUID, part: UploadPart, *, ctx: AdminContext, publishing: bool = False
) -> None:
    version = (await ctx.services.upload_management.card(version_id)).version
    action = PendingAction.of(PART, part=part, version=version_id.hex, publishing=publishing)
    await ctx.ask(event, view.part_question(part, version, ctx.tr), action)


def _name(document: Document) -> str:
    return cleaned(document.file_name or "") or "model.onnx"
