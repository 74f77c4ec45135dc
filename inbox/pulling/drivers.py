"""Databases as their drivers are set up here: every value comes as the database itself writes it.

Instants come with their offset, in the zone of legal days: the day that stands in one is the day that it was.

A driver that makes objects of values loses what they cannot hold: days before the year 1, `infinity`, digits. So each
one is told to hand texts out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from inbox.excel_rows import number
from inbox.pulling.addresses import Address
from inbox.pulling.errors import SourceUnusable

DRIVERS: Mapping[str, str] = {
    "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "sqlite": "sqlite",
}  # fmt: skip
_OWN = ("user", "password")
SECONDS_TO_CONNECT = 10
_HOURS = re.compile("[+-][0-9]{2}$")
SECONDS_OF_SILENCE = 900


@dataclass(frozen=True)
class Zone:
    """The zone that instants are written in: its name (IANA), and its present offset, like +08:00."""

    name: str
    offset: str

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo) -> Zone:
        """Return a zone as it is at an instant."""
        return cls(zone.key, instant.astimezone(zone).isoformat(timespec="seconds")[19:])


class Binary(Exception):
    """A value is bytes and no text. Never leaves the package."""


def engine(address: Address, zone: Zone) -> Engine:
    """Return an engine for an address, with no connection kept.

    Raises:
        SourceUnusable: the address is none, or its driver is not installed.
    """
    url = _url(address)
    try:
        if url.get_backend_name() == "postgresql":
            return _postgresql(url, zone)
        if url.get_backend_name() == "mysql":
            return _mysql(url, zone)
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, InvalidRequestError, NoSuchModuleError, ImportError):
        raise SourceUnusable(
            address.setting, "its driver is not installed", "install onefile[postgres] or onefile[mysql]"
        ) from None


def text_of(value: object) -> str | None:
    """Return a value as text, of drivers that make objects; Binary where it is bytes."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        raise Binary
    return number(repr(value)) if isinstance(value, float) else str(value)


def _url(address: Address) -> URL:
    unknown = sorted(set(address.options) - set(_OWN))
    if unknown:
        raise SourceUnusable(
            address.setting, "a line below the address is neither user nor password",
            "write what else the driver takes into the address, like ?sslmode=verify-full"
        )  # fmt: skip
    wanted = f"write an SQLAlchemy URL of {', '.join(DRIVERS)}, or jdbc:… with its jar"
    try:
        url = make_url(address.url)
    except (ArgumentError, ValueError):
        raise SourceUnusable(
            address.setting, "it is no address of a database", f"{wanted}; a password with signs in it stands in "
            "a line 'password: …' below"
        ) from None  # fmt: skip
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise SourceUnusable(address.setting, "it is of another kind of database", wanted)
    if backend == "sqlite" and not Path(url.database or "").is_file():
        raise SourceUnusable(address.setting, "there is no such file", "look at the path")
    user, password = address.options.get("user"), address.options.get("password")
    url = url.set(drivername=DRIVERS[backend], username=user or url.username, password=password or url.password)
    return url.update_query_dict({"charset": "utf8mb4"}) if backend in ("mysql", "mariadb") else url


def _postgresql(url: URL, zone: Zone) -> Engine:
    from psycopg.types.string import TextLoader

    class Truth(TextLoader):
        def load(self, data: Any) -> str:
            return "true" if bytes(data) == b"t" else "false"

    class Instant(TextLoader):
        def load(self, data: Any) -> Any:
            text = bytes(data).decode()
            return f"{text}:00" if _HOURS.search(text) else text  # BC and infinity stay as they are

    class Bytes(TextLoader):
        def load(self, data: Any) -> Any:
            return bytes(data)  # which `text_of` refuses, with the column's name

    made = create_engine(
        url, poolclass=NullPool, hide_parameters=True, use_native_hstore=False,
        connect_args={"connect_timeout": SECONDS_TO_CONNECT, "keepalives_idle": 30, "keepalives_interval": 10,
                      "keepalives_count": 3, "client_encoding": "utf8"},
    )  # fmt: skip

    @event.listens_for(made, "connect")
    def _(connection: Any, _record: object) -> None:
        kept = {"bool": Truth, "timestamptz": Instant, "bytea": Bytes}
        for kind in connection.adapters.types:
            connection.adapters.register_loader(kind.oid, kept.get(kind.name, TextLoader))
            if kind.array_oid:
                connection.adapters.register_loader(kind.array_oid, TextLoader)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false)", (zone.name,))
            cursor.execute("SET datestyle = 'ISO, YMD'; SET extra_float_digits = 1; SET lock_timeout = '60s'")
        connection.commit()

    return made


def _mysql(url: URL, zone: Zone) -> Engine:
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import encoders

    decoders = {
        FIELD_TYPE.TIMESTAMP: lambda text: f"{text}{zone.offset}",
        FIELD_TYPE.BIT: lambda data: str(int.from_bytes(data)),
    }
    return create_engine(
        url, poolclass=NullPool, hide_parameters=True,
        connect_args={"conv": {**encoders, **decoders}, "connect_timeout": SECONDS_TO_CONNECT,
                      "read_timeout": SECONDS_OF_SILENCE, "init_command": f"SET time_zone = '{zone.offset}'"},
    )  # fmt: skip
