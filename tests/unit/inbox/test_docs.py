"""The pages about deliveries say what the code does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import catalog
from inbox import departments, door, names
from inbox.refusals import Refusal
from inbox.wordings import WORDINGS
from tests.unit.inbox.hands import NOON, SHANGHAI

DOCS = Path(__file__).parents[3] / "docs"
START = "<!-- reasons: made by tests/unit/inbox/test_docs.py from inbox/wordings.py -->\n"
END = "<!-- end of reasons -->"


class Placeholders(dict):
    """Gives for each fact its name in ‹…›; the place is a file and a row."""

    def __missing__(self, key: str) -> str:
        return "‹file, row›" if key == "place" else f"‹{key.removesuffix('_zh')}›"


def table() -> str:
    """Return the table of reasons as the page must have it."""
    lines = ["| reason | found | wanted | what to do | 中文 |", "| --- | --- | --- | --- | --- |"]
    for reason, wording in WORDINGS.items():
        found, wanted, do = (_told(text) for text in wording["en"])
        zh_found, _, zh_do = (_told(text) for text in wording["zh"])
        lines.append(f"| `{reason}` | {found} | {wanted} | {do} | {zh_found}：{zh_do} |")
    return "\n".join(lines) + "\n"


def _told(text: str) -> str:
    return text.replace("!r}", "}").format_map(Placeholders()).replace("|", "\\|")


def test_the_how_to_lists_every_reason_in_the_words_of_the_code():
    page = (DOCS / "how-to" / "deliver.md").read_text()
    actual = page[page.index(START) + len(START) : page.index(END)]
    assert actual == table(), f"put this into docs/how-to/deliver.md:\n{table()}"


def test_the_reference_lists_every_name_that_is_ours():
    page = (DOCS / "reference" / "deliveries.md").read_text()
    for name in names.RESERVED_NAMES:
        assert f"`{name}`" in page


@pytest.mark.parametrize("reason", WORDINGS)
def test_every_reason_has_the_same_facts_in_both_languages(reason: str):
    assert _facts(WORDINGS[reason]["zh"]) == _facts(WORDINGS[reason]["en"])


def test_a_refusal_needs_a_reason_of_the_list():
    with pytest.raises(KeyError):
        Refusal("because")


def test_a_refusal_is_kept_and_read_back():
    refusal = Refusal("rows_differ", {"file": "{place} %s.csv", "found": 2, "wanted": 3})
    assert Refusal.from_json(refusal.as_json()) == refusal
    assert refusal.words("en").found == "'{place} %s.csv' has 2 data rows"
    assert Refusal("quoting", {"row": 0}).words("zh").found.startswith("文件 的表头")


def _facts(wording: tuple[str, str, str]) -> set[str]:
    asked: dict[str, str] = {}

    class Asked(Mapping):
        def __getitem__(self, key: str) -> str:
            return asked.setdefault(key.removesuffix("_zh"), "")

        def __iter__(self):
            return iter(asked)

        def __len__(self) -> int:
            return len(asked)

    for text in wording:
        text.format_map(Asked())
    return set(asked)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the page signs with openssl")
def test_the_pages_commands_make_a_signed_delivery_that_the_door_takes(tmp_path: Path):
    blocks = (DOCS / "how-to" / "deliver.md").read_text().split("```sh\n")[1:]
    by_hand, make_keys = (block.split("```")[0] for block in blocks[1:3])
    (declared,) = [r for r in catalog.load().resources.values() if r.id == "tax.registrations"]
    content = declared.delimiter.join(declared.headers).encode(declared.encoding) + b"\n"
    (tmp_path / f"registrations.{declared.format}").write_bytes(content)
    script = "\n".join([*(line for line in make_keys.splitlines() if line.startswith("openssl")), by_hand])
    env = {"PATH": os.environ["PATH"], "ONEFILE_HOME": str(tmp_path / "home")}
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, env=env, check=True)
    departments.add(tmp_path / "home", "tax", (tmp_path / "key.pub").read_bytes(), NOON)
    (arrival,) = door.receive(tmp_path / "home", {declared.id: declared}, NOON, SHANGHAI)
    assert (arrival.status, arrival.refusal) == ("taken", None)
    assert arrival.note.signed_by is not None
