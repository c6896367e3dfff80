"""What an assistant is sold for in a conversation, to one customer."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.chats import ChatSession
from db.tables.models import Model, Preset
from db.tables.plans import Plan
from db.tables.users import User
from services.chats.limits import ChatLimits
from services.chats.orders import AssistantResting, AssistantStopped, SaleTerms
from services.chats.sessions import ChatSessionNotFound
from services.chats.system import system_prompt
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.manifest import Manifest
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped, price_of
from services.models.sale import SALE_COLUMNS, preset_price, require_on_sale

_sessions, _models, _presets = table_of(ChatSession), table_of(Model), table_of(Preset)
_users, _plans = table_of(User), table_of(Plan)

TermsOf = Callable[[AnyRow], SaleTerms]
"""Of a conversation as `conversation_row` reads it. Raises ModelNotOnSale."""

_chat = (
    select(
        _sessions.c.id,
        _sessions.c.user_id,
        _sessions.c.model_slug,
        _sessions.c.preset_id,
        _sessions.c.title,
        *SALE_COLUMNS,
        _presets.c.prompt,
        _presets.c.price.label("persona_price"),
        _presets.c.enabled.label("persona_enabled"),
        _users.c.first_name,
        _users.c.gender,
        _users.c.age,
        _users.c.language,
        _users.c.disabled_at,
        exists().where(_plans.c.id.is_not(None)).label("sells_plans"),
    )
    .join(_users, _users.c.id == _sessions.c.user_id)
    .outerjoin(_models, _models.c.slug == _sessions.c.model_slug)
    .outerjoin(_presets, _presets.c.id == _sessions.c.preset_id)
    .where(
        _sessions.c.id == bindparam("session"),
        _sessions.c.user_id == bindparam("user"),
        _sessions.c.deleted_at.is_(None),
    )
)
_locked_chat = _chat.with_for_update(of=_sessions)


def conversation_row(session: Session, session_id: UUID, user_id: int, *, lock: bool = False) -> AnyRow:
    """With all that is asked of its assistant, its persona and its customer. `lock`: nobody else adds to it until the
    transaction ends. Raises ChatSessionNotFound."""
    facts = {"session": session_id, "user": user_id}
    row = session.connection().execute(_locked_chat if lock else _chat, facts).first()
    if row is None:
        raise ChatSessionNotFound(session_id=session_id)
    return row


def sale_terms(manifest: Manifest | None, chat: AnyRow, limits: ChatLimits) -> SaleTerms:
    """Raises ModelNotOnSale."""
    if manifest is None or not isinstance(spec := manifest.runtime, ChatSpec):
        raise ModelNotOnSale(slug=chat.model_slug)
    return SaleTerms(
        model_slug=manifest.slug,
        system=system_prompt(manifest, chat.prompt, chat),
        context=spec.context,
        max_answer=spec.max_answer,
        history=spec.history,
        input_price=spec.input_price_hundredths,
        output_price=spec.output_price_hundredths,
        free_answers=spec.free_answers,
        picture_tokens=spec.picture_tokens if spec.pictures else None,
        voice_seconds=None if spec.transcription is None else spec.voice_seconds,
        voice_price=spec.voice_price_hundredths,
        limits=limits,
    )


def fixed_price(chat: AnyRow) -> int:
    """Of an answer now, besides its tokens. Raises UserDisabled, ModelNotOnSale, AssistantStopped, AssistantResting."""
    disabled = chat.disabled_at is not None
    try:
        require_on_sale(chat, slug=chat.model_slug, user_id=chat.user_id, disabled=disabled)
    except ModelStopped:
        raise AssistantStopped(slug=chat.model_slug) from None
    except ModelResting:
        raise AssistantResting(slug=chat.model_slug) from None
    if chat.preset_id is None:
        return price_of(chat)
    return preset_price(chat, chat.preset_id, enabled=chat.persona_enabled, price=chat.persona_price)
