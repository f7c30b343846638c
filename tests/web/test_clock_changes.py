"""Clocks on both sides of a change, in zones of every kind, whatever offset Slack has written down."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.support.html import read
from tests.web.conftest import TEAM, Clock, Slack
from web.clocks import local_time, zone_of

CHANGES: tuple[tuple[str, datetime, str, str], ...] = (
    ("Europe/Lisbon", datetime(2026, 3, 29, 1, tzinfo=UTC), "00:59", "02:01"),
    ("Europe/Lisbon", datetime(2026, 10, 25, 1, tzinfo=UTC), "01:59", "01:01"),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC), "01:59", "03:01"),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), "01:59", "01:01"),
    ("America/St_Johns", datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "01:59", "01:01"),
    ("America/Santiago", datetime(2026, 4, 5, 3, tzinfo=UTC), "23:59", "23:01"),
    ("Australia/Sydney", datetime(2026, 10, 3, 16, tzinfo=UTC), "01:59", "03:01"),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), "01:59", "01:31"),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC), "01:59", "02:31"),
    ("Pacific/Auckland", datetime(2026, 4, 4, 14, tzinfo=UTC), "02:59", "02:01"),
    ("Pacific/Chatham", datetime(2026, 9, 26, 14, tzinfo=UTC), "02:44", "03:46"),
    ("Africa/Casablanca", datetime(2026, 2, 15, 2, tzinfo=UTC), "02:59", "02:01"),  # Ramadan is kept on winter time
    ("Africa/Casablanca", datetime(2026, 3, 22, 2, tzinfo=UTC), "01:59", "03:01"),
    ("Asia/Jerusalem", datetime(2026, 3, 27, 0, tzinfo=UTC), "01:59", "03:01"),
    ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC), "23:59", "01:01"),
)
"""A zone, the moment of its change, and what its clocks show a minute before and a minute after."""

UNCHANGED = {
    # Where the others change, these do not: some never did, some do no more.
    "Asia/Kathmandu": timedelta(hours=5, minutes=45),
    "Asia/Kolkata": timedelta(hours=5, minutes=30),
    "Europe/Istanbul": timedelta(hours=3),
    "America/Sao_Paulo": timedelta(hours=-3),
    "America/Mexico_City": timedelta(hours=-6),
    "Asia/Tehran": timedelta(hours=3, minutes=30),
    "Pacific/Apia": timedelta(hours=13),
    "America/Phoenix": timedelta(hours=-7),
}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("tz", "change", "before", "after"), CHANGES)
async def test_a_clock_is_right_a_minute_before_and_after_its_change(
    client: httpx.AsyncClient, slack: Slack, clock: Clock, tz: str, change: datetime, before: str, after: str
) -> None:
    clock.now = change - 2 * MINUTE
    await slack.says("U1", real_name="Ada", tz=tz, tz_offset=-43_200, tz_label="Not at all true")
    for now, shown in ((change - MINUTE, before), (change + MINUTE, after)):
        clock.now = now
        profile = read((await client.get(f"/users/{TEAM}/U1")).text)
        row = read((await client.get("/")).text)
        told = (await client.get(f"/api/v1/users/{TEAM}/U1")).json()

        assert shown == profile.one(class_="time-clock").text
        assert row.one(class_="time-clock").text.endswith(shown)  # near midnight its day stands before it
        assert tz == told["tz"]
        assert shown == f"{now.astimezone(ZoneInfo(told['tz'])):%H:%M}"
        assert now == moment_of(profile.one(class_="time-clock").attributes["datetime"])


def moment_of(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


@pytest.mark.parametrize("tz", UNCHANGED)
@pytest.mark.parametrize("moment", sorted({change for _, change, _, _ in CHANGES}), ids=str)
def test_a_clock_that_does_not_change_stays(tz: str, moment: datetime) -> None:
    for now in (moment - MINUTE, moment + MINUTE):
        time = local_time(tz, now, None)

        assert time is not None
        assert f"{now + UNCHANGED[tz]:%H:%M}" == time.text


def test_the_zones_come_with_the_package_wherever_it_runs() -> None:
    known = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])  # an image without zones of its own
    try:
        ZoneInfo.clear_cache()
        zone_of.cache_clear()
        assert zone_of("Pacific/Chatham") is not None
    finally:
        zoneinfo.reset_tzpath(to=known)
        ZoneInfo.clear_cache()
        zone_of.cache_clear()
