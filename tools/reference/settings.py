"""docs/reference/settings.md: every variable of the environment that is looked at."""

from __future__ import annotations

from onefile.settings import NAMES
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
Settings come from the environment and are read once, at the edges (command, DAG files); below them they are handed
on as values. There is no settings file. Under Airflow all tasks get the settings that `make airflow` was started
with.
"""

ELSEWHERE = {
    "LC_ALL": "the language, where `ONEFILE_LANG` says none: `zh…` is Chinese, all else English",
    "LC_MESSAGES": "the same, where `LC_ALL` says none",
    "LANG": "the same, where neither does",
    "LOGNAME": "the operator, where `ONEFILE_OPERATOR` says none",
    "USER": "the operator, where `LOGNAME` says none either",
    "JAVA_HOME": "the Java that Spark starts with, before the one in `.java`",
    "PYSPARK_PYTHON": "the Python that an engine's tasks start, before the one that runs here",
    "SPARK_CONNECT_AUTHENTICATE_TOKEN": "the token that a Spark Connect server asks for, where `ONEFILE_SPARK` is `sc://…`",
    "AIRFLOW__…": "Airflow's own settings win over ours: [run under Airflow](../how-to/run-under-airflow.md)",
    "PYTHON": "the Python that `tools/setup` makes the environment with",
    "PIP_…": "pip's settings also hold for uv: [install](../how-to/install.md)",
    "PORT": "`make airflow PORT=8081`",
    "CI": "`true`: no test may be skipped",
}
"""What others named, and this project looks at."""

DETAILS = """
- **Instants** (`ONEFILE_NOW`, `--at`) are ISO 8601 with an offset: `2026-03-01T08:00:00+08:00`. Without an offset
  they are refused. They are kept in UTC.
- **Legal days** (the day of receipt, whether a period lies in the future) are days in `ONEFILE_TIMEZONE`.
- **Two runs under one instant** (`ONEFILE_NOW` or `--at`) over the same deliveries give equal receipts and files.
- **The passphrase**: the file of `ONEFILE_PASSPHRASE_FILE` must be there; only `keys/passphrase` in the home is
  made when it is missing. Why this matters is in [SECURITY.md](../../SECURITY.md).
- **A database URL** may hold a password: no message, log or page shows it.
"""


def page() -> str:
    """Return the page."""
    ours = table(("variable", "meaning"), [(code(name), meaning) for name, meaning in NAMES.items()])
    others = table(("variable", "what for"), [(code(name), meaning) for name, meaning in ELSEWHERE.items()])
    return made("Settings", INTRODUCTION, ours, DETAILS, "## Variables of others", others)
