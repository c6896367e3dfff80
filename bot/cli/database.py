"""`kassandra migrate` and `kassandra audit`."""

import asyncio

from bot.settings import load_store_settings
from db.damage import BY_COMMAND_SECONDS, require_sound
from db.engine import Database
from db.migrate import current_revision, require_head, upgrade


def require_books(url: str) -> None:
    """For every command that works on them: a whole file and the newest tables. Raises a leaf of `db.errors`."""
    require_sound(url, seconds=BY_COMMAND_SECONDS)
    require_head(url)


def run_migrate() -> int:
    url = load_store_settings().database_url
    require_sound(url, seconds=BY_COMMAND_SECONDS)
    before = current_revision(url)
    upgrade(url)
    after = current_revision(url)
    print(
        f"The database is at revision {after}." if before == after else f"Migrated from {before or 'none'} to {after}."
    )
    return 0


def audit_books() -> int:
    from services.billing.audit import run_audit

    url = load_store_settings().database_url
    require_books(url)

    async def audit() -> int:
        db = Database(url)
        try:
            report = await run_audit(db)
        finally:
            await db.close()
        print(report)
        return report.exit_code

    return asyncio.run(audit())
