"""Random sequences of what may happen to a home; after each, the tables are what a rebuild makes of the deliveries.

A sequence is drawn from a seed: deliveries of two departments that fill one table, late ones, ones that come again,
withdrawals, erasures and their purge, corrected rows, declarations that change, several deliveries at once. A
sequence is told as it is lived, so that one that fails can be read and lived again by its seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import catalog
from inbox import making
from inbox.manifest import Redriven
from pipelines import changing, correction, invariants, names, quarantine, rebuilding, steps
from pipelines.correction import Corrected
from schemas.serving.reading import reading
from tests.declared import SHOP, SHOP_KIND, SHOP_RESOURCE, SHOP_TABLE, lay
from tests.house import House, content, narrowed

RESOURCES = ("market.shops", "tax.shops")
HEADERS = ("编号", "信用代码", "开业", "类别", "面积", "操作")
SHOPS = ("AB0001", "AB0002", "ab0003", "AB0004", "wrong")
HOLDERS = ("91690101MA00000158", "91690101MA00000233", "91690101MA0000031X", "")
DAYS = ("2020/1/1", "2020/2/2", "2021/3/3", "2020/13/1")
KINDS = ("书店", "茶馆", "书局", "酒馆", "")
AREAS = ("12.5", "30", "-1", "")
OPERATIONS = ("", "", "", "注销", "依法删除")
PERIODS = ("2026-10-01", "2026-10-15", "2026-10-29", "2026-10-30")
MARKET = SHOP_RESOURCE.replace(
    "ignore:", "  area_m2: {from: 面积}\noperation: {column: 操作, withdraw: [注销], erase: [依法删除]}\nignore:"
)
TABLE = SHOP_TABLE.replace("columns:", 'erasure: {basis: "made-up law, art. 1"}\ncolumns:')
ATTRIBUTE = """\
  {name}:
    label: {name}
    about: {name}
    {lead}
    sources: [{{table: shop, column: {column}, rank: 1}}]
"""
# What may stand in a declaration; the first of each is what stands there at first.
CHOICES: dict[str, tuple[str, ...]] = {
    "number": ("[width, trim, upper]", "[width, trim]"),
    "lookup": ('{书局: "1"}', '{酒馆: "2"}', '{书局: "2", 酒馆: "1"}'),
    "synonyms": ("[茶楼]", "[茶楼, 酒馆]"),
    "area": ("min: 0, ", "", "min: 20, "),
    "lead": ("lead: market", "lead: tax", "fresh_days: 10"),
    "attributes": ("kind", "kind area_m2", "area_m2", "shop_no"),
    "share": ("", "assertions: {max_quarantined_share: 0.5}\n"),
}


@dataclass
class Life:
    """A house, what stands in its declarations, and what happened in it so far."""

    house: House
    folder: Path
    drawn: random.Random
    stands: dict[str, str] = field(default_factory=lambda: {name: choices[0] for name, choices in CHOICES.items()})
    told: list[str] = field(default_factory=list)
    delivered: list[tuple[str, list[dict[str, str]]]] = field(default_factory=list)

    def live(self, happenings: Iterable[Happening]) -> None:
        """Let a first delivery come, and then one thing happen after the other, each on a day of its own."""
        self.deliver()
        self.take_in()
        for number, happens in enumerate(happenings):
            self.house.on(f"2026-11-{2 + number:02}")
            self.told.append(happens.__name__)
            happens(self)
            self.take_in()

    def drawn_happenings(self, count: int) -> Iterator[Happening]:
        """Draw what happens, one when the one before has happened."""
        for _ in range(count):
            yield self.drawn.choice(HAPPENINGS)

    def deliver(self) -> None:
        """Hand rows over, some of them wrong."""
        self._hand_over(self.drawn.choice(RESOURCES), [self._row() for _ in range(self.drawn.randint(1, 4))])

    def deliver_again(self) -> None:
        """Hand over what was handed over before, under another name."""
        self._hand_over(*self.drawn.choice(self.delivered))

    def back_fill(self) -> None:
        """Hand over several deliveries at once, of any periods."""
        for _ in range(3):
            self.deliver()

    def correct(self) -> None:
        """Hand over a rejected row anew, right in some of what may be wrong with it."""
        resource = self.drawn.choice(RESOURCES)
        waiting = list(quarantine.waiting(self.house.home / "lake", [resource]))
        if not waiting:
            return self.deliver()
        row = self.drawn.choice(waiting)
        right = {**{name: value or "" for name, value in row.row.items()}, "开业": "2022/5/5", "类别": "茶馆"}
        declared = self.house.shop.resource(resource)
        file = self.folder / "corrected.csv"
        file.write_bytes(correction.content([Corrected(row.delivery, row.row_no, right)], declared))
        redriven = [Redriven(row.delivery, row.row_no)]
        making.make(self.house.home, declared, [file], period="2026-10-29", id=self._id(), redrives=redriven)
        return None

    def declare(self) -> None:
        """Let something be declared otherwise, and maybe a second thing."""
        for name in self.drawn.sample(sorted(CHOICES), self.drawn.randint(1, 2)):
            self.stands[name] = self.drawn.choice([text for text in CHOICES[name] if text != self.stands[name]])
            self.told.append(f"  {name}: {self.stands[name].strip()}")
        self.house.declare(declared(self.folder, self.stands))

    def erase(self) -> None:
        """Take out what is ordered to be erased."""
        steps.purge(self.house.shop)

    def take_in(self) -> None:
        """Apply what is declared, and take in what waits."""
        changing.apply(self.house.shop, lambda _: None)
        found = self.house.take_in()
        self.told += [f"  {o.delivery} {o.resource}: {o.status} {o.accepted}/{o.quarantined}/{o.duplicates}"
                      for o in found.values()]  # fmt: skip

    def _row(self) -> dict[str, str]:
        pools = (SHOPS, HOLDERS, DAYS, KINDS, AREAS, OPERATIONS)
        return dict(zip(HEADERS, (self.drawn.choice(pool) for pool in pools), strict=True))

    def _hand_over(self, resource: str, rows: list[dict[str, str]]) -> None:
        self.delivered.append((resource, rows))
        file = self.folder / "rows.csv"
        file.write_text(content(rows, HEADERS, "csv"), encoding="utf-8")
        period, delivery = self.drawn.choice(PERIODS), self._id()
        making.make(self.house.home, self.house.shop.resource(resource), [file], period=period, id=delivery)
        self.told.append(f"  {delivery} {resource} {period}: {rows}")

    def _id(self) -> str:
        return f"d{len(list(self.house.home.glob('deliveries/*/*'))) + len(list(self.house.home.glob('inbox/*/*')))}"


Happening = Callable[[Life], object]
HAPPENINGS: tuple[Happening, ...] = (
    Life.deliver, Life.deliver, Life.deliver_again, Life.back_fill, Life.correct, Life.declare, Life.declare,
    Life.erase,
)  # fmt: skip


def begin(home: Path, folder: Path, seed: int) -> Life:
    """Return a life that has not begun."""
    (folder / "declarations").mkdir(parents=True)
    stands = {name: choices[0] for name, choices in CHOICES.items()}
    return Life(House(home, declared(folder, stands), folder / "declarations"), folder, random.Random(seed))


def declared(folder: Path, stands: dict[str, str]) -> catalog.Catalogue:
    """Write declarations and return what they declare: the shops, and nothing else."""
    market = MARKET.replace("[width, trim, upper]", stands["number"]).replace('{书局: "1"}', stands["lookup"])
    tax = market.replace("department: market", "department: tax").replace("title_en: Shops", "title_en: Shops taxed")
    files = [ATTRIBUTE.format(name=f"shop_{column}", column=column, lead=stands["lead"])
             for column in stands["attributes"].split()]  # fmt: skip
    written = SHOP | {
        "tables/shop.yml": TABLE.replace("min: 0, ", stands["area"]),
        "codes/shop_kind.yml": SHOP_KIND.replace("[茶楼]", stands["synonyms"]),
        "resources/market/shops.yml": market + stands["share"],
        "resources/tax/shops.yml": tax,
        "files/shops.yml": f"kind: enterprise\nattributes:\n{''.join(files)}",
    }
    whole = catalog.load((lay(folder / "declarations", written),))
    return narrowed({"shop": [column.name for column in whole.declarations.tables["shop"].columns]}, whole)


def faults(house: House) -> Iterator[str]:
    """Yield what is not as it has to be: against a rebuild, within the lake, in the serving database."""
    beside = rebuilding.rebuild(house.shop, lambda _: None)
    yield from (str(difference) for difference in rebuilding.differences(house.shop, beside))
    yield from (str(broken) for broken in invariants.check(house.shop))
    gold = {row["subject_id"]: row["_digest"] for row in house.rows(names.gold("enterprise"))}
    with reading(house.shop.settings.database_url) as snapshot:
        served = dict(snapshot.rows("SELECT subject_id, digest FROM subject", {}))
    if gold != served:
        yield f"{len(gold)} files in gold, {len(served)} served, and they are not the same"
