"""A pass of tap-slack over pages that are served elsewhere; runs in the peer's own venv, not in ours.

    VENV/bin/python bench/peers/tap_slack_pass.py PORT FOLDER > RECORDS     seconds go to FOLDER/figures.json

The tap knows only Slack's own address. One line makes its client ask loopback instead, an argument that the client has
anyway; everything else is as `tap-slack --config … --catalog …` runs it. Imports are not counted.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from pathlib import Path

import tap_slack


def catalog() -> dict[str, object]:
    """Select the stream of users, with all fields."""
    everything = tap_slack.generate_catalog(
        [stream(client=None) for name, stream in tap_slack.AVAILABLE_STREAMS.items() if name == "users"]
    )
    for stream in everything["streams"]:
        stream["metadata"].append({"breadcrumb": [], "metadata": {"selected": True}})
    return everything


def main(port: str, folder: str) -> None:
    room = Path(folder)
    (room / "config.json").write_text(json.dumps({"token": "xoxb-bench", "start_date": "1970-01-02T00:00:00Z"}))
    (room / "catalog.json").write_text(json.dumps(catalog()))
    # The only thing that is changed of it.
    tap_slack.WebClient = functools.partial(tap_slack.WebClient, base_url=f"http://127.0.0.1:{port}/api/")
    sys.argv = ["tap-slack", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"]
    wall, cpu = time.perf_counter(), time.process_time()
    tap_slack.main()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    (room / "figures.json").write_text(json.dumps({"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
