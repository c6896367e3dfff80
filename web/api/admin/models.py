"""`/admin/models`: prices, and what is on the menu."""

from pydantic import BaseModel, ConfigDict, Field

from i18n.titles import title_of
from services.models.manage import MAX_PRICE, ModelLine, ModelNotFound
from web.api.admin.staff import ACTS, LOOKS, Acts, ApiAdmin, Looks
from web.api.changes import Change
from web.api.describing import refuses
from web.api.lists import Listed, listed
from web.api.models import Slug
from web.api.routes import make_router

router = make_router("admin")


class AdminModel(BaseModel):
    """A model, on sale or not."""

    slug: str
    title: str
    version: str
    price: int = Field(description="Now, in hundredths of a credit.")
    manifest_price: int = Field(description="As its author asked.")
    enabled: bool
    present: bool = Field(description="Its folder is there, and it loads.")
    problem: str | None
    stopped_for: str | None = Field(description="Why it was stopped after it had failed several times in a row.")
    resting_for: str | None


class ModelChange(Change):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"price": 150}, {"enabled": False}]})

    price: int | None = Field(
        default=None, strict=True, ge=0, le=MAX_PRICE, description="In hundredths of a credit; null: its author's."
    )
    enabled: bool = Field(default=True, strict=True)


@router.get("/admin/models", operation_id="adminListModels", summary="All models", responses=refuses(*LOOKS))
async def list_models(admin: Looks) -> Listed[AdminModel]:
    """In the order of the menu; those that cannot be sold too."""
    lines = await admin.who.site.services.model_management.all()
    return listed([_model(admin, each) for each in lines], has_more=False, last=None)


@router.patch(
    "/admin/models/{slug}",
    operation_id="adminChangeModel",
    summary="Change a price, or take off the menu",
    responses=refuses(*ACTS, ModelNotFound),
)
async def change_model(admin: Acts, slug: Slug, change: ModelChange) -> AdminModel:
    """Who sees the old price is asked again."""
    models, said = admin.who.site.services.model_management, change.model_fields_set
    line = await models.get(slug)
    if "price" in said:
        line = await models.set_price(slug, change.price, actor=admin.actor)
    if "enabled" in said:
        line = await models.enable(slug, enabled=change.enabled, actor=admin.actor)
    return _model(admin, line)


def _model(admin: ApiAdmin, line: ModelLine) -> AdminModel:
    return AdminModel(
        slug=line.slug,
        title=title_of(line, admin.who.tr).text,
        version=line.version,
        price=line.price,
        manifest_price=line.manifest_price,
        enabled=line.enabled,
        present=line.present,
        problem=line.problem,
        stopped_for=line.stopped_for,
        resting_for=line.resting_for,
    )
