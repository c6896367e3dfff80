"""The control API: how the page and the tests play people. Not part of Telegram."""
