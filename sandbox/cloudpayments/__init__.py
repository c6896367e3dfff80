"""CloudPayments, as a shop and its payers see it."""
