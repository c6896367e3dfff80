"""Which table, and which model, a button is about."""

from handlers.kit import buttons
from handlers.kit.context import Context
from services.manifests.cells import takes_tables
from services.models.offers import ModelNotOnSale, Offer
from services.scoring.queries import ScoringNotFound, ScoringView


async def table_offer(slug: str, ctx: Context) -> Offer:
    """Raises `ModelNotOnSale`, also for a model that takes no tables."""
    offer = await ctx.services.plan_cover.of(await ctx.services.models.offer(slug), ctx.user.id)
    if not takes_tables(offer.manifest):
        raise ModelNotOnSale(slug=slug)
    return offer


async def offer_of(view: ScoringView, ctx: Context) -> Offer:
    """What a table is for, as it is sold now. Raises `ModelNotOnSale`."""
    found = await ctx.services.scorings.offer_of(view)
    if found is None:
        raise ModelNotOnSale(slug=view.model_slug)
    return await ctx.services.plan_cover.of(found, ctx.user.id)


async def find_table(hex_id: str, ctx: Context) -> ScoringView:
    """The customer's own. Raises `ScoringNotFound`, for rubbish too."""
    scoring_id = buttons.parse_id(hex_id)
    if scoring_id is None:
        raise ScoringNotFound(scoring_id=hex_id)
    return await ctx.services.scorings.get(scoring_id, user_id=ctx.user.id)
