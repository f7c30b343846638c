"""The process: hears Slack and keeps the directory true."""

__version__ = "0.1.0"
