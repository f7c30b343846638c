"""The window: shows the directory."""

from web.app import create_app
from web.ports import Clock, Door, SlackSilent, Status, StatusReader, Walk

__all__ = ["Clock", "Door", "SlackSilent", "Status", "StatusReader", "Walk", "create_app"]
