"""A local Telegram to play and test in. See README.md beside this file."""
