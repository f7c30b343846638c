"""Block Kit as pure functions of values; nothing else in usersync knows how a block looks."""
