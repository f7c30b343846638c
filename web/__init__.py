"""The window: shows the directory."""
