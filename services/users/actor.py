"""Who asks for something, the same for every edge."""

from dataclasses import dataclass
from typing import Self

from db.tables.users import Edge


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id`: of the row in `users`, None for the shop itself. It bears no role: what acts reads it in its own
    transaction (`Staff.require`), so that one taken away a moment ago counts. `edge`: where they act, for the audit
    log; None for the shop itself."""

    user_id: int | None
    edge: Edge | None = None

    @classmethod
    def system(cls) -> Self:
        """The shop itself: it may do everything, and the audit log says so."""
        return cls(None)
