"""What every edge says when it is the shop that fails."""

from services.errors import N_

BUSY = N_("The shop is busy right now. Nothing was lost or charged; please try again in a minute.")
BROKEN = N_(
    "Something went wrong on our side. Nothing was charged. If it happens again, tell the owner this code: {code}"
)
