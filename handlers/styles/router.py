"""/styles, the gallery, and photos that are sent before a style is chosen."""

from typing import Final

from aiogram import Router
from aiogram.filters import Command, Filter, StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.form.albums import MOST_PICTURES
from handlers.form.uploads import keep_picture, picture_of
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import PHOTOS, Event, open_form, put, waiting_photos
from handlers.kit.filters import Pressed
from handlers.kit.notices import notice_screen
from handlers.styles.screens import ON_PAGE, STYLE, categories_screen, gallery_screen, style_screen
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from services.errors import N_, ShopError
from services.files.store import StoreAway
from services.manifests.manifest import ImageInput
from services.manifests.preparation import Prepare
from services.models.preset_rules import PresetNotFound
from services.models.presets import PresetCategory

NOT_KEPT: Final = N_("The pictures are not kept any more.")
ALBUM, SHOWN = "photos_album", "photos_message"  # of the pictures that wait: their album, and the message that says so


class IsPhotoForStyle(Filter):
    """A picture that nobody asked for, in a shop that has styles, while no form is open."""

    async def __call__(self, message: Message, ctx: Context) -> bool:
        wanted = picture_of(message) is not None and ctx.services.features.images
        return wanted and await open_form(ctx.fsm) is None


def router() -> Router:
    router = Router(name="styles")
    router.message.register(show_styles, Command("styles", ignore_case=True))
    router.callback_query.register(show_styles, Pressed(buttons.STYLES))
    router.callback_query.register(show_style, Pressed(STYLE))
    return router


def answers_router() -> Router:
    """Pictures that nobody asked for; after the form."""
    router = Router(name="photos")
    router.message.register(take_photo, StateFilter(None), IsPhotoForStyle())
    return router


async def show_styles(event: Event, *, ctx: Context, argument: str = "") -> None:
    """Categories; with `argument`, `<category>:<page>`, a page of one. A category that is gone shows them all."""
    key, _, page = argument.partition(":")
    await ctx.respond(event, await _gallery(key, buttons.parse_page(page), ctx))


async def show_style(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: `<slug>:<category>:<page>`."""
    slug, _, place = argument.partition(":")
    view = await ctx.services.presets.get(slug)
    if not view.sold:
        raise PresetNotFound(slug=slug)
    photos = len(await waiting_photos(ctx.fsm))
    back = f"{buttons.STYLES}:{place}" if place else buttons.STYLES
    try:
        sample = await ctx.services.presets.sample(slug)
    except StoreAway:
        sample = None
    await ctx.respond(query, style_screen(view, sample, ctx.viewer, back=back, photos=photos))


async def take_photo(message: Message, *, ctx: Context) -> None:
    """It waits for a style; further pictures of its album join it, and the message says how many there are. What is
    wrong is told once of an album."""
    source, data = picture_of(message), await ctx.fsm.get_data()
    assert source is not None
    album = message.media_group_id
    joined = album is not None and album == data.get(ALBUM)
    photos = await waiting_photos(ctx.fsm) if joined else []
    if len(photos) >= MOST_PICTURES:
        return
    try:
        file_id = await keep_picture(source, _largest(ctx), ctx)
    except ShopError as problem:
        if not joined:
            await put(message, notice_screen(ctx.tr.error_html(problem), ctx.tr))
            await ctx.fsm.update_data({PHOTOS: [], ALBUM: album, SHOWN: None})
        return
    photos = [*photos, file_id.hex]
    screen = categories_screen(await ctx.services.presets.categories(), ctx.tr, photos=len(photos))
    shown = data.get(SHOWN) if joined else None
    if shown is None or not await sender.edit(ctx.bot, message.chat.id, shown, screen):
        shown = (await sender.send(ctx.bot, message.chat.id, screen)).message_id
    await ctx.fsm.update_data({PHOTOS: photos, ALBUM: album, SHOWN: shown})


async def choose_style_for(query: CallbackQuery, photo: str, ctx: Context) -> None:
    """The gallery below, for a picture that the shop has. A form under way ends."""
    if not await ctx.services.files.known([photo], user_id=ctx.user.id):
        await sender.acknowledge(query, ctx.tr.gettext(NOT_KEPT), alert=True)
        return
    await ctx.fsm.clear()
    await ctx.fsm.update_data({PHOTOS: [photo]})
    await sender.acknowledge(query)
    await sender.send(ctx.bot, query.from_user.id, await _gallery("", 0, ctx))


async def _gallery(key: str, page: int, ctx: Context) -> Screen:
    presets, photos = ctx.services.presets, len(await waiting_photos(ctx.fsm))
    categories = await presets.categories()
    category = _category(key, categories)
    if category is None:
        return categories_screen(categories, ctx.tr, photos=photos)
    found = await presets.page(category.key, page, ON_PAGE)
    try:
        sheet = await ctx.services.studio.sheet(found.items)
    except StoreAway:
        sheet = None
    return gallery_screen(category, found, sheet, ctx.tr, photos=photos)


def _category(key: str, categories: list[PresetCategory]) -> PresetCategory | None:
    """The one named, or the only one there is."""
    if len(categories) == 1:
        return categories[0]
    return next((each for each in categories if each.key == key), None)


def _largest(ctx: Context) -> Prepare:
    """As the model that wants the largest pictures of those that paint keeps them."""
    wanted = [
        field.prepare
        for manifest in ctx.services.models.manifests
        if manifest.paints
        for field in manifest.inputs
        if isinstance(field, ImageInput)
    ]
    return max(wanted, key=lambda prepare: prepare.most, default=Prepare(size=("free", "free")))
