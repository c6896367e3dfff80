"""A voice message becomes the text of its row, so that history, export and *Again* know what was said."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import ChatSession
from services.chats import journal
from services.chats.claims import ClaimedAnswer
from services.chats.conversation import Conversation
from services.chats.journal import RequestOutcome
from services.chats.rows import messages
from services.chats.sessions import title_of_first
from services.files.files import Files
from services.inference.errors import VoiceGone

_sessions = table_of(ChatSession)
UNNAMED = title_of_first("")


async def sound_of(file_id: UUID, user_id: int, files: Files) -> bytes:
    """Raises VoiceGone, StoreAway."""
    sound = await files.get(file_id, user_id=user_id)
    if sound is None:
        raise VoiceGone
    return sound


def note_heard(
    session: Session, answer: ClaimedAnswer, asks: Conversation, before: RequestOutcome, now: datetime
) -> bool:
    """What was said, and that the assistant is asked now. `before`: of the request that told it. False where the
    conversation was deleted meanwhile: nothing is written then."""
    unnamed = (_sessions.c.id == answer.session_id) & (_sessions.c.title == UNNAMED)
    session.execute(update(_sessions).where(unnamed).values(title=title_of_first(asks.message)))
    kept = update(messages).where(messages.c.id == answer.question_id, messages.c.text.is_not(None))
    if session.execute(kept.values(text=asks.message, heard_at=now).returning(messages.c.id)).first() is None:
        return False
    journal.follow(session, answer.id, before, asks.payload(), attempt=before.attempt + 1, now=now)
    return True
