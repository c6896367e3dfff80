"""What a model or a preset is called where only its slug is known."""

from collections.abc import Callable

from i18n.translator import Translator
from services.models.offers import Models

Titles = Callable[[str], str]  # a model's icon and title, plain, by its slug


async def title_of(slug: str, models: Models, tr: Translator) -> str:
    """The title, plain, of a model or a preset, sold or not; of one that is gone, its slug."""
    if (title := model_title(slug, models, tr)) != slug:
        return title
    for offer in await models.offers():
        if offer.slug == slug and offer.title is not None:
            return tr.pick(offer.title)
    return slug


def titled(slug: str, *, models: Models, tr: Translator) -> str:
    """With the icon."""
    manifest = models.manifest(slug)
    return slug if manifest is None else f"{manifest.icon} {tr.pick(manifest.title)}"


def model_title(slug: str, models: Models, tr: Translator) -> str:
    manifest = models.manifest(slug)
    return slug if manifest is None else tr.pick(manifest.title)
