"""What each process of the server runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.counter import Shop
from tests.documents import ROOT

ASK = """
import gc, time
from exchange.serving import application
made = application()

def seconds():
    gc.collect()
    began = time.process_time()
    gc.collect()
    return time.process_time() - began

kept = gc.get_freeze_count(), seconds()
gc.unfreeze()
print(*kept, seconds())
"""


def test_what_stays_is_not_looked_through_for_garbage_while_answers_wait(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "var")
    done = subprocess.run([sys.executable, "-c", ASK], env={**os.environ, **shop.environ, "PYTHONPATH": str(ROOT)},
                          check=True, capture_output=True, text=True)  # fmt: skip
    frozen, seconds, would_be = map(float, done.stdout.split())
    assert frozen > 50_000
    assert seconds < would_be / 10
