"""What all tables of a worker share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from db.engine import Database
from services.clock import Clock
from services.files.files import Files
from services.inference.engine import Engine
from services.scoring.waits import Waits

ATTEMPTS: Final = 3  # at one place; workers that die of its rows cannot tell


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringContext:
    db: Database
    engine: Engine
    files: Files
    clock: Clock
    worker: str
    lease: timedelta
    on_settled: Callable[[], None]
    on_away: Callable[[str], None]
    waits: Waits
