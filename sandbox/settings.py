"""What a sandbox process is started with."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_TOKEN = "1000001:sandbox-bot-token-for-the-demo-only"  # noqa: S105 - opens nothing but a local sandbox
STATIC_DIR = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 8081
    smtp_port: int = 0
    """Of the mailbox; 0 for any free one."""
    token: str = DEFAULT_TOKEN
    webhook_url: str | None = None
    """Where YooKassa's notifications for the page's shop go."""
    ahead: float = 0.0
    """Seconds by which the sandbox's time begins after the machine's."""
    local_dir: Path | None = None
    """Where a Bot API server in `--local` mode keeps files; None for one that serves them, as Telegram's own does."""
    static_dir: Path = STATIC_DIR
