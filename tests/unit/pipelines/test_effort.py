"""What counts as little work, and what the engine is told then."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefile import settings
from pipelines import effort, session


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which 30 bytes wait in the inbox, are kept, and lie in the lake: ten in each."""
    for folder in ("inbox/police", "deliveries/d-1", "lake/gold/person_file"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").write_bytes(b"0123456789")
    (tmp_path / "serving.db").write_bytes(bytes(1000))  # no run reads it with Spark
    return tmp_path


@pytest.mark.parametrize(
    ("delivered", "lake", "is_small"), [(21, 11, True), (20, 11, False), (21, 10, False), (11, 100, False)]
)
def test_what_waits_and_what_is_kept_weigh_together_and_the_lake_by_itself(
    home: Path, delivered: int, lake: int, is_small: bool
) -> None:
    assert effort.is_small(home, delivered, lake) is is_small


def test_a_home_that_holds_nothing_yet_is_small(tmp_path: Path) -> None:
    assert effort.is_small(tmp_path / "not-there", 1, 1)


def test_a_link_weighs_nothing_of_what_it_leads_to(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    large = tmp_path_factory.mktemp("elsewhere") / "large"
    large.write_bytes(bytes(10_000))
    (home / "inbox" / "police" / "link").symlink_to(large)

    assert effort.is_small(home, 5_000)


@pytest.fixture
def here(tmp_path: Path) -> settings.Settings:
    for jar in session.JARS:
        (tmp_path / jar).touch()
    return settings.read({"ONEFILE_HOME": str(tmp_path), "ONEFILE_JARS": str(tmp_path)})


def test_little_work_is_done_without_what_has_to_be_prepared(here: settings.Settings) -> None:
    told = session.in_process(here, is_small=True)

    assert told["spark.sql.codegen.wholeStage"] == "false"
    assert "-XX:TieredStopAtLevel=1" in told["spark.driver.extraJavaOptions"]


def test_an_engine_that_lives_for_long_keeps_java_s_second_compiler(here: settings.Settings) -> None:
    told = session.in_process(here, is_small=True, is_brief=False)

    assert told["spark.sql.codegen.wholeStage"] == "false"
    assert "Tiered" not in told["spark.driver.extraJavaOptions"]


def test_much_work_differs_from_little_in_that_alone(here: settings.Settings) -> None:
    little, much = session.in_process(here, is_small=True), session.in_process(here)

    assert {key for key in little if little[key] != much.get(key)} == {*effort.PLAINLY, "spark.driver.extraJavaOptions"}
    assert much.keys() <= little.keys()
    assert "Tiered" not in much["spark.driver.extraJavaOptions"]
    assert "log4j2" in much["spark.driver.extraJavaOptions"]
