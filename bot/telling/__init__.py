"""Tells people of alerts: in a channel of Slack, and at other addresses, once for each episode."""
