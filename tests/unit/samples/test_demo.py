"""What the demonstration hands over: every department's first day, and of the second what most hangs on."""

from __future__ import annotations

import json
from pathlib import Path

from samples import demo


def test_every_first_delivery_and_the_second_of_two_registers_are_handed_over(tmp_path: Path) -> None:
    for resource in ("police.population", "market.enterprises", "market.penalties"):
        for day in ("2026-11-28", "2026-11-29"):
            folder = tmp_path / resource.partition(".")[0] / f"{resource.replace('.', '-')}-{day}"
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text(json.dumps({"resource": resource, "period": day}))
    assert [folder.name for folder in demo.delivered(tmp_path)] == [
        "market-enterprises-2026-11-28",
        "market-enterprises-2026-11-29",
        "market-penalties-2026-11-28",
        "police-population-2026-11-28",
        "police-population-2026-11-29",
    ]
