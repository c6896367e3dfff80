"""The versions of an uploaded model: another one is sent, all of them are removed."""

from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction
from handlers.admin.uploads import screens as view
from handlers.admin.uploads.cards import show_versions, title_of_model
from handlers.admin.widgets import confirmation

VERSION, REMOVE = "upload.version", "upload.remove"


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the model's slug and what to do."""
    slug, _, verb = argument.partition(":")
    title = title_of_model(slug, ctx)
    if verb:
        ctx.require()
    match verb:
        case names.NEW:
            await ctx.ask(query, view.file_question(title, slug, ctx.tr), PendingAction.of(VERSION, slug=slug))
        case names.DELETE:
            action = PendingAction.of(REMOVE, slug=slug)
            text = ctx.tr.html(
                "Remove “{model}” with all its versions? What was bought of it stays in the history.", model=title
            )
            yes, back = ctx.tr.gettext("🗑 Remove"), names.action(names.VERSIONS, slug)
            await ctx.propose(query, confirmation(text, ctx.tr, yes=yes, nonce=action.nonce, back=back), action)
        case _:
            await show_versions(query, slug, ctx=ctx)


async def take_no_file(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """Something else than the file of a new version: files of models never come here."""
    slug = action.facts["slug"]
    problem = ctx.tr.html("This is no .onnx file.")
    await ctx.ask(message, view.file_question(title_of_model(slug, ctx), slug, ctx.tr, problem=problem), action)


async def remove(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What the confirmation does."""
    title = title_of_model(action.facts["slug"], ctx)
    await ctx.services.upload_management.remove(action.facts["slug"], actor=ctx.actor)
    await ctx.close()
    await ctx.respond(query, view.removed_screen(title, ctx.tr))
