"""`/usersync` in Slack: what somebody typed, whether they may, and what they are told."""
