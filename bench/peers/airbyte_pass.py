"""A pass of airbyte-source-slack over pages that are served elsewhere; runs in the peer's own venv, not in ours.

    VENV/bin/python bench/peers/airbyte_pass.py PORT FOLDER > RECORDS     seconds go to FOLDER/figures.json

The connector's manifest names Slack's own address. It is read as it is, with loopback in that address's place;
everything else is as `source-slack read --config … --catalog …` runs it. Imports are not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from source_slack import SourceSlack, run

ADDRESS = "https://slack.com/api/"
CONFIG = {
    "start_date": "1970-01-02T00:00:00Z",
    "lookback_window": 0,
    "join_channels": False,
    "credentials": {"option_title": "API Token Credentials", "api_token": "xoxb-bench"},
}
CATALOG = {
    "streams": [
        {
            "stream": {"name": "users", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}


def point_at(port: str) -> None:
    """Have the manifest name another address, the only thing that is changed of it."""
    read = SourceSlack._read_and_parse_yaml_file  # noqa: SLF001 - it has no public way to another address

    def read_with_address(self: SourceSlack, path: str) -> dict[str, Any]:
        manifest = json.dumps(read(self, path))
        assert ADDRESS in manifest
        return json.loads(manifest.replace(ADDRESS, f"http://127.0.0.1:{port}/api/"))

    SourceSlack._read_and_parse_yaml_file = read_with_address  # noqa: SLF001


def main(port: str, folder: str) -> None:
    room = Path(folder)
    (room / "config.json").write_text(json.dumps(CONFIG))
    (room / "catalog.json").write_text(json.dumps(CATALOG))
    point_at(port)
    sys.argv = ["source-slack", "read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"]
    wall, cpu = time.perf_counter(), time.process_time()
    run.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    (room / "figures.json").write_text(json.dumps({"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
