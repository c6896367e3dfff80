"""What customers of the crash test buy."""

import random

from services.predictions.submit import Order
from tests.support.counter import BAROLO

PRICE = 100


def random_order(user: int, chance: random.Random) -> Order:
    """Mostly good ones; some that no model can answer, some that keep a model busy until it is stopped."""
    kinds = [("wine", BAROLO), ("wine", {}), ("endless", {"x": -1.0}), ("endless", {"x": 1.0})]
    slug, inputs = chance.choices(kinds, weights=[8, 2, 4, 1])[0]
    return Order(
        user_id=user,
        model_slug=slug,
        model_version="1",
        inputs=inputs,
        price=PRICE,
        request_key=f"{chance.getrandbits(128):032x}",
    )
