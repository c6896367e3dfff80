"""`python -m bot` is the command `kassandra`."""

from bot.cli import main

main()
