"""Callback data of the admins' buttons. Telegram gives 64 bytes, an id of a payment takes 32 of them."""

from typing import Final

PANEL: Final = "adm"
USERS: Final = "adm-users"
USER: Final = "adm-user"  # adm-user:<users.id>:<verb>
YES: Final = "adm-yes"  # adm-yes:<nonce>: the decision on the screen
MODELS: Final = "adm-models"
MODEL: Final = "adm-model"  # adm-model:<slug>:<verb>
UPLOAD: Final = "adm-up"  # adm-up:<hex id>:<verb>
UPLOAD_TEXTS: Final = "adm-txt"  # adm-txt:<hex id>:<verb and number>
UPLOAD_OTHER: Final = "adm-up-new"  # adm-up-new:<nonce>: the file on the screen is another model
VERSIONS: Final = "adm-vers"  # adm-vers:<slug>:<verb>
ASSISTANT: Final = "adm-chat"  # adm-chat:<slug>
REQUESTS: Final = "adm-requests"  # adm-requests:<slug>
REQUEST: Final = "adm-request"  # adm-request:<hex id>
PACKAGES: Final = "adm-packs"  # adm-packs:<page>
PACKAGE: Final = "adm-pack"  # adm-pack:<id>:<verb>
PLANS: Final = "adm-plans"  # adm-plans:<page, or new, or failed:<page>, or subscribers:<page>>
PLAN: Final = "adm-plan"  # adm-plan:<id>:<verb>
PRESETS: Final = "adm-styles"  # adm-styles:<page>, or new, or of:<model's slug>
PRESET: Final = "adm-style"  # adm-style:<slug>:<verb>
PAYMENTS: Final = "adm-pays"  # adm-pays:<page>
PAYMENT: Final = "adm-pay"  # adm-pay:<hex id>:<verb>
STRAY: Final = "adm-stray"  # adm-stray:<id>
STRAYS: Final = "adm-strays"  # adm-strays:<page>
STATISTICS: Final = "adm-stats"  # adm-stats:<days>
FORECASTS: Final = "adm-papers"
ROLES: Final = "adm-roles"
ROLE: Final = "adm-role"  # adm-role:<Telegram id>:<role>
AUDIT_LOG: Final = "adm-log"  # adm-log:<page>:<users.id, or nothing for everybody>

GIVE: Final = "give"
TAKE: Final = "take"
WRITE: Final = "write"
FAILED: Final = "failed"
SUBSCRIBERS: Final = "subscribers"
OFF: Final = "off"
ON: Final = "on"
FACTOR: Final = "factor"
AGAIN: Final = "again"
PRICE: Final = "price"
AUTHORS_PRICE: Final = "own"
UP: Final = "up"
DOWN: Final = "down"
NEW: Final = "new"
OF: Final = "of"
ANSWERS: Final = "answers"
DELETE: Final = "delete"
COMPARE: Final = "compare"
JOIN: Final = "join"  # join<which of those that it resembles>
APART: Final = "apart"


def action(name: str, *arguments: object) -> str:
    return ":".join([name, *map(str, arguments)])
