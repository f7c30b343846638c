"""A small disk of one's own that can fill up, be freed, and refuse every write; unmounted whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDS_ROOT = "only root can mount a disk, so nothing was tried on one that fails"


class Disk:
    """A mounted disk; `folder` is a place on it."""

    def __init__(self, mount: Path, *how: str) -> None:
        self._mount = mount
        self._how = how
        self.folder = mount / "data"
        self.folder.mkdir()

    def fill(self) -> None:
        """Take all the room there is, to the last byte."""
        with (self._mount / "ballast").open("ab", buffering=0) as file:
            for size in (65_536, 4_096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def free(self) -> None:
        """Give the room back."""
        (self._mount / "ballast").unlink(missing_ok=True)

    def refuse_writes(self) -> None:
        """Let every write to what lies in the folder fail, also by whoever has it open; reading goes on."""
        self._call("chattr", "+i", *self._files(), str(self.folder))

    def take_writes(self) -> None:
        """Let it be written again."""
        self._call("chattr", "-i", str(self.folder), *self._files())

    def turn_read_only(self) -> None:
        """Turn it read-only under whoever uses it, as a kernel does that met an error; only `mount_again` helps."""
        self._call("mount", "-o", "remount,abort", str(self._mount))

    def mount_again(self) -> None:
        """Take it out and put it in anew, as an operator does; nobody may have a file on it open."""
        self._call("umount", str(self._mount))
        self._call("mount", *self._how, str(self._mount))

    def _files(self) -> list[str]:
        # Not what is mapped into memory: whoever writes there is killed, which is another fault than a refusal.
        return [str(each) for each in self.folder.iterdir() if not each.name.endswith("-shm")]

    def _call(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def a_small_disk(megabytes: int = 4) -> Iterator[Disk]:
    """Mount a disk in memory; the test is skipped, in words, where that is not allowed."""
    how = ("-t", "tmpfs", "-o", f"size={megabytes}m", "usersync-test")
    with _mounted(*how) as mount:
        yield Disk(mount, *how)


@contextlib.contextmanager
def a_disk_that_fails(megabytes: int = 16) -> Iterator[Disk]:
    """Mount a file as a disk, whose file system can be told to refuse writes to files that are open."""
    if any(shutil.which(each) is None for each in ("mke2fs", "chattr")):
        pytest.skip("mke2fs and chattr are not installed, so nothing was tried on a disk that fails")
    with tempfile.NamedTemporaryFile(prefix="usersync-disk-") as image:
        image.truncate(megabytes * 1_000_000)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", image.name], check=True, capture_output=True)
        how = ("-o", "loop,errors=remount-ro", image.name)
        with _mounted(*how) as mount:
            yield Disk(mount, *how)


@contextlib.contextmanager
def _mounted(*how: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip(NEEDS_ROOT)
    mount = Path(tempfile.mkdtemp(prefix="usersync-disk-"))
    try:
        done = subprocess.run(["mount", *how, str(mount)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"{NEEDS_ROOT} ({done.stderr.decode(errors='replace').strip()})")
        try:
            yield mount
        finally:  # lazily: whoever still has a file open must not keep the disk here
            subprocess.run(["umount", "--lazy", str(mount)], check=True, capture_output=True)
    finally:
        mount.rmdir()
