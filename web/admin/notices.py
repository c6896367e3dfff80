"""What a page says about what was just done, by the key in its address."""

from typing import Final

from i18n.translator import Translator
from services.errors import N_

NOTICES: Final = {
    "given": N_("Given. The customer is told."),
    "taken": N_("Taken. The customer is told."),
    "sent": N_("The message is on its way."),
    "closed": N_("The shop is closed to them."),
    "opened": N_("The shop is open to them again."),
    "signed-out": N_("Signed out everywhere."),
    "saved": N_("Saved."),
    "on-sale": N_("On sale."),
    "off-sale": N_("Taken off the menu."),
    "moved": N_("Moved."),
    "again": N_("It is tried again."),
    "tested": N_("Its example is being run. Open this page again in a moment."),
    "here-already": N_("This very file is here already."),
    "comparing": N_("It is being compared. What was found will come here."),
    "discarded": N_("Discarded."),
    "removed": N_("It has left the shop."),
    "created": N_("On sale."),
    "deleted": N_("Deleted."),
    "asked": N_("The payment service was asked; this is how things stand."),
    "refund-pending": N_("The refund is under way; the shop follows it."),
    "refund-succeeded": N_("The money went back."),
    "refund-canceled": N_("The refund did not go through."),
    "price-offered": N_("They are asked."),
    "listed": N_("It is forecast every week from now on."),
    "unlisted": N_("It is off the list. What was published stays."),
    "role-changed": N_("The role is changed."),
}


def notice(key: str, tr: Translator) -> str:
    """Nothing for a key that there is not."""
    return tr.gettext(NOTICES[key]) if key in NOTICES else ""
