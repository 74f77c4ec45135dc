"""The settings of a process, read once at its edge and handed in from there.

Only the edges (command line, DAG files, exchange start-up) call `read`. Everything below
takes a `Settings`, so that a test or a second house on one machine is just another value.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onefile.errors import OneFileError

NAMES = {
    "ONEFILE_HOME": "folder of all that the product writes (default ./var)",
    "ONEFILE_DECLARATIONS": "folders laid over the built-in declarations, parted by ':'",
    "ONEFILE_DATABASE_URL": "serving database as an SQLAlchemy URL (default SQLite in the home)",
    "ONEFILE_SPARK": "local[*], spark://… or sc://… (default local[*])",
    "ONEFILE_SPARK_MEMORY": "memory of a Spark that is started here (default 4g)",
    "ONEFILE_TIMEZONE": "zone of legal days (default Asia/Shanghai)",
    "ONEFILE_NOW": "the present instant with offset, instead of the clock",
    "ONEFILE_LANG": "zh or en (default from the locale)",
    "ONEFILE_OPERATOR": "who runs the command, for the ledger (default the login name)",
    "ONEFILE_PASSPHRASE_FILE": "file with the keystore's passphrase (default keys/passphrase in the home)",
    "ONEFILE_LOG_ORIGIN": "name of the licence log, like city.example/log, for good (default onefile.invalid/log)",
    "ONEFILE_WEBHOOK_NETWORKS": "private networks that notices may be sent into, parted by commas (default none)",
    "ONEFILE_JARS": "folder with the Delta jars (default .jars beside the code)",
    "ONEFILE_LAKE": "where the lake lies: s3a://BUCKET/PREFIX?endpoint=URL[&region=NAME] (default: in the home)",
    "ONEFILE_LAKE_KEY": "file with that bucket's access key id and secret, a line each (default: none)",
    "ONEFILE_MATERIALS": "where materials lie: s3://BUCKET[/PREFIX]?endpoint=URL[&region=NAME] (default: in the home)",
    "ONEFILE_MATERIALS_KEY": "file with the bucket's access key id and secret, a line each (default: none)",
    "ONEFILE_CLAMD": "where clamd listens, a socket's path or HOST:PORT; materials are scanned by it (default: not)",
    "ONEFILE_COUNTER_URL": "the counter's address from outside, issuer of its tokens (default: where it listens)",
    "ONEFILE_OIDC": "file (YAML) that names the identity providers of officials and applicants (default: none)",
    "ONEFILE_CERTIFICATE_HEADER": "header of the front proxy with the client's certificate, RFC 9440 (default: none)",
    "ONEFILE_TARGET_NAME": "a recipient's own database, called NAME, as an SQLAlchemy URL (`onefile share put`)",
    "ONEFILE_SOURCE_NAME": "a department's system that is pulled from, called NAME: address and options, or @FILE",
    "ONEFILE_LINEAGE": "file or http(s) URL that OpenLineage events go to (default lineage.jsonl in the home)",
}


TARGET = "ONEFILE_TARGET_"
"""With what the names of settings begin that have the addresses of recipients' databases."""
SOURCE = "ONEFILE_SOURCE_"
"""With what the names of settings begin that have the addresses of departments' systems that are pulled from."""
SPARK = r"local(?:\[(?:\*|[1-9][0-9]*)(?:,[0-9]+)?\])?|(?:spark|sc|k8s)://\S+|yarn"
"""What an engine is called by."""


class SettingsError(OneFileError):
    """A setting cannot be used; the message says what was found and what is wanted."""


def machine_clock() -> datetime:
    """Return the machine's own instant in UTC, whatever ONEFILE_NOW says: for what others hold against their clocks."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """What a process was told from outside.

    `fixed_now` is the instant handed in (UTC), or None to read the clock. `targets` are addresses of recipients' own
    databases, `sources` of departments' systems that are pulled from, by name.
    """

    home: Path
    declarations: tuple[Path, ...]
    database_url: str
    spark: str
    spark_memory: str
    timezone: ZoneInfo
    fixed_now: datetime | None
    lang: str
    operator: str
    passphrase_file: Path
    log_origin: str
    jars: Path
    lineage: str
    counter_url: str = "http://127.0.0.1:8600"
    oidc: Path | None = None
    certificate_header: str = ""
    webhook_networks: str = ""
    clamd: str = ""
    lake: str = ""
    lake_key: Path | None = None
    materials: str = ""
    materials_key: Path | None = None
    targets: Mapping[str, str] = field(default_factory=dict, repr=False)
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    def now(self) -> datetime:
        """Return the present instant in UTC. Called at the edges, then handed on."""
        return self.fixed_now if self.fixed_now is not None else datetime.now(UTC)

    def today(self) -> date:
        """Return the legal day of `now`."""
        return self.now().astimezone(self.timezone).date()


def read(environ: Mapping[str, str] | None = None, *, at: str | None = None, lang: str | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: the environment; the process's own when None.
        at: an instant with offset that wins over `ONEFILE_NOW`.
        lang: a language that wins over `ONEFILE_LANG`.

    Raises:
        SettingsError: a value cannot be used.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("ONEFILE_HOME") or "var").absolute()
    return Settings(
        home=home,
        declarations=tuple(Path(d).absolute() for d in env.get("ONEFILE_DECLARATIONS", "").split(":") if d),
        database_url=env.get("ONEFILE_DATABASE_URL") or f"sqlite:///{quote(str(home / 'serving.db'))}",
        spark=_spark(env.get("ONEFILE_SPARK") or "local[*]"),
        spark_memory=env.get("ONEFILE_SPARK_MEMORY") or "4g",
        timezone=_zone(env.get("ONEFILE_TIMEZONE") or "Asia/Shanghai"),
        fixed_now=instant(now) if (now := at or env.get("ONEFILE_NOW")) else None,
        lang=_lang(lang or env.get("ONEFILE_LANG"), env),
        operator=env.get("ONEFILE_OPERATOR") or env.get("LOGNAME") or env.get("USER") or _user(),
        passphrase_file=Path(env.get("ONEFILE_PASSPHRASE_FILE") or home / "keys" / "passphrase"),
        log_origin=env.get("ONEFILE_LOG_ORIGIN") or "onefile.invalid/log",
        jars=Path(env.get("ONEFILE_JARS") or Path(__file__).parent.parent / ".jars").absolute(),
        lineage=env.get("ONEFILE_LINEAGE") or str(home / "lineage.jsonl"),
        counter_url=(env.get("ONEFILE_COUNTER_URL") or "http://127.0.0.1:8600").rstrip("/"),
        oidc=Path(env["ONEFILE_OIDC"]).absolute() if env.get("ONEFILE_OIDC") else None,
        webhook_networks=env.get("ONEFILE_WEBHOOK_NETWORKS") or "",
        clamd=env.get("ONEFILE_CLAMD") or "",
        lake=env.get("ONEFILE_LAKE") or "",
        lake_key=Path(env["ONEFILE_LAKE_KEY"]).absolute() if env.get("ONEFILE_LAKE_KEY") else None,
        materials=env.get("ONEFILE_MATERIALS") or "",
        materials_key=Path(env["ONEFILE_MATERIALS_KEY"]).absolute() if env.get("ONEFILE_MATERIALS_KEY") else None,
        targets=_named(env, TARGET),
        sources=_named(env, SOURCE),
        certificate_header=(env.get("ONEFILE_CERTIFICATE_HEADER") or "").lower(),
    )


def instant(text: str) -> datetime:
    """Read an instant with offset; return it in UTC.

    Raises:
        SettingsError: it is no instant, or has no offset.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"instant {text!r} cannot be read: write it like 2026-03-01T08:00:00+08:00") from None
    if found.tzinfo is None:
        raise SettingsError(f"instant {text!r} has no offset: write it like 2026-03-01T08:00:00+08:00")
    return found.astimezone(UTC)


def _named(env: Mapping[str, str], prefix: str) -> Mapping[str, str]:
    """Return the settings whose names begin so, by what follows."""
    return {name.removeprefix(prefix): text for name, text in sorted(env.items()) if name.startswith(prefix) and text}


def _spark(address: str) -> str:
    if not re.fullmatch(SPARK, address):
        raise SettingsError(
            f"ONEFILE_SPARK {address!r} is no engine: write local[*], spark://HOST:PORT or sc://HOST:PORT"
        )
    return address


def _user() -> str:
    """Return the name of the process's user; its number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"time zone {name!r} is not known: write one like Asia/Shanghai") from None


def _lang(asked: str | None, env: Mapping[str, str]) -> str:
    if asked:
        if asked not in ("zh", "en"):
            raise SettingsError(f"language {asked!r} is not spoken here: zh or en")
        return asked
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh" if locale.startswith("zh") else "en"
