"""`python -m bot` is the command `kassandra`."""

from bot.cli.main import main

main()
