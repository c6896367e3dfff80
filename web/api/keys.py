"""`/keys`: keys of programs. Only a person who is signed in makes or revokes them."""

from datetime import datetime

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from db.tables.identities import ApiScope
from services.identity.api_keys import MAX_DAYS, MAX_TITLE, BadKeyTerms, KeyNotFound, KeyView, TooManyKeys
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import ProveAgain
from web.api.callers import Person
from web.api.describing import refuses
from web.api.lists import Listed, listed
from web.api.routes import make_router
from web.api.texts import STORABLE
from web.kit.row_ids import RowId

router = make_router("keys")


class Key(BaseModel):
    """A key, without the key itself."""

    id: int
    title: str
    last_four: str = Field(description="Its last characters, to recognise it by.")
    scopes: list[ApiScope]
    created_at: datetime
    expires_at: datetime | None = Field(description="null: it is good until it is revoked.")
    last_used_at: datetime | None = Field(description="Exact to a minute.")


class NewKey(Key):
    """A key as it is shown once."""

    key: str = Field(description="Keep it now: it is shown only here.")


class KeyTerms(BaseModel):
    """What a new key is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "My server", "scopes": ["read", "predict"], "days": 90}]},
    )

    title: str = Field(
        min_length=1, max_length=MAX_TITLE, description="What it is for, in your words.", json_schema_extra=STORABLE
    )
    scopes: list[ApiScope] = Field(min_length=1, max_length=len(ApiScope), description="What it may be used for.")
    days: int | None = Field(
        default=None, strict=True, ge=1, le=MAX_DAYS, description="How long it is good; null: until revoked."
    )


@router.get("/keys", operation_id="listKeys", summary="Your API keys")
async def list_keys(who: Person) -> Listed[Key]:
    keys = await who.site.services.api_keys.all(who.user.id)
    return listed([Key(**_told(key)) for key in keys], has_more=False, last=None)


@router.post(
    "/keys",
    operation_id="createKey",
    summary="Make an API key",
    status_code=201,
    responses=refuses(TooManyKeys, BadKeyTerms, SecondFactorWanted, ProveAgain),
)
async def create_key(who: Person, terms: KeyTerms, response: Response) -> NewKey:
    """A key is shown once, so an `Idempotency-Key` has no effect here: sent twice, this makes two keys. They are
    made by a session whose sign-in is fresh, and one with the scope `admin` only where it has shown a second factor."""
    assert who.signed_in is not None  # a person has one
    response.headers["cache-control"] = "no-store"
    made, key = await who.site.services.api_keys.make(who.signed_in, terms.title, terms.scopes, days=terms.days)
    return NewKey(**_told(made), key=key)


@router.delete(
    "/keys/{key_id}",
    operation_id="revokeKey",
    summary="Revoke an API key",
    status_code=204,
    responses=refuses(KeyNotFound),
)
async def revoke_key(who: Person, key_id: RowId) -> Response:
    await who.site.services.api_keys.revoke(key_id, user_id=who.user.id)
    return Response(status_code=204)


def _told(key: KeyView) -> dict[str, object]:
    return {
        "id": key.id,
        "title": key.title,
        "last_four": key.last_four,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }
