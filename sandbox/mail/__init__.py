"""A mail server that keeps what it is given, to be read on a page and by tests."""
