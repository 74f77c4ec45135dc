"""Reads the `source` of a resource: the system that it is pulled from."""

from __future__ import annotations

import re

from schemas.model import Resource
from schemas.reading import Fields, Value
from schemas.sources import DatabaseSource, FilesSource, HttpSource, Pages, Source

WAYS = ("database", "http", "files")
PAGE_KINDS = ("number", "cursor", "next")
_SETTING = re.compile("[A-Z][A-Z0-9_]*")
_CRON = re.compile(r"(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?(,(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?)*")
_HIGHEST = (59, 23, 31, 12, 7)
_TABLE = re.compile(r"[^\s\"'`;.\0]+(\.[^\s\"'`;.\0]+){0,2}")
_SECRET = re.compile("token|secret|passw|pwd|api_?key|app_?key|access_?key|sign(ature)?$|credential", re.IGNORECASE)
MOST_PARALLEL = 16


def read_source(fields: Fields) -> Source | None:
    """Read where a resource is pulled from; None where its department delivers it."""
    value = fields.get("source")
    if value is None:
        return None
    source = value.fields(("from",), ("schedule", *WAYS))
    setting = source.text("from")
    if setting and not _SETTING.fullmatch(setting):
        source.values["from"].refuse(f"{setting!r}", "a name of A-Z, 0-9 and _, whose address ONEFILE_SOURCE_NAME has")
    given = [way for way in WAYS if way in source.values]
    if len(given) != 1:
        value.refuse(f"{' and '.join(given) or 'no way'}", f"exactly one of {', '.join(WAYS)}")
        return None
    told, schedule = source.values[given[0]], _schedule(source)
    if given[0] == "database":
        return Source(setting, _database(told), schedule)
    return Source(setting, _http(told) if given[0] == "http" else _files(told), schedule)


def check_source(resource: Resource, fields: Fields) -> None:
    """Tell what cannot be of a resource that is pulled."""
    if resource.source is None:
        return
    value = fields.values["source"]
    if resource.signature_required:
        value.refuse("'source' beside 'signature_required'", "one of them: nobody signs what is pulled")
    way = resource.source.way
    if isinstance(way, FilesSource):
        return
    if (resource.format, resource.encoding) != ("jsonl", "utf-8"):
        value.refuse(f"a source of {resource.format}", "format: jsonl, in UTF-8, which is what pulled rows are kept as")
    for what in ("watermark", "key"):
        named = getattr(way, what, None)
        if named is not None and isinstance(way, HttpSource) and named not in resource.headers:
            value.refuse(f"the {what} {named!r}", "a header that is used under 'columns'")


def _schedule(source: Fields) -> str | None:
    text = source.maybe("schedule")
    if text is None:
        return None
    parts = text.split()
    if len(parts) != len(_HIGHEST) or not all(map(_is_cron, parts, _HIGHEST)):
        source.values["schedule"].refuse(f"{text!r}", "minute, hour, day, month, weekday, like 30 3 * * *")
    return text


def _is_cron(part: str, highest: int) -> bool:
    return _CRON.fullmatch(part) is not None and all(int(number) <= highest for number in re.findall("[0-9]+", part))


def _database(value: Value) -> DatabaseSource:
    fields = value.fields((), ("table", "query", "watermark", "overlap", "key", "parallel", "one_view"))
    table, query = fields.maybe("table"), fields.maybe("query")
    if (table is None) == (query is None):
        value.refuse("both 'table' and 'query'" if table else "neither 'table' nor 'query'", "exactly one of them")
    if table is not None and not _TABLE.fullmatch(table):
        fields.values["table"].refuse(f"{table!r}", "a name, like meters or water.meters")
    if query is not None and not re.match(r"(?is)\s*(select|with)\b(?!.*;)", query):
        fields.values["query"].refuse("a query that does not begin with SELECT or WITH, or has a ';'", "one SELECT")
    for option, needs in (("overlap", "watermark"), ("parallel", "key"), ("one_view", "parallel")):
        if option in fields.values and needs not in fields.values:
            fields.values[option].refuse(f"{option!r} without {needs!r}", f"{needs!r} too")
    if "parallel" in fields.values and "watermark" in fields.values:
        fields.values["parallel"].refuse("'parallel' beside 'watermark'", "one of them: what changed is read in one go")
    parallel = fields.whole("parallel", 1) or 1
    if parallel > MOST_PARALLEL:
        fields.values["parallel"].refuse(str(parallel), f"at most {MOST_PARALLEL}")
    return DatabaseSource(
        table, query, fields.maybe("watermark"), fields.whole("overlap", 0) or 0, fields.maybe("key"), parallel,
        fields.flag("one_view") if "one_view" in fields.values else True,
    )  # fmt: skip


def _http(value: Value) -> HttpSource:
    optional = ("records", "total", "query", "pages", "most_pages", "timeout_seconds", "watermark", "since", "overlap")
    fields = value.fields(("path",), optional)
    path = fields.text("path")
    if path and (not path.startswith("/") or path.startswith("//") or re.search(r"[\s?#\\]", path)):
        fields.values["path"].refuse(f"{path!r}", "a path like /v1/meters; parameters stand under 'query'")
    if ("since" in fields.values) != ("watermark" in fields.values):
        value.refuse("one of 'since' and 'watermark'", "both: the field that grows, and the parameter that takes it")
    if "overlap" in fields.values and "watermark" not in fields.values:
        fields.values["overlap"].refuse("'overlap' without 'watermark'", "'watermark' too")
    for name, _, entry in fields.entries("query"):
        if _SECRET.search(name):
            entry.refuse(f"the parameter {name!r}", "it in the setting, in a line '?NAME: VALUE' below the address: "
                         "credentials stand in no declaration")  # fmt: skip
    return HttpSource(
        path, _steps(fields, "records"), _steps(fields, "total"),
        {name: entry.text_or_empty() for name, _, entry in fields.entries("query")}, _pages(fields),
        fields.whole("most_pages", 1) or 10_000, fields.whole("timeout_seconds", 1) or 30,
        fields.maybe("watermark"), fields.maybe("since"), fields.whole("overlap", 0) or 0,
    )  # fmt: skip


def _pages(fields: Fields) -> Pages | None:
    value = fields.get("pages")
    if value is None:
        return None
    pages = value.fields((), (*PAGE_KINDS, "parameter", "first"))
    given = [kind for kind in PAGE_KINDS if kind in pages.values]
    if len(given) != 1:
        value.refuse(f"{' and '.join(given) or 'no kind of page'}", f"exactly one of {', '.join(PAGE_KINDS)}")
        return None
    kind = given[0]
    if kind == "number":
        first = pages.whole("first", 0) if "first" in pages.values else 1
        return Pages(kind, pages.text("number"), first=first or 0)
    if kind == "cursor" and "parameter" not in pages.values:
        value.refuse("'cursor' without 'parameter'", "parameter: the one that takes the cursor of the next page")
    is_link = kind == "next" and pages.text("next") == "link"
    return Pages(kind, pages.text("parameter"), () if is_link else _steps(pages, kind))


def _steps(fields: Fields, name: str) -> tuple[str, ...]:
    """Read `/data/items`: names of members from the outermost object on."""
    value = fields.get(name)
    if value is None:
        return ()
    steps = value.text().split("/")
    if steps[0] or len(steps) < 2 or not all(steps[1:]):
        value.refuse(f"{value.text()!r}", "members from the outermost object on, like /data/items")
    return tuple(steps[1:])


def _files(value: Value) -> FilesSource:
    fields = value.fields(("name",), ("settled_seconds", "ready", "period", "remove"))
    name = fields.text("name")
    if "/" in name or name.startswith("."):
        fields.values["name"].refuse(f"{name!r}", "a pattern of file names, like meters-*.csv")
    ready = fields.text("ready")
    if ready and not re.fullmatch(r"\.[A-Za-z0-9]+", ready):
        fields.values["ready"].refuse(f"{ready!r}", "an ending, like .ok")
    period = fields.text("period")
    if period and not _has_one_group(period):
        fields.values["period"].refuse(f"{period!r}", "a pattern with one group, like meters-([0-9-]+)")
    settled = fields.whole("settled_seconds", 0) if "settled_seconds" in fields.values else 60
    return FilesSource(name, 60 if settled is None else settled, ready, period, fields.flag("remove"))


def _has_one_group(pattern: str) -> bool:
    try:
        return re.compile(pattern).groups == 1
    except re.error:
        return False
