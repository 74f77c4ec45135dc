"""`make demo`: a city's departments deliver, the product takes it in, and a screenful says what happened.

Done as users would do it, with the command; the city is made once for a home, so that the
second demo hands over the same deliveries, which changes nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onefile import settings as settings_module
from onefile.files import make_folder
from onefile.settings import Settings
from samples import demo_report

PEOPLE, ENTERPRISES, DAYS, SEED = 1200, 150, 1, 7
# The registers that family, work and trade hang on are delivered: all on the first day, on the second the two that
# most of all hangs on.
SECOND_DAY = ("police.population", "market.enterprises")
REGISTER = Path(__file__).parent.parent.parent / "shared" / "data" / "enterprise-register.csv"
REGISTER_PERIOD = "2025"


def main() -> int:
    """Run the demo; 0 when everything was taken in and published, else 1."""
    began = time.monotonic()
    settings = settings_module.read()
    city = settings.home / "city"
    if not city.exists():
        size = ("--people", str(PEOPLE), "--enterprises", str(ENTERPRISES), "--days", str(DAYS), "--seed", str(SEED))
        _onefile("city", "make", *size, *_only(settings), "--sign", "--out", str(city))
    _register_keys(settings, city)
    _hand_over(settings, city)
    if REGISTER.exists():
        _onefile("deliver", "market.public_register", str(REGISTER), "--period", REGISTER_PERIOD)
    ran = _run()
    found = demo_report.read(settings, ran, has_register=REGISTER.exists())
    shown = () if found.example is None else _look(found.example)
    for line in demo_report.lines(found, settings, shown, time.monotonic() - began):
        print(line)
    return 0 if found.is_well else 1


def _only(settings: Settings) -> list[str]:
    """Return the options that leave out what the city has only drawn from declarations: the rest is a screenful."""
    import catalog
    from samples.city.views import VIEWS

    resources = catalog.load(settings.declarations, with_items=False).resources.values()
    return [word for resource in resources if resource.table in VIEWS for word in ("--only", resource.id)]


def _onefile(*arguments: str) -> None:
    """Run a verb; its result is not shown, its progress and what is wrong are."""
    done = subprocess.run(_command(arguments), stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "onefile.cli", *arguments]


def _register_keys(settings: Settings, city: Path) -> None:
    """Let the bureau know each department's public key, as the department would hand it over."""
    from inbox.departments import keys

    for key in sorted((city / "keys").glob("*.public.pem")):
        department = key.name.removesuffix(".public.pem")
        if not keys(settings.home, department):
            _onefile("department", "keys", "add", department, str(key))


def _hand_over(settings: Settings, city: Path) -> None:
    """Put the city's deliveries into the inbox: each beside its place, then renamed into it, whole."""
    for source in delivered(city):
        place = settings.home / "inbox" / source.parent.name / source.name
        beside = place.with_name(f".{source.name}")
        shutil.rmtree(beside, ignore_errors=True)
        if not place.exists():
            make_folder(place.parent)
            shutil.copytree(source, beside)
            beside.rename(place)


def delivered(city: Path) -> list[Path]:
    """Return the folders of the deliveries that the demonstration hands over, department by department."""
    firsts: dict[str, str] = {}
    handed_over = []
    for manifest in sorted(city.glob("*/*/manifest.json")):
        said = json.loads(manifest.read_bytes())
        first = firsts.setdefault(said["resource"], said["period"])
        if said["period"] == first or said["resource"] in SECOND_DAY:
            handed_over.append(manifest.parent)
    return handed_over


def _run() -> dict[str, Any] | None:
    """Take in what waits; return what the command said of it, None when it said nothing that can be read."""
    ran = subprocess.run(_command(("run", "--json")), stdout=subprocess.PIPE, check=False)
    try:
        said, _ = json.JSONDecoder().raw_decode(ran.stdout.decode(errors="replace"))  # engines may say goodbye after it
    except ValueError:
        return None
    return dict(said)


def _look(number: str) -> tuple[str, ...]:
    """Look at one file as a clerk would, the number handed in where no list of processes shows it."""
    asked = subprocess.run(
        _command(("file", "-", "--purpose", "demo")), input=number.encode(), stdout=subprocess.PIPE, check=False
    )
    return tuple(asked.stdout.decode(errors="replace").splitlines())


if __name__ == "__main__":
    sys.exit(main())
