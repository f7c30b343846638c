"""Time zones as Slack words them: a label and an offset from UTC in seconds that both follow daylight saving."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LABELS = {
    "Africa/Accra": ("Greenwich Mean Time", ""),
    "Africa/Addis_Ababa": ("East Africa Time", ""),
    "Africa/Cairo": ("Eastern European Time", "Eastern European Summer Time"),
    "Africa/Casablanca": ("Western European Time", "Western European Summer Time"),
    "Africa/Johannesburg": ("South Africa Standard Time", ""),
    "Africa/Lagos": ("West Africa Standard Time", ""),
    "Africa/Nairobi": ("East Africa Time", ""),
    "America/Argentina/Buenos_Aires": ("Argentina Standard Time", ""),
    "America/Bogota": ("Colombia Standard Time", ""),
    "America/Chicago": ("Central Standard Time", "Central Daylight Time"),
    "America/Denver": ("Mountain Standard Time", "Mountain Daylight Time"),
    "America/Los_Angeles": ("Pacific Standard Time", "Pacific Daylight Time"),
    "America/Mexico_City": ("Central Standard Time", "Central Daylight Time"),
    "America/New_York": ("Eastern Standard Time", "Eastern Daylight Time"),
    "America/Santiago": ("Chile Standard Time", "Chile Summer Time"),
    "America/Sao_Paulo": ("Brasilia Standard Time", "Brasilia Summer Time"),
    "America/Toronto": ("Eastern Standard Time", "Eastern Daylight Time"),
    "Asia/Bangkok": ("Indochina Time", ""),
    "Asia/Beirut": ("Eastern European Time", "Eastern European Summer Time"),
    "Asia/Dubai": ("Gulf Standard Time", ""),
    "Asia/Ho_Chi_Minh": ("Indochina Time", ""),
    "Asia/Hong_Kong": ("Hong Kong Standard Time", ""),
    "Asia/Jakarta": ("Western Indonesia Time", ""),
    "Asia/Jerusalem": ("Israel Standard Time", "Israel Daylight Time"),
    "Asia/Karachi": ("Pakistan Standard Time", ""),
    "Asia/Kolkata": ("India Standard Time", ""),
    "Asia/Kuala_Lumpur": ("Malaysia Time", ""),
    "Asia/Makassar": ("Central Indonesia Time", ""),
    "Asia/Manila": ("Philippine Standard Time", ""),
    "Asia/Riyadh": ("Arabian Standard Time", ""),
    "Asia/Seoul": ("Korean Standard Time", ""),
    "Asia/Shanghai": ("China Standard Time", ""),
    "Asia/Singapore": ("Singapore Standard Time", ""),
    "Asia/Taipei": ("Taipei Standard Time", ""),
    "Asia/Tbilisi": ("Georgia Standard Time", ""),
    "Asia/Tokyo": ("Japan Standard Time", ""),
    "Atlantic/Reykjavik": ("Greenwich Mean Time", ""),
    "Australia/Brisbane": ("Australian Eastern Standard Time", ""),
    "Australia/Melbourne": ("Australian Eastern Standard Time", "Australian Eastern Daylight Time"),
    "Australia/Perth": ("Australian Western Standard Time", ""),
    "Australia/Sydney": ("Australian Eastern Standard Time", "Australian Eastern Daylight Time"),
    "Europe/Athens": ("Eastern European Time", "Eastern European Summer Time"),
    "Europe/Bucharest": ("Eastern European Time", "Eastern European Summer Time"),
    "Europe/Dublin": ("Greenwich Mean Time", "Irish Standard Time"),
    "Europe/Helsinki": ("Eastern European Time", "Eastern European Summer Time"),
    "Europe/Istanbul": ("Türkiye Time", ""),
    "Europe/Kyiv": ("Eastern European Time", "Eastern European Summer Time"),
    "Europe/Lisbon": ("Western European Time", "Western European Summer Time"),
    "Europe/London": ("Greenwich Mean Time", "British Summer Time"),
    "Pacific/Auckland": ("New Zealand Standard Time", "New Zealand Daylight Time"),
}

CENTRAL_EUROPE = ("Central European Time", "Central European Summer Time")


def zone_fields(zone: str | None, at: float) -> dict[str, str | int | None]:
    """`tz`, `tz_label` and `tz_offset` as shown at `at` (epoch seconds); a null zone is that of USLACKBOT."""
    if zone is None:
        return {"tz": None, "tz_label": "Pacific Standard Time", "tz_offset": -28800}
    label, offset = _at_hour(zone, int(at // 3600))
    return {"tz": zone, "tz_label": label, "tz_offset": offset}


@lru_cache(maxsize=512)
def _at_hour(zone: str, hour: int) -> tuple[str, int]:
    """Rounded to the hour, since no zone changes more often and a million users share the answer."""
    moment = datetime.fromtimestamp(hour * 3600, UTC).astimezone(ZoneInfo(zone))
    offset = moment.utcoffset() or timedelta()
    standard, summer = LABELS.get(zone, CENTRAL_EUROPE if zone.startswith("Europe/") else ("", ""))
    return (summer or standard) if moment.dst() and summer else standard, int(offset.total_seconds())
