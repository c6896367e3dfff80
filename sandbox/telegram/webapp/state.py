"""What one bot's Mini Apps are: the main one's address, how they are opened, queries to answer, things kept."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.errors import BadRequest

QUERY_LIVES_SECONDS = 24 * 3600
KEPT_QUERIES = 1_000
VERSION = "9.6"

Spoiling = Literal["old", "future", "forged", "another"]
"""What is wrong with the launch data: `auth_date` hours ago or ahead, another bot's token, another person's account."""


@dataclass(slots=True, kw_only=True)
class WebAppSettings:
    main_url: str | None = None
    """Of the main Mini App, which `t.me/<bot>?startapp` opens; an owner tells it to BotFather."""
    version: str = VERSION
    spoiling: Spoiling | None = None
    hours: float = 25.0
    """How old the launch data are, or how far ahead."""


@dataclass(slots=True)
class WebApps:
    settings: WebAppSettings = field(default_factory=WebAppSettings)
    storage: dict[int, dict[str, str]] = field(default_factory=dict)
    """Person → the Mini App's cloud storage."""
    _queries: dict[str, tuple[int, float]] = field(default_factory=dict)

    def new_query(self, person_id: int, now: float) -> str:
        query_id = f"AAE{secrets.token_urlsafe(15)}"
        self._queries[query_id] = (person_id, now)
        if len(self._queries) > KEPT_QUERIES:
            del self._queries[next(iter(self._queries))]
        return query_id

    def take_query(self, query_id: str, now: float) -> int:
        """Whose it is; it is answered once."""
        person_id, asked_at = self._queries.pop(query_id, (0, 0.0))
        if not person_id or now - asked_at > QUERY_LIVES_SECONDS:
            raise BadRequest("query is too old and response timeout expired or query ID is invalid")
        return person_id
