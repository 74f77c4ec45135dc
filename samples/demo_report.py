"""The screenful at the end of the demo: read back from what the product wrote, never from the city's truth."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from onefile.cli.tables import aligned, width
from onefile.settings import Settings

if TYPE_CHECKING:
    from onefile.verify.receipt import Receipt
    from pipelines.places import Where

WIDTH, LINES_OF_FILE, MOST_REASONS = 100, 5, 8
COUNTS = ("received", "accepted", "quarantined", "duplicates")
KINDS = ("person", "enterprise")
_AREA_OF_SAMPLES = "69"
_KINDS_PUBLISHED = "SELECT kind, count(*) FROM subject GROUP BY kind"

WORDS = {
    "heading": (
        ("资源", "批次", "收到", "入库", "退回", "重复"),
        ("resource", "deliveries", *COUNTS),
    ),
    "all": ("合计", "all"),
    "wrong": ("退回的原因", "wrong"),
    "waits": ("等待更正", "waiting"),
    "waits_for": ("{rows} 行：{departments}", "{rows} rows to be corrected by {departments}"),
    "files": ("档案", "one files"),
    "files_of": (
        "{person} 人，{enterprise} 家企业；{contradictions} 处多源不一致（{most}）",
        "{person} persons, {enterprise} enterprises; {contradictions} contradictions ({most})",
    ),
    "links": ("待关联", "to link"),
    "links_of": (
        "{rows} 条人员记录没有可用号码，列出待人工关联",
        "{rows} person records without a usable number, listed",
    ),
    "receipts": ("回执", "receipts"),
    "rejected": ("问题数据", "rejected rows"),
    "quality": ("质量", "quality"),
    "pages": ("", ""),
    "quality_of": ("{met}/{total} 项期望符合", "{met} of {total} expectations met"),
    "lake": ("数据湖、服务库", "lake, database"),
    "looks": ("调用记录", "who looked"),
    "file": ("看一个档", "one file"),
    "more": ("…（共 {lines} 行）", "… ({lines} lines)"),
    "repeated": ("{count} 批以前已接收，没有变化", "{count} deliveries had been received before; nothing changed"),
    "refused": ("{count} 批未能接收", "{count} deliveries were not taken in"),
    "failed": ("失败：{names}", "FAILED: {names}"),
    "no_run": ("onefile run 没有完成：见上面的信息", "onefile run did not end: see above"),
    "no_register": ("旁边没有真实的企业登记文件，略过", "no real enterprise register beside this checkout: left out"),
    "seconds": ("用时 {seconds:.0f} 秒", "{seconds:.0f} seconds"),
}


@dataclass(frozen=True)
class Found:
    """What the product wrote: figures, and one synthetic number to look at (None: there is none)."""

    by_resource: Mapping[str, Counter[str]]
    reasons: Counter[str]
    waiting: Counter[str]
    files: Mapping[str, int]
    contradictions: Counter[str]
    links: int
    expectations: tuple[int, int]
    example: str | None
    repeated: int
    refused: int
    failed: tuple[str, ...] | None
    has_register: bool

    @property
    def is_well(self) -> bool:
        """Everything that was handed over was taken in and published."""
        return self.failed == () and not self.refused and all(self.files.get(kind) for kind in KINDS)


def read(settings: Settings, ran: Mapping[str, Any] | None, *, has_register: bool) -> Found:
    """Read the receipts, the lake and the serving database.

    Args:
        ran: what `onefile run --json` said; None when it said nothing.
    """
    from pipelines import names, places

    lake = places.of(settings)
    receipts = _receipts(settings)
    said = Counter(delivery["status"] for delivery in ran["deliveries"]) if ran else Counter[str]()
    failed = None if ran is None else tuple(ran["failed"])
    candidates = _rows(lake, names.LINK_CANDIDATES, "record")
    return Found(
        by_resource=_by_resource(receipts),
        reasons=Counter(rejection.reason for receipt in receipts for rejection in receipt.rejected),
        waiting=_waiting(settings),
        files=_published(settings),
        contradictions=_contradictions(lake),
        links=0 if candidates is None else candidates.num_rows,
        expectations=_expectations(lake),
        example=_example(lake),
        repeated=said["repeated"],
        refused=said["refused"] + said["left"] + said["held"],
        failed=failed,
        has_register=has_register,
    )


def lines(found: Found, settings: Settings, shown: Sequence[str], seconds: float) -> Iterator[str]:
    """Yield the lines of the screenful, none longer than a hundred places.

    Args:
        shown: what `onefile file` printed of the example.
    """
    say = _Words(settings.lang)
    yield ""
    yield from aligned([say.heading(), *_table(found, say("all"))]).splitlines()
    yield ""
    for label, text in (*_findings(found, say), *_places(found, settings, say)):
        yield from _wrapped(say(label), text)
    yield from (_cut(f"    {line}") for line in [line for line in shown if line.strip()][:LINES_OF_FILE])
    if len(shown) > LINES_OF_FILE:
        yield f"    {say('more', lines=len(shown))}"
    yield from _end(found, say)
    yield say("seconds", seconds=seconds)


class _Words:
    """Says things in one language."""

    def __init__(self, lang: str) -> None:
        self._place = 0 if lang == "zh" else 1
        self.lang = lang

    def __call__(self, key: str, **facts: object) -> str:
        return str(WORDS[key][self._place]).format(**facts)

    def heading(self) -> tuple[str, ...]:
        return tuple(WORDS["heading"][self._place])


def _table(found: Found, total: str) -> list[tuple[str, ...]]:
    every: Counter[str] = sum(found.by_resource.values(), Counter())
    rows = (*sorted(found.by_resource.items()), (total, every))
    return [(name, *(f"{counts[column]:,}" for column in ("deliveries", *COUNTS))) for name, counts in rows]


def _findings(found: Found, say: _Words) -> Iterator[tuple[str, str]]:
    from schemas.reasons import REASONS

    words = {code: REASONS[code].zh if say.lang == "zh" else code for code in found.reasons}
    told = [f"{words[code]} {count}" for code, count in found.reasons.most_common(MOST_REASONS)]
    yield "wrong", ", ".join(told) or "-"
    departments = ", ".join(f"{department} {count}" for department, count in found.waiting.most_common())
    yield "waits", say("waits_for", rows=found.waiting.total(), departments=departments or "-")
    most = ", ".join(f"{name} {count}" for name, count in found.contradictions.most_common(4)) or "-"
    counts = {kind: f"{found.files.get(kind, 0):,}" for kind in KINDS}
    yield "files", say("files_of", **counts, contradictions=f"{found.contradictions.total():,}", most=most)
    yield "links", say("links_of", rows=found.links)


def _places(found: Found, settings: Settings, say: _Words) -> Iterator[tuple[str, str]]:
    home, command = _short(settings.home), _short(Path(sys.executable).with_name("onefile"))
    yield "receipts", f"{home}/receipts    {command} receipt show DELIVERY"
    yield "rejected", f"{command} quarantine list"
    met, total = found.expectations
    pages = f"{home}/quality/gx/uncommitted/data_docs/local_site/index.html"
    yield "quality", f"{say('quality_of', met=met, total=total)}    {command} quality"
    yield "pages", pages
    database = f"{home}/serving.db" if settings.database_url.startswith("sqlite") else "ONEFILE_DATABASE_URL"
    yield "lake", f"{home}/lake (bronze, silver, quarantine, gold: Delta)    {database}"
    yield "looks", f"{command} ledger show"
    if found.example is not None:
        yield "file", f"echo {found.example} | {command} file - --purpose demo"


def _end(found: Found, say: _Words) -> Iterator[str]:
    if found.repeated:
        yield say("repeated", count=found.repeated)
    if found.refused:
        yield say("refused", count=found.refused)
    if found.failed is None:
        yield say("no_run")
    elif found.failed:
        yield say("failed", names=", ".join(found.failed))
    if not found.has_register:
        yield say("no_register")


def _receipts(settings: Settings) -> list[Receipt]:
    """Return the receipts, each verified with the public keys that the bureau hands out; a delivery has one."""
    from onefile.verify.receipt import open_receipt
    from onefile.verify.trust import read_trust

    trust_file = settings.home / "keys" / "trust.json"
    if not trust_file.exists():
        return []
    trust = read_trust(trust_file.read_bytes())
    opened = (open_receipt(path.read_bytes(), trust) for path in sorted((settings.home / "receipts").glob("*.json")))
    return list({receipt.delivery: receipt for receipt in opened}.values())


def _by_resource(receipts: Sequence[Receipt]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for receipt in receipts:
        counts = {"deliveries": 1} | {name: getattr(receipt, name) for name in COUNTS}
        found.setdefault(receipt.resource or "?", Counter()).update(counts)
    return found


def _waiting(settings: Settings) -> Counter[str]:
    import catalog
    from pipelines import places, quarantine

    resources = list(catalog.load(settings.declarations).resources)
    return Counter(row.resource.partition(".")[0] for row in quarantine.waiting(places.of(settings), resources))


def _published(settings: Settings) -> dict[str, int]:
    from schemas.serving.errors import NothingPublished
    from schemas.serving.reading import reading

    try:
        with reading(settings.database_url) as snapshot:
            return {str(kind): int(count) for kind, count in snapshot.rows(_KINDS_PUBLISHED, {})}
    except NothingPublished:
        return {}


def _contradictions(lake: Where) -> Counter[str]:
    """Count contradictions by attribute."""
    from pipelines import names

    found: Counter[str] = Counter()
    for kind in KINDS:
        table = _rows(lake, names.gold(kind), "contradictions")
        if table is not None:
            each = pc.list_flatten(table.column("contradictions")).combine_chunks()
            found.update(pc.struct_field(each, "attribute").to_pylist())
    return found


def _expectations(lake: Where) -> tuple[int, int]:
    """Return how many expectations were met, and how many were checked, over all runs."""
    from pipelines import names

    table = _rows(lake, names.QUALITY, "is_met")
    met = [] if table is None else table.column("is_met").to_pylist()
    return sum(met), len(met)


def _example(lake: Where) -> str | None:
    """Return the number of a synthetic person with contradictions and relations: the one with most to see."""
    from pipelines import names

    table = _rows(lake, names.gold("person"), "number", "contradictions", "relations")
    if table is None:
        return None
    lengths = [pc.fill_null(pc.list_value_length(table.column(name)), 0) for name in ("contradictions", "relations")]
    much = pc.add(pc.multiply(pc.min_element_wise(lengths[0], 2), 100), lengths[1]).to_pylist()
    numbers = table.column("number").to_pylist()
    made_up = [pair for pair in zip(much, numbers, strict=True) if pair[1].startswith(_AREA_OF_SAMPLES)]
    return max(made_up)[1] if made_up else None


def _rows(lake: Where, name: str, *columns: str) -> pa.Table | None:
    from pipelines import peek

    return peek.rows(lake, name, columns)


def _short(path: Path) -> str:
    """Return a path from here where that is shorter."""
    return min(os.path.relpath(path), str(path), key=len)


def _wrapped(label: str, text: str) -> Iterator[str]:
    """Yield a labelled text on as many lines as it needs, broken after its own signs."""
    indent = 16
    head, line = label + " " * max(1, indent - width(label)), ""
    for word in text.replace(", ", ",\n").split("\n"):
        joined = f"{line} {word}" if line else word
        if line and width(joined) > WIDTH - indent:
            yield f"{head}{line}"
            head, line = " " * indent, word
        else:
            line = joined
    yield f"{head}{line}"


def _cut(line: str) -> str:
    """Return a line that fits; the colours of the command are not there, for it writes to no terminal."""
    kept = ""
    for character in line:
        if width(kept + character) > WIDTH - 1:
            return f"{kept}…"
        kept += character
    return kept
