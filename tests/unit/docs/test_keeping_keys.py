"""The commands of the ceremony and of the drills, run as they stand in the page, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT

PAGE = ROOT / "docs" / "how-to" / "keep-keys.md"


def test_the_ceremony_and_the_drills_run_as_they_are_written(tmp_path):
    lines = [line[4:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("    ")]
    assert len(lines) > 20
    checked = [f"if {line[2:]}; then exit 9; fi" if line.startswith("! ") else line for line in lines]
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "ONEFILE_LANG": "en"}
    for name in ("ONEFILE_HOME", "ONEFILE_NOW", "ONEFILE_PASSPHRASE_FILE"):
        env.pop(name, None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(checked)], cwd=tmp_path, env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the passphrase does not open keystore.json" in done.stderr
    assert done.stdout.count("whole: 0 leaves") == 2
    assert '"lost_at"' in (tmp_path / "trust.json").read_text()
