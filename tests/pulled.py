"""Shops that are pulled: a declaration with a source, and what a pull leaves in the inbox."""

from __future__ import annotations

import functools
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import catalog
from catalog import resources
from inbox import door
from inbox.pulling.pull import Pulled, Puller
from schemas.errors import Problems
from schemas.model import Declarations, Resource
from schemas.reading import read
from tests.declared import SHOP, lay

AT = datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def shops(folder: Path, source: str, form: str = "format: jsonl", more: str = "") -> Resource:
    """Return the resource of the shops, pulled from `source` (YAML), with its form declared so."""
    text = str(SHOP["resources/market/shops.yml"])
    text = text.replace("format: csv", f"{form}\nsource: {source}").replace(
        "ignore: [备注]\n", f"ignore: [备注]\n{more}"
    )
    path = lay(folder, {**SHOP, "resources/market/shops.yml": text}) / "resources/market/shops.yml"
    problems = Problems()
    value = read(path, path.name, problems)
    found = None if value is None else resources._resource(value, "market", "shops", _declarations())
    problems.raise_if_any()
    assert found is not None
    return found


@functools.cache
def _declarations() -> Declarations:
    """Return all that is declared, with the shops; read once, for a second each time."""
    with tempfile.TemporaryDirectory() as folder:
        return catalog.load((lay(Path(folder), SHOP),)).declarations


class Pull:
    """A home that pulls one resource from one address."""

    def __init__(self, home: Path, resource: Resource, text: str) -> None:
        self.home, self.resource, self.text = home, resource, text
        self.waits: list[float] = []
        self.clock = datetime.now(UTC)
        self.zone = ZONE

    def __call__(self, *, at: datetime = AT, **more: Any) -> list[Pulled]:
        return Puller(self.home, {"SHOPS": self.text}, at, self.zone, lambda: self.clock, self.waits.append).pull(
            self.resource, **more
        )

    def one(self, **more: Any) -> Pulled:
        """Pull what makes one delivery."""
        [done] = self(**more)
        return done

    def waiting(self) -> list[str]:
        """Return what lies in the inbox, also what the door does not see, but for what folders of ours are for."""
        folder = self.home / "inbox" / "market"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def rows(self, delivery: str | None) -> list[dict[str, str | None]]:
        """Return the rows of a delivery that waits, in order."""
        folder = self.home / "inbox" / "market" / str(delivery)
        manifest = json.loads((folder / "manifest.json").read_bytes())
        lines = [line for each in manifest["files"] for line in (folder / each["name"]).read_bytes().splitlines()]
        return [json.loads(line) for line in lines]

    def receive(self) -> list[door.Arrival]:
        """Let the door take in what waits."""
        return door.receive(self.home, {self.resource.id: self.resource}, AT, ZONE)
