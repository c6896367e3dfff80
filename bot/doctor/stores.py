"""The doctor's look at where a shop keeps its data: tables, room to write, signs of life, dialogs in Redis."""

import asyncio
from datetime import datetime, timedelta

from bot.doctor.findings import Finding, bad, good, poor
from bot.settings import Settings
from db.damage import BY_COMMAND_SECONDS, require_sound
from db.engine import Database
from db.errors import DamagedDatabase, DatabaseUnavailable, NewerDatabase, OldRevision
from db.migrate import current_revision, require_head
from services import heartbeats
from services.clock import Clock
from services.models.offers import TRY_AGAIN, stopped
from services.models.uploads.stuck import stuck_uploads
from services.scoring.stuck import stuck_tables
from services.unsent import unsent

OLD_MESSAGE = timedelta(hours=1)


async def stores(settings: Settings, clock: Clock) -> list[Finding]:
    tables = await asyncio.to_thread(_tables, settings)
    if tables is not None:
        return [tables, *await _redis(settings)]
    db = Database(settings.database_url)
    try:
        found = [await _room(settings, db, clock), *await _life(db, clock), *await _messages(db, clock)]
        return [*found, *await _stopped(db), *await _stuck(db, clock), *await _redis(settings)]
    finally:
        await db.close()


def _tables(settings: Settings) -> Finding | None:
    name = "database"
    try:
        require_sound(settings.database_url, seconds=BY_COMMAND_SECONDS)
        require_head(settings.database_url)
    except DamagedDatabase as error:
        return bad(name, error.damage, error.fix)
    except OldRevision as error:
        return bad(name, str(error), "run: kassandra migrate")
    except NewerDatabase as error:
        return bad(name, str(error), "migrating does not help: tables are never taken back")
    except DatabaseUnavailable as error:
        return bad(name, str(error), "check DATABASE_URL and that the server runs")
    return None


async def _room(settings: Settings, db: Database, clock: Clock) -> Finding:
    """A full or read-only disk still reads well."""
    name = "database"
    try:
        await db.write(heartbeats.note, (), clock())
    except DatabaseUnavailable as error:
        fix = "look at the free space of the disk (df -h) and at the rights of the database's files and folder"
        return bad(name, f"nothing can be written: {_first_line(error)}", fix)
    return good(name, f"revision {current_revision(settings.database_url)}, can be written")


async def _life(db: Database, clock: Clock) -> list[Finding]:
    """Nothing of a shop that has not run yet."""
    name, now = "jobs", clock()
    try:
        done = await db.read(heartbeats.last_done)
    except DatabaseUnavailable:
        return []  # said above
    if late := heartbeats.late(done, now):
        words = ", ".join(f"{job} not done for {_rough(age)}" for job, age in sorted(late.items()))
        return [poor(name, words, "start the shop (its scheduler); where it runs, its log says what the job waits for")]
    return [good(name, f"last done {_ago(max(done.values()), now)}")] if done else []


async def _messages(db: Database, clock: Clock) -> list[Finding]:
    """Those that cannot be sent; an hour is longer than Telegram makes anybody wait."""
    name = "messages"
    try:
        found = await db.read(unsent, clock())
    except DatabaseUnavailable:
        return []  # said above
    findings = []
    if found.given_up:
        text = f"given up: {found.given_up}{_why('the last', found.given_up_why)}"
        findings.append(poor(name, text, "mend what it says, then run: kassandra outbox retry"))
    if found.waiting and found.waiting_for >= OLD_MESSAGE:
        text = f"waiting: {found.waiting}, the oldest for {_rough(found.waiting_for)}{_why('it', found.waiting_why)}"
        fix = "start the shop (its bot); where it runs, look at the network, TELEGRAM_PROXY and its log: notification_…"
        findings.append(poor(name, text, fix))
    return findings or [good(name, f"waiting: {found.waiting}, none for long" if found.waiting else "all are sent")]


async def _stopped(db: Database) -> list[Finding]:
    try:
        found = await db.read(stopped)
    except DatabaseUnavailable:
        return []  # said above
    return [
        bad("models", f"{slug} was stopped by its failures, at last: {why}", TRY_AGAIN) for slug, why in found.items()
    ]


async def _stuck(db: Database, clock: Clock) -> list[Finding]:
    try:
        tables, uploads = await db.read(stuck_tables, clock()), await db.read(stuck_uploads, clock())
    except DatabaseUnavailable:
        return []  # said above
    fix = "start the shop (its worker), or start it anew; its log says what it waits for"
    return [
        poor(name, f"nobody gets on with {each.count} of {what}, for {_rough(each.longest)}", fix)
        for name, what, each in (("tables", "those ordered", tables), ("uploads", "what waits of them", uploads))
        if each.count
    ]


def _why(which: str, error: str) -> str:
    return f"; {which}: {' '.join(error.split())}" if error else ""


async def _redis(settings: Settings) -> list[Finding]:
    name, url = "redis", settings.redis_url
    if url is None:
        return []
    from handlers.telegram.storage_redis import SharedStorage

    storage = SharedStorage.at(url, ttl=timedelta(days=1))
    try:
        await storage.ping()
    except DatabaseUnavailable as error:
        return [
            bad(name, _first_line(error), "check REDIS_URL and that the server runs; customers hear “busy” meanwhile")
        ]
    finally:
        await storage.close()
    return [good(name, "answers")]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _ago(at: datetime, now: datetime) -> str:
    return f"{_rough(max(now - at, timedelta()))} ago"


def _rough(age: timedelta) -> str:
    minutes = round(age.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
