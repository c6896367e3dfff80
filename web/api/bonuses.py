"""`/bonuses`: credits that come every week by themselves."""

from datetime import datetime

from pydantic import BaseModel, Field

from web.api.callers import MayRead
from web.api.routes import make_router

router = make_router("bonuses")


class WeeklyBonus(BaseModel):
    week: str = Field(examples=["2026-W47"])
    amount: int = Field(description="In hundredths of a credit.", examples=[500])
    created_at: datetime


class BonusState(BaseModel):
    """What comes every week, and what came."""

    amount: int = Field(description="Of each week, in hundredths of a credit; 0: this shop gives none.", examples=[500])
    valid_days: int = Field(description="So long each one lasts.")
    next_at: datetime | None = Field(description="When the next one comes, to who has been here lately.")
    last: list[WeeklyBonus] = Field(description="The latest ones, the newest first.")


@router.get("/bonuses", operation_id="getBonuses", summary="The weekly bonus")
async def get_bonuses(who: MayRead) -> BonusState:
    bonuses = who.site.services.bonuses
    came = await bonuses.last(who.user.id, 12)
    return BonusState(
        amount=bonuses.terms.amount,
        valid_days=bonuses.terms.ttl.days,
        next_at=bonuses.next_date(),
        last=[WeeklyBonus(week=each.week, amount=each.amount, created_at=each.created_at) for each in came],
    )
