"""The file of settings beneath the environment: names and values, and in words each line that is neither."""

from __future__ import annotations

from pathlib import Path

from dotenv.parser import Original, parse_stream

from bot.settings_words import SettingsError


def read_env_file(path: Path | None) -> tuple[dict[str, str], list[str]]:
    """Tell what the file gives, and a sentence for each line that gives nothing.

    Raises SettingsError where it cannot be read at all: whatever else were told would only follow from that.
    """
    if path is None or not path.is_file():
        return {}, []
    try:
        with path.open(encoding="utf-8-sig") as file:
            bindings = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            [f"{path}: it cannot be read ({type(error).__name__}). Check its mode; it must be UTF-8."]
        ) from error
    values = {each.key: each.value for each in bindings if each.key is not None and each.value is not None}
    return values, [_unreadable(path, each.original) for each in bindings if each.error]


def _unreadable(path: Path, statement: Original) -> str:
    """Name the line, never what stands in it, which may be half a secret."""
    before = statement.string[: len(statement.string) - len(statement.string.lstrip())]
    line = statement.line + before.count("\n")
    return f"{path}, line {line}: this is no NAME=value, or a quote is not closed. Mend it, or put # before it."
