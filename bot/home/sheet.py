"""What one person looks at on their Home: whom they looked for, what they opened, what was just done. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.home.opened import Viewer


@dataclass(frozen=True, slots=True)
class Sheet:
    """One Home as it is to be shown."""

    viewer: Viewer
    sought: str = ""
    """Whom they look for, as typed; empty for nobody."""
    shows_letters: bool = False
    """Whether the unreadable events are listed, which an admin asks for."""
    note: tuple[str, ...] = ()
    """What came of what they have just done, in paragraphs of Slack's markup."""
