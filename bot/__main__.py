"""`python -m bot` is `usersync`."""

from bot.cli import main

main()
