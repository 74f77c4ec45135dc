"""`onefile doctor`: what is missing on this machine, or wrong in declarations, each with what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from onefile import java
from onefile.errors import OneFileError
from onefile.settings import SOURCE, Settings

LEAST_JAVA = 17
LEAST_FREE_GIB = 5
SECONDS_TO_WAIT = 20
WORDS = {
    "zh": {"declarations": "声明", "java": "Java", "jars": "Delta 程序包", "disk": "磁盘", "home": "数据目录",
           "lake": "数据湖", "database": "服务数据库", "sources": "数据来源", "ok": "正常", "wrong": "有问题"},
    "en": {"declarations": "declarations", "java": "java", "jars": "jars", "disk": "disk", "home": "home",
           "lake": "lake", "database": "database", "sources": "sources", "ok": "ok", "wrong": "WRONG"},
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What one check found. `problems` say found, wanted and what to do; none: it is in order."""

    check: str
    found: str
    problems: tuple[str, ...] = ()


@click.command()
@click.option(
    "--declarations",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Check the declarations in DIR laid over the built-in ones, and nothing else; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, folders: tuple[Path, ...], as_json: bool) -> None:
    """Say what is missing on this machine or wrong in declarations.

    Of the systems that resources are pulled from, the settings are looked at, and none is asked.
    With --declarations the machine is not looked at, so that declarations can be checked
    where nothing else is installed. Exit code 1 when anything is wrong.
    """
    if folders:
        findings = [declarations(folders)]
    else:
        findings = [declarations(settings.declarations), *(check(settings) for check in MACHINE.values())]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            _tell(finding, WORDS[settings.lang])
    if any(finding.problems for finding in findings):
        raise click.exceptions.Exit(1)


def _tell(finding: Finding, words: Mapping[str, str]) -> None:
    state = words["wrong" if finding.problems else "ok"]
    click.echo(f"{state}  {words[finding.check]}: {finding.found}")
    for problem in finding.problems:
        click.echo(f"  {problem}")


def declarations(folders: tuple[Path, ...]) -> Finding:
    """Read everything that is declared, the long code lists too, which a run reads when it needs them."""
    import catalog
    from schemas.errors import DeclarationsRefused

    try:
        found = catalog.load(tuple(folder.absolute() for folder in folders))
        declared = found.declarations
        codes = sum(len(code_list.codes) for code_list in declared.codes.values())
    except DeclarationsRefused as error:
        problems = tuple(str(problem) for problem in error.problems)
        return Finding("declarations", f"{len(problems)} to correct", problems)
    counts = (
        f"{len(declared.departments)} departments, {len(found.resources)} resources, {len(declared.tables)} tables, "
        f"{len(declared.licences)} licence types, {len(declared.codes)} code lists with {codes} codes"
    )
    return Finding("declarations", f"{counts}; digest {found.digest[:12]}")


def java_there(settings: Settings) -> Finding:
    """Look for the Java that Spark would start; a service elsewhere (sc://) brings its own."""
    if settings.spark.startswith("sc://"):
        return Finding("java", "not needed here: Spark runs as a service")
    home = java.home(os.environ)
    program = Path(home, "bin", "java") if home else Path("java")
    advice = f"install a Java runtime from {LEAST_JAVA} on (Debian: openjdk-17-jre-headless), or set JAVA_HOME"
    try:
        said = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=SECONDS_TO_WAIT, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return Finding("java", "none that starts", (f"no Java that starts ({program}): {advice}",))
    version = re.search(r'version "(?:1\.)?([0-9]+)[^"]*"', said)
    if version is None:
        return Finding("java", "unknown", (f"{program} does not say its version: {advice}",))
    if int(version[1]) < LEAST_JAVA:
        return Finding("java", version[1], (f"Java {version[1]} is too old: {advice}",))
    return Finding("java", version[1])


def jars_there(settings: Settings) -> Finding:
    """Look for the Delta jars, which an engine in process or a master needs from us."""
    if settings.spark.startswith("sc://"):
        return Finding("jars", "not needed here: Spark runs as a service")
    missing = [name for name in ("delta-spark", "delta-storage") if not list(settings.jars.glob(f"{name}[_-]*.jar"))]
    if missing:
        problem = f"no {' and no '.join(missing)} jar in {settings.jars}: run `make setup`, or set ONEFILE_JARS"
        return Finding("jars", "missing", (problem,))
    return Finding("jars", str(settings.jars))


def disk_free(settings: Settings) -> Finding:
    """Measure the room where the home is, or will be."""
    there = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(there).free / 2**30
    found = f"{free:.1f} GiB free"
    if free < LEAST_FREE_GIB:
        problem = f"{found} at {there}, wanted {LEAST_FREE_GIB} GiB: make room, or set ONEFILE_HOME elsewhere"
        return Finding("disk", found, (problem,))
    return Finding("disk", found)


def home_private(settings: Settings) -> Finding:
    """See that nobody else can look into the home."""
    if not settings.home.exists():
        return _home_to_be(settings.home)
    if not settings.home.is_dir():
        return Finding("home", "no folder", (f"{settings.home} is no folder: set ONEFILE_HOME to one",))
    mode = settings.home.stat().st_mode & 0o777
    if mode & 0o077:
        problem = f"{settings.home} has mode {mode:04o}, others may look in: chmod 700 it"
        return Finding("home", f"mode {mode:04o}", (problem,))
    if not os.access(settings.home, os.R_OK | os.W_OK | os.X_OK):
        return Finding("home", "not ours", (f"{settings.home} cannot be written by this user: chown it",))
    return Finding("home", f"{settings.home}, mode {mode:04o}")


def _home_to_be(home: Path) -> Finding:
    there = next(folder for folder in home.parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK) or not shutil.disk_usage(there).total:
        problem = f"{home} cannot be made in {there}: set ONEFILE_HOME elsewhere, or let this user write there"
        return Finding("home", "cannot be made", (problem,))
    return Finding("home", f"{home} will be made")


def lake_reached(settings: Settings) -> Finding:
    """See where the lake lies; of a store, that it answers, takes the key, knows this home, and has what it takes."""
    from pipelines import places, store, store_engine

    try:
        place = places.of(settings)
        tables = len(place.tables())
        if not isinstance(place, store.Store):
            return Finding("lake", f"{tables} tables in the home")
        noted = places.note(settings.home)
        if noted is not None and noted["is_taken"]:
            store.see(place, noted["mark"])
        if not settings.spark.startswith("sc://"):
            store_engine.jars(settings.jars)
    except OneFileError as error:
        return Finding("lake", "not usable", (str(error),))
    return Finding("lake", f"{tables} tables in {place.address}")


def database_answers(settings: Settings) -> Finding:
    """Open the serving database and see its shape."""
    from schemas.serving.errors import NothingPublished
    from schemas.serving.reading import reading

    try:
        with reading(settings.database_url):
            return Finding("database", "reachable, of this release")
    except NothingPublished:
        return Finding("database", "nothing published yet")
    except OneFileError as error:
        return Finding("database", "not usable", (str(error),))


def sources_usable(settings: Settings) -> Finding:
    """Look at the settings of the systems that resources are pulled from; none of these is asked."""
    import catalog
    from inbox.pulling import checking
    from schemas.errors import DeclarationsRefused

    try:
        resources = catalog.load(settings.declarations, with_items=False).resources.values()
    except DeclarationsRefused:
        return Finding("sources", "not looked at until the declarations are right")
    pulled = [resource for resource in resources if resource.source is not None]
    problems = []
    for resource in pulled:
        try:
            checking.check(resource, settings.sources, settings.now(), settings.timezone)
        except OneFileError as error:
            problems.append(f"{resource.id}: {error}")
    named = {resource.source.setting for resource in pulled if resource.source is not None}
    unused = ", ".join(f"{SOURCE}{name}" for name in settings.sources if name not in named)
    told = f"{len(pulled)} resources are pulled" + (f"; no resource names {unused}" if unused else "")
    return Finding("sources", told, tuple(problems))


MACHINE: Mapping[str, Callable[[Settings], Finding]] = {
    "java": java_there,
    "jars": jars_there,
    "disk": disk_free,
    "home": home_private,
    "lake": lake_reached,
    "database": database_answers,
    "sources": sources_usable,
}
"""Every check of the machine; a room that needs another one adds it here."""
