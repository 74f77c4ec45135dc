"""`onefile doctor` on sound and on unsound machines and declarations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import catalog
from onefile.cli import doctor
from onefile.cli.main import run
from onefile.settings import Settings, read
from tests.declared import SHOP, changed, lay


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read({"ONEFILE_HOME": str(tmp_path / "home"), "ONEFILE_JARS": str(tmp_path / "jars"), "ONEFILE_LANG": "en"})


def test_faults_of_declarations_are_told_one_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lay(tmp_path, changed("tables/shop.yml", "observed: opened_on", "observed: kind"))
    assert run(["--lang", "en", "doctor", "--declarations", str(folder)]) == 1
    assert capsys.readouterr().out == (
        f"WRONG  declarations: 1 to correct\n  {folder}/tables/shop.yml:7: "
        "found the observed column 'kind' of type 'code'; wanted a column of type date\n"
    )


def test_sound_declarations_are_counted_and_the_machine_is_not_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", "zh", "doctor", "--declarations", str(lay(tmp_path, SHOP))]) == 0
    [line] = capsys.readouterr().out.splitlines()
    known = catalog.load()
    counts = len(known.declarations.departments), len(known.resources) + 1, len(known.declarations.tables) + 1
    departments, resources, tables = counts
    assert line.startswith(f"正常  声明: {departments} departments, {resources} resources, {tables} tables,")


def test_json_holds_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [finding["check"] for finding in found] == ["declarations", *doctor.MACHINE]
    assert set(found[0]) == {"check", "found", "problems"}


def test_an_open_home_is_told(settings: Settings) -> None:
    assert doctor.home_private(settings).problems == ()
    settings.home.mkdir(mode=0o700)
    assert doctor.home_private(settings).problems == ()
    settings.home.chmod(0o755)
    assert doctor.home_private(settings).problems == (
        f"{settings.home} has mode 0755, others may look in: chmod 700 it",
    )


def test_a_home_that_cannot_be_made_is_told(settings: Settings) -> None:
    found = doctor.home_private(replace(settings, home=Path("/proc/onefile/home")))
    assert "cannot be made in /proc" in found.problems[0]


def test_missing_jars_are_told_by_name(settings: Settings) -> None:
    settings.jars.mkdir()
    (settings.jars / "delta-storage-4.4.0.jar").touch()
    [problem] = doctor.jars_there(settings).problems
    assert problem.startswith("no delta-spark jar in ")
    (settings.jars / "delta-spark_4.2_2.13-4.4.0.jar").touch()
    assert doctor.jars_there(settings).problems == ()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('openjdk version "17.0.19" 2026-04-21', None),
        ('openjdk version "21" 2023-09-19', None),
        ('openjdk version "1.8.0_402"', "Java 8 is too old"),
        ("hello", "does not say its version"),
    ],
)
def test_java_is_asked_for_its_version(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, problem: str | None
) -> None:
    program = tmp_path / "jdk" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    found = doctor.java_there(settings).problems
    assert (found == ()) if problem is None else (problem in found[0])


def test_a_java_that_is_not_there_is_told(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    [problem] = doctor.java_there(settings).problems
    assert problem.startswith("no Java that starts")


def test_a_service_elsewhere_needs_neither_java_nor_jars(tmp_path: Path) -> None:
    settings = read({"ONEFILE_SPARK": "sc://localhost:1", "ONEFILE_JARS": str(tmp_path)})
    assert doctor.java_there(settings).problems == doctor.jars_there(settings).problems == ()


def test_a_database_without_tables_is_in_order_and_one_that_is_none_is_not(tmp_path: Path) -> None:
    assert doctor.database_answers(read({"ONEFILE_HOME": str(tmp_path)})).found == "nothing published yet"
    [problem] = doctor.database_answers(read({"ONEFILE_DATABASE_URL": "mysql://x"})).problems
    assert "mysql" in problem


def test_settings_of_sources_are_looked_at_and_no_system_is_asked(tmp_path: Path, settings: Settings) -> None:
    text = str(SHOP["resources/market/shops.yml"])

    def pulled(name: str, source: str) -> str:
        kept = text if "files:" in source else text.replace("format: csv", "format: jsonl")
        return kept.replace("name: shops", f"name: {name}").replace("format: ", f"source: {source}\nformat: ")

    ways = {
        "a_gone": "{from: GONE, database: {table: t}}",
        "b_jar": "{from: JAR, database: {table: t}}",
        "c_port": "{from: PORT, database: {table: t}}",
        "d_page": "{from: PAGE, http: {path: /x}}",
        "e_key": "{from: KEY, http: {path: /x}}",
        "f_folder": '{from: FOLDER, files: {name: "*.csv"}}',
        "g_good": "{from: GOOD, database: {table: t}}",
    }
    files = {f"resources/market/{name}.yml": pulled(name, source) for name, source in ways.items()}
    theirs = tmp_path / "theirs.db"
    theirs.touch()
    sources = {
        "JAR": "jdbc:dm://127.0.0.1:9\njar: /nowhere/dm.jar\nuser: reader\npassword: geheim",
        "PORT": "postgresql://reader:geheim@127.0.0.1:geheim/x",
        "PAGE": "https://127.0.0.1:9/?key=geheim",
        "KEY": "https://127.0.0.1:9\nAuthorization Bearer geheim: x",
        "FOLDER": "file:///nowhere/at/all",
        "GOOD": f"sqlite:///{theirs}",
        "OTHER": "x",
    }
    set_so = replace(settings, declarations=(lay(tmp_path / "ours", {**SHOP, **files}),), sources=sources)
    found = doctor.sources_usable(set_so)
    assert found.found == "7 resources are pulled; no resource names ONEFILE_SOURCE_OTHER"
    assert [problem.partition(":")[0] for problem in found.problems] == [f"market.{name}" for name in list(ways)[:-1]]
    whys = ("it is not set", "its driver's jar is not there", "no address of a database", "no address of a service",
            "is no header", "there is no such folder")  # fmt: skip
    for problem, why in zip(found.problems, whys, strict=True):
        assert why in problem
        assert "geheim" not in problem
