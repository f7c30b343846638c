"""What a service loads at its start, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def loaded(program: str) -> str:
    """Run a program in a process of its own; give what it prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_service_loads_nothing_that_draws_on_terminals() -> None:
    program = (
        "import sys\n"
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import serving\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('rich', 'pygments')])\n"
    )
    assert "[]" == loaded(program)


def test_what_was_loaded_is_walked_no_more_and_what_comes_in_seldom() -> None:
    program = (
        "import gc\n"
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import serving\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000, gc.get_threshold()[0])\n"
    )
    assert "True True 10000" == loaded(program)


def test_a_verb_that_draws_finds_it_afterwards() -> None:
    program = (
        "from bot.loading import loading\n"
        "with loading():\n"
        "    from bot import resync_verb\n"
        "from bot.bar import draw_bar\n"
        "print(draw_bar.__name__)\n"
    )
    assert "draw_bar" == loaded(program)
