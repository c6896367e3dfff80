"""Books that are wrong on purpose, and what the audit says of them."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import Database
from services.billing import audit


async def broken(database: Database) -> dict[str, tuple[str, ...]]:
    """The rows of each rule that does not hold."""
    report = await audit.run_audit(database)
    assert report.exit_code == (0 if report.ok else 1)
    return {check.name: check.rows for check in report.checks if not check.ok}


async def meddle(database: Database, *statements: str) -> None:
    """Change what triggers protect, and put the triggers back."""

    def on_sqlite(session: Session) -> None:
        triggers = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in triggers:
            session.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            session.execute(text(statement))
        for _, sql in triggers:
            session.execute(text(sql))

    def on_postgresql(session: Session) -> None:
        for switch in ("DISABLE", "ENABLE"):
            for table in (*audit.IMMUTABLE, *audit.PUBLISHED):
                session.execute(text(f"ALTER TABLE {table} {switch} TRIGGER USER"))
            for statement in statements if switch == "DISABLE" else ():
                session.execute(text(statement))

    await database.write(on_sqlite if database.is_sqlite else on_postgresql)
