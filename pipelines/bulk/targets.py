"""A recipient's own database (前置库): where it is, and the tables in it that hold what is shared.

Its address, credentials with it, is a setting of the environment and stands nowhere else: not in a declaration, not in
the serving database, not in a message. Errors of the database quote rows, so of them only the kind is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    create_engine,
    inspect,
    make_url,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

from onefile.settings import TARGET
from onefile.verify.batch_files import RECORD
from pipelines.bulk.errors import TargetAltered, TargetFailed, TargetUnusable
from pipelines.bulk.tables import Handed
from schemas import model

DRIVERS: Mapping[str, str] = {
    "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "sqlite": "sqlite",
}  # fmt: skip
LOAD = "_load"
"""Column of a recipient's table: the number of the load that last put a row."""
KEY_LENGTH = 64
_NAME = String(190)


@contextmanager
def opened(targets: Mapping[str, str], name: str, own: str) -> Iterator[Engine]:
    """Open the database of a name.

    Args:
        targets: addresses by name, from the settings.
        own: the serving database's address: nobody's rows are put there.

    Raises:
        TargetUnusable: there is no such setting, or its address cannot be used.
        TargetFailed: the database did not answer, or refused something; of the block as well.
    """
    url = _url(targets, name, own)
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, InvalidRequestError, NoSuchModuleError, ImportError):
        raise TargetUnusable(f"{TARGET}{name}", "its driver is not installed", "install onefile[mysql]") from None
    try:
        yield engine
    except DBAPIError as error:
        kind = str(getattr(error.orig, "sqlstate", None) or "") or type(error.orig).__name__
        raise TargetFailed(name, kind) from None
    except SQLAlchemyError as error:
        raise TargetFailed(name, type(error).__name__) from None
    finally:
        engine.dispose()


def _url(targets: Mapping[str, str], name: str, own: str) -> URL:
    setting = f"{TARGET}{name}"
    if name not in targets:
        raise TargetUnusable(setting, "it is not set", "set it to the address of the recipient's database")
    wanted = f"an SQLAlchemy URL of {', '.join(DRIVERS)}"
    try:
        url = make_url(targets[name])
    except ArgumentError:
        raise TargetUnusable(setting, "it is no address", f"write {wanted}") from None
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise TargetUnusable(setting, "it is of another kind of database", f"write {wanted}")
    if targets[name] == own:
        raise TargetUnusable(setting, "it is the serving database's own", "name the recipient's")
    url = url.set(drivername=DRIVERS[backend])
    return url.update_query_dict({"charset": "utf8mb4"}) if backend in ("mysql", "mariadb") else url


def table_of(handed: Handed, schema: str) -> Table:
    """Return the recipient's table: `<provider>_<resource>`, the key, the granted columns, the load's number."""
    columns = [Column(each.name, _type(each)) for each in handed.columns]
    key = Column(RECORD, String(KEY_LENGTH), primary_key=True)
    return _table(f"{handed.table.schema}_{handed.table.name}", schema, key, *columns, Column(LOAD, BigInteger))


def books(schema: str) -> tuple[Table, Table]:
    """Return the two tables that tell how each of ours stands, and what it was to come to day by day."""
    state = _table(
        "onefile_share", schema, Column("table_name", _NAME, primary_key=True), Column("share", _NAME, nullable=False),
        Column("grant_id", _NAME, nullable=False), Column("fields", Text, nullable=False),
        Column("generation", Integer, nullable=False), Column("version", BigInteger, nullable=False),
        Column("load_no", BigInteger, nullable=False), Column("loading", _NAME, nullable=False),
        Column("position", BigInteger, nullable=False), Column("put_at", String(40), nullable=False),
    )  # fmt: skip
    count = _table(
        "onefile_count", schema, Column("table_name", _NAME, primary_key=True),
        Column("counted_on", String(10), primary_key=True), Column("generation", Integer, nullable=False),
        Column("version", BigInteger, nullable=False), Column("row_count", BigInteger, nullable=False),
        Column("digest", String(64), nullable=False), Column("found_count", BigInteger),
        Column("found_digest", String(64)), Column("found_at", String(40)),
    )  # fmt: skip
    return state, count


def _table(name: str, schema: str, *columns: Column[Any]) -> Table:
    return Table(name, MetaData(schema or None), *columns, mysql_engine="InnoDB", mysql_charset="utf8mb4")


def made(connection: Connection, table: Table, handed: Handed, before: tuple[str, ...]) -> bool:
    """Make the recipient's table where there is none, else see that it can take what is shared; say whether it is new.

    Args:
        before: columns that an earlier grant gave.

    Raises:
        TargetAltered: it cannot; the message says what to do.
    """
    found = inspect(connection)
    if not found.has_table(table.name, table.schema):
        table.create(connection)
        return True
    columns = {each["name"]: each for each in found.get_columns(table.name, table.schema)}
    faults = list(_faults(connection, table, handed, columns, before))
    key = found.get_pk_constraint(table.name, table.schema)["constrained_columns"]
    if key != [RECORD]:
        faults.append(f"its key is not {RECORD}: let {RECORD} alone be its primary key")
    if faults:
        raise TargetAltered(table.fullname, faults)
    return False


def _faults(
    connection: Connection, table: Table, handed: Handed, columns: Mapping[str, ReflectedColumn],
    before: tuple[str, ...],
) -> Iterator[str]:  # fmt: skip
    fits = {RECORD: _is_text(KEY_LENGTH), LOAD: _is(BigInteger), **{each.name: _fits(each) for each in handed.columns}}
    for name, fit in fits.items():
        wanted = table.columns[name].type.compile(connection.dialect)
        if name not in columns:
            yield f"it has no column {name}: ALTER TABLE {table.fullname} ADD COLUMN {name} {wanted}"
        elif not fit(columns[name]["type"], connection.dialect.name):
            yield f"column {name} has another type: make it {wanted}"
        elif name != RECORD and not columns[name]["nullable"]:
            yield f"column {name} takes no empty values: drop its NOT NULL"
    for name, column in columns.items():
        if name in fits:
            continue
        if name in before:
            yield f"column {name} is granted no more: ALTER TABLE {table.fullname} DROP COLUMN {name}"
        elif not column["nullable"] and column.get("default") is None:
            yield f"column {name} is not ours and wants a value: give it a default, or drop its NOT NULL"


Fit = Callable[[TypeEngine[Any], str], bool]


def _is(*kinds: type[TypeEngine[Any]]) -> Fit:
    return lambda found, _: isinstance(found, kinds)


def _is_text(length: int | None) -> Fit:
    def fits(found: TypeEngine[Any], _: str) -> bool:
        if not isinstance(found, String):
            return False
        return found.length is None or (length is not None and found.length >= length)

    return fits


def _fits(column: model.Column) -> Fit:
    """Return whether a type in the recipient's database can hold every value of a column as it is."""
    if column.type == "long":
        return _is(BigInteger)
    if column.type == "boolean":
        return _is(Boolean, mysql.TINYINT)
    if column.type == "date":
        return _is(Date)
    if column.type == "instant":
        return _is_instant
    if column.type == "decimal":
        return lambda found, dialect: _is_decimal(found, dialect, column)
    return _is_text(column.max_length)


def _is_instant(found: TypeEngine[Any], dialect: str) -> bool:
    if dialect == "mysql":
        return isinstance(found, mysql.DATETIME) and found.fsp == 6
    return isinstance(found, DateTime) and (dialect != "postgresql" or found.timezone)


def _is_decimal(found: TypeEngine[Any], dialect: str, column: model.Column) -> bool:
    if dialect == "sqlite":
        return isinstance(found, String)
    if not isinstance(found, Numeric) or not found.asdecimal:
        return False
    return found.precision is None or (found.precision, found.scale) == (column.precision, column.scale)


def _type(column: model.Column) -> TypeEngine[Any]:
    if column.type == "long":
        return BigInteger()
    if column.type == "boolean":
        return Boolean()
    if column.type == "date":
        return Date()
    if column.type == "instant":
        return DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    if column.type == "decimal":
        return Numeric(column.precision, column.scale).with_variant(Text(), "sqlite")
    return Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
