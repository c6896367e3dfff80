"""A local YooKassa: one shop for each world, its API, its checkout, its notifications."""
