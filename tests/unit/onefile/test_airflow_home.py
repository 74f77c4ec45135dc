"""Airflow's home: whoever runs in it finds our settings again, and nobody else finds anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onefile import airflow_home
from onefile import settings as settings_module


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "ONEFILE_HOME": str(tmp_path / "home"),
        "ONEFILE_DECLARATIONS": f"{tmp_path}/one:{tmp_path}/two",
        "ONEFILE_DATABASE_URL": "postgresql+psycopg://onefile@/onefile",
        "ONEFILE_SPARK": "sc://localhost:15002",
        "ONEFILE_SPARK_MEMORY": "2g",
        "ONEFILE_TIMEZONE": "Asia/Urumqi",
        "ONEFILE_NOW": "2026-03-01T08:00:00+08:00",
        "ONEFILE_LANG": "zh",
        "ONEFILE_OPERATOR": "clerk",
        "ONEFILE_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "ONEFILE_LOG_ORIGIN": "city.example/log",
        "ONEFILE_JARS": str(tmp_path / "jars"),
        "ONEFILE_LINEAGE": str(tmp_path / "events.jsonl"),
        "ONEFILE_COUNTER_URL": "https://counter.city.example",
        "ONEFILE_LAKE": "s3a://lake/city?endpoint=https://store.city.example",
        "ONEFILE_LAKE_KEY": str(tmp_path / "lake.key"),
        "ONEFILE_MATERIALS": "s3://materials/city?endpoint=https://store.city.example",
        "ONEFILE_MATERIALS_KEY": str(tmp_path / "bucket.key"),
        "ONEFILE_CLAMD": "localhost:3310",
        "ONEFILE_OIDC": str(tmp_path / "providers.yml"),
        "ONEFILE_WEBHOOK_NETWORKS": "10.1.0.0/16",
        "ONEFILE_TARGET_NAME": "postgresql+psycopg://taker@db.example/own",
        "ONEFILE_SOURCE_NAME": "https://meters.water.example",
        "ONEFILE_CERTIFICATE_HEADER": "client-cert",
    }


def test_a_task_reads_the_settings_that_the_run_was_started_with(environ: dict[str, str]) -> None:
    assert sorted(environ) == sorted(settings_module.NAMES)
    settings = settings_module.read(environ)
    assert settings_module.read(airflow_home.environment(settings, {})) == settings


def test_the_clock_is_read_when_no_instant_was_handed_in(environ: dict[str, str]) -> None:
    del environ["ONEFILE_NOW"]
    settings = settings_module.read(environ)
    assert "ONEFILE_NOW" not in airflow_home.environment(settings, {})


def test_a_setting_of_airflow_by_the_caller_wins_but_the_home_is_ours(environ: dict[str, str]) -> None:
    settings = settings_module.read(environ)
    callers = {"AIRFLOW__CORE__PARALLELISM": "16", "AIRFLOW_HOME": "/elsewhere", "SECRET": "x"}
    variables = airflow_home.environment(settings, callers)
    assert variables["AIRFLOW__CORE__PARALLELISM"] == "16"
    assert variables["AIRFLOW_HOME"] == str(settings.home / "airflow")
    assert "SECRET" not in variables


def test_sqlite_is_waited_for_and_another_database_is_not_told_of_it(environ: dict[str, str]) -> None:
    settings = settings_module.read(environ)
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS"
    ours = airflow_home.environment(settings, {})
    assert ours[name] == ours[f"{name}_ASYNC"] == "onefile.airflow_home.PATIENCE"
    with_another = airflow_home.environment(settings, ours | {airflow_home.DATABASE: "postgresql+psycopg://a@/b"})
    assert not [variable for variable in with_another if variable.startswith(name)]


@pytest.mark.parametrize(
    ("target", "transport"),
    [
        ("/var/events.jsonl", {"type": "file", "log_file_path": "/var/events.jsonl", "append": True}),
        ("http://127.0.0.1:5000/api/v1/lineage",
         {"type": "http", "url": "http://127.0.0.1:5000", "endpoint": "api/v1/lineage"}),
    ],
)  # fmt: skip
def test_lineage_goes_to_a_file_or_a_url(environ: dict[str, str], target: str, transport: dict[str, object]) -> None:
    settings = settings_module.read(environ | {"ONEFILE_LINEAGE": target})
    variables = airflow_home.environment(settings, {})
    assert json.loads(variables["AIRFLOW__OPENLINEAGE__TRANSPORT"]) == transport


def test_the_password_is_made_once_and_only_its_owner_may_read_it(environ: dict[str, str]) -> None:
    settings = settings_module.read(environ)
    path = airflow_home.password_file(settings)
    first = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert airflow_home.password_file(settings).read_bytes() == first
    assert len(json.loads(first)[airflow_home.USER]) >= 24
