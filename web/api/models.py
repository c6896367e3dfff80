"""`/models`: what is on sale, what it asks and answers. Presets are models, too."""

from typing import Annotated, Any, Final, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from i18n.titles import title_of
from i18n.translator import Translator
from services.manifests.json_schema import input_schema, output_schema
from services.manifests.manifest import SLUG, FileInput
from services.models.asking import asked
from services.models.offers import ModelNotOnSale, ModelStopped, Offer
from services.values.json_values import to_json
from services.values.parse import example_value
from web.api.callers import MayRead
from web.api.describing import refuses
from web.api.lists import Listed, listed
from web.api.routes import make_router

router = make_router("models")
Slug = Annotated[str, Path(pattern=f"^{SLUG}$", examples=["wine"])]
Schema = dict[str, Any]  # Any: JSON Schema


NOT_SOLD: Final = refuses(ModelNotOnSale, ModelStopped)


class Model(BaseModel):
    """What can be bought."""

    slug: str = Field(examples=["wine"])
    title: str
    icon: str
    description: str | None
    category: str | None
    kind: Literal["prediction", "chat"] = Field(description="Asked once, or talked to.")
    preset_of: str | None = Field(description="The model that this one fills in a part of.")
    price: int = Field(description="In hundredths of a credit.", examples=[100])
    available: bool = Field(description="false: it rests, since its server is away. It will be back by itself.")
    version: str


class ModelSchemas(Model):
    """A model with what it asks and answers, in JSON Schema 2020-12; nothing of that for one that is talked to."""

    input_schema: Schema | None
    output_schema: Schema | None
    example: dict[str, Any] | None = Field(description="An input to try; null where pictures have to be sent.")


@router.get("/models", operation_id="listModels", summary="What is on sale")
async def list_models(who: MayRead) -> Listed[Model]:
    """All of it, in the order of the menu."""
    offers = await who.site.services.models.sold()
    return listed([Model(**_told(offer, who.tr)) for offer in offers], has_more=False, last=None)


@router.get("/models/{slug}", operation_id="getModel", summary="What a model asks and answers", responses=NOT_SOLD)
async def get_model(who: MayRead, slug: Slug) -> ModelSchemas:
    offer = await who.site.services.models.any_offer(slug)
    fields, _ = asked(offer)
    title, language = str(title_of(offer, who.tr).text), who.tr.language
    talked_to = offer.manifest.is_assistant
    pictured = any(isinstance(field, FileInput) for field in fields)
    samples = {field.name: example_value(field) for field in fields}
    return ModelSchemas(
        **_told(offer, who.tr),
        input_schema=None if talked_to else input_schema(fields, title=title, language=language),
        output_schema=None if talked_to else output_schema(offer.manifest.outputs, title=title, language=language),
        example=None
        if talked_to or pictured
        else {name: to_json(value) for name, value in samples.items() if value is not None},
    )


def _told(offer: Offer, tr: Translator) -> dict[str, Any]:  # Any: fields of `Model`
    manifest = offer.manifest
    category = offer.category or manifest.category
    return {
        "slug": offer.slug,
        "title": title_of(offer, tr).text,
        "icon": offer.icon,
        "description": None if manifest.description is None else tr.pick(manifest.description),
        "category": None if category is None else tr.pick(category),
        "kind": "chat" if manifest.is_assistant else "prediction",
        "preset_of": None if offer.preset_id is None else manifest.slug,
        "price": offer.price,
        "available": not offer.resting,
        "version": manifest.version,
    }
