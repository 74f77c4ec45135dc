"""The test tools that every folder of tests may use."""

import sys

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code: what is slow is seen under bench/.
settings.register_profile("onefile", deadline=None)
settings.load_profile("onefile")

pytest_plugins = ("tests.skips", "tests.postgres", "tests.mariadb", "tests.browser", "tests.engine", "tests.torturing")


def pytest_collection_finish() -> None:
    """Refuse test modules that load Airflow: it keeps to the home that it finds then, and not to those of the tests."""
    if "airflow" in sys.modules:
        raise pytest.UsageError("a test module, or what it imports, imports airflow: import it where it is needed")
