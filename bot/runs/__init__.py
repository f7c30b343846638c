"""Passes over `users.list`: the table compared with what Slack says now."""
