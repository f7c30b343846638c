"""The window: shows the directory."""

from web.app import create_app
from web.ports import Clock, Status, StatusReader, Walk

__all__ = ["Clock", "Status", "StatusReader", "Walk", "create_app"]
