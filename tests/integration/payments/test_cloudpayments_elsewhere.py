"""A site at CloudPayments that another program sells at, too."""

from decimal import Decimal

import pytest

from tests.support.cloudpayments_site import CloudPaymentsSite, open_till
from tests.support.tills import Cashier


@pytest.mark.parametrize("invoice", ["1234", "order 7", "", "7c1d9e0b-3f1c-4c43-8c8e-6f1f4f5f0c11"])
async def test_the_refund_of_anothers_order_does_not_hold_up_the_list(quick: Cashier, invoice: str) -> None:
    """Its name may look like the number of a transaction."""
    site = CloudPaymentsSite(clock=quick.clock)
    till = open_till(quick.db, quick.clock, site)
    await till.reconciler.round()
    quick.clock.advance(hours=2)
    sold = site.sells_elsewhere(invoice, Decimal("50.00"))
    site.refund_in_cabinet(sold, Decimal("20.00"))
    listed = (await till.reconciler.round()).listed
    assert listed.complete
    assert not listed.refunds
    till.accounts.close()
