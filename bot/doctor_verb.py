"""What `usersync doctor` does: examine, and print what was found; its exit code says whether anything is wrong."""

from __future__ import annotations

import io
import sys

from bot.doctor import Doctor
from bot.doctor_report import report
from bot.logs import configure_logs
from bot.outcome import CLEAN, FAILED
from bot.settings import load_settings


async def examine() -> int:
    """Examine everything. Raises SettingsError."""
    settings = load_settings(needs_tokens=True)
    configure_logs(settings.log_format)
    findings = await Doctor(settings).examine()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ still gets the word beside it
    print(report(findings))
    return FAILED if any(each.is_failure for each in findings) else CLEAN
