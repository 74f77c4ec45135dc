"""`make demo`: a city's departments deliver, the product takes it in, and a screenful says what happened.

All that is printed is read back from what the product wrote: receipts, quarantine, serving
database. The city's truth is not looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onefile import settings as settings_module
from onefile.cli.tables import aligned
from onefile.settings import Settings

PEOPLE, ENTERPRISES, SEED, LAST_DAY = 2000, 200, 7, "2026-11-21"
REGISTER = Path(__file__).parent.parent.parent / "shared" / "data" / "enterprise-register.csv"


def main() -> int:
    """Run the demo; the exit code is that of `onefile run`."""
    started = time.monotonic()
    settings = settings_module.read()
    city = settings.home / "city"
    if not city.exists():
        _onefile("city", "make", "--people", str(PEOPLE), "--enterprises", str(ENTERPRISES), "--days", "1",
                 "--seed", str(SEED), "--first-day", LAST_DAY, "--sign", "--out", str(city))  # fmt: skip
    _register_keys(settings, city)
    _put_into_inbox(settings, city)
    if REGISTER.exists():
        _onefile(
            "deliver", "market.public_register", str(REGISTER), "--id", "public-register", "--period", "2026-11-01"
        )
    code = _onefile("run", is_allowed_to_fail=True)
    _tell(settings, city, time.monotonic() - started)
    return code


def _onefile(*arguments: str, is_allowed_to_fail: bool = False) -> int:
    """Run a verb as a user would; its progress is seen, its result is not."""
    done = subprocess.run([sys.executable, "-m", "onefile.cli", *arguments], stdout=subprocess.DEVNULL, check=False)
    if done.returncode and not is_allowed_to_fail:
        raise SystemExit(done.returncode)
    return done.returncode


def _register_keys(settings: Settings, city: Path) -> None:
    """Let the bureau know each department's public key, as the department would hand it over."""
    for key in sorted((city / "keys").glob("*.public.pem")):
        department = key.name.removesuffix(".public.pem")
        if not (settings.home / "keys" / "departments" / f"{department}.json").exists():
            _onefile("department", "keys", "add", department, str(key))


def _put_into_inbox(settings: Settings, city: Path) -> None:
    """Hand the city's deliveries over: each beside its place, then renamed into it."""
    for manifest in sorted(city.glob("*/*/manifest.json")):
        source = manifest.parent
        place = settings.home / "inbox" / source.parent.name / source.name
        beside = place.with_name(f".{source.name}")
        shutil.rmtree(beside, ignore_errors=True)
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copytree(source, beside)
            beside.rename(place)


def _tell(settings: Settings, city: Path, seconds: float) -> None:
    receipts = _receipts(settings.home / "receipts")
    print()
    print(
        aligned([("resource", "deliveries", "received", "accepted", "quarantined", "duplicates"), *_counts(receipts)])
    )
    reasons = Counter(r["reason"] for receipt in receipts for r in receipt["rejected"])
    print("\nrejected for:", ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(8)))
    print(f"one files: {_published(settings)}")
    home = os.path.relpath(settings.home)
    example = (
        next(iter((city / "truth" / "people.csv").read_text(encoding="utf-8").splitlines()[1:]), "")
        .split(",")[0]
        .strip('"')
    )
    for what, where in (
        ("receipts", f"{home}/receipts/*.json          .venv/bin/onefile receipt show DELIVERY"),
        ("rejected rows", ".venv/bin/onefile quarantine list"),
        ("a one file", f"echo {example} | .venv/bin/onefile file - --purpose demo"),
        ("quality", f".venv/bin/onefile quality; pages: {home}/quality/gx/uncommitted/data_docs/local_site/index.html"),
        ("lake", f"{home}/lake/{{bronze,silver,quarantine,gold}} (Delta)"),
        ("database", f"{home}/serving.db"),
        ("who looked", ".venv/bin/onefile ledger show"),
    ):
        print(f"{what:14}{where}")
    if not REGISTER.exists():
        print("the public enterprise register is not beside this checkout: left out")
    print(f"{seconds:.0f} seconds")


def _receipts(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("*.json")):
        found.append(json.loads(b64decode(json.loads(path.read_bytes())["payload"])))
    return found


def _counts(receipts: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Add the receipts up by resource; the last row is the sum."""
    names = ("received", "accepted", "quarantined", "duplicates")
    sums: dict[str, Counter[str]] = {}
    for receipt in receipts:
        mine = sums.setdefault(receipt["resource"] or "?", Counter())
        mine.update({"deliveries": 1} | {name: receipt[name] for name in names})
    total = sum(sums.values(), Counter[str]())
    return [(r, *(str(c[n]) for n in ("deliveries", *names))) for r, c in (*sorted(sums.items()), ("all", total))]


def _published(settings: Settings) -> str:
    from sqlalchemy import create_engine, text

    with create_engine(settings.database_url).connect() as database:
        rows = database.execute(text("SELECT kind, count(*) FROM subject GROUP BY kind ORDER BY kind")).all()
    return ", ".join(f"{count} {kind}" for kind, count in rows) or "none"


if __name__ == "__main__":
    sys.exit(main())
