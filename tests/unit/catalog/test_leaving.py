"""What leaves: open and published, no persons, no contacts; in forms that hold to their specifications."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph

import catalog
from catalog.dcat import FREQUENCIES, graph, json_ld, turtle
from catalog.entries import entries
from catalog.leaving import leaving, redacted
from catalog.lists import CYCLES, GUIDE, PERIODS, data_json, guide_csv
from onefile.cli import main
from schemas.model import UPDATE_CYCLES

SHAPES = Path(__file__).parents[4] / "shared" / "data" / "dcat-ap-3.0.1-SHACL.ttl"
BASE = "https://data.city.example/catalog/"
KNOWN = catalog.load()
ENTRIES = entries(KNOWN)
CLASSES = KNOWN.declarations.codes["resource_class"]
OPEN = leaving(ENTRIES.values())
needs_shapes = pytest.mark.skipif(not SHAPES.exists(), reason="the shapes of DCAT-AP lie outside the project")


def conforms(made: bytes, form: str) -> bool:
    return bool(validate(Graph().parse(data=made, format=form), shacl_graph=Graph().parse(SHAPES), advanced=True)[0])


@needs_shapes
@pytest.mark.parametrize(("write", "form"), [(turtle, "turtle"), (json_ld, "json-ld")], ids=["turtle", "json-ld"])
def test_dcat_holds_to_the_official_shapes(write: object, form: str) -> None:
    assert callable(write)
    every = [
        replace(OPEN[0], code=f"102001/{number:06d}", update_cycle=cycle, openness=openness, published_on=None)
        for number, (cycle, openness) in enumerate(product(UPDATE_CYCLES, ("conditional", "unconditional")), 10)
    ]
    assert conforms(write(graph([*OPEN, *every], CLASSES, BASE)), form)


@needs_shapes
def test_the_shapes_find_a_dataset_without_its_title() -> None:
    made = graph(OPEN, CLASSES, BASE)
    for dataset in made.subjects(RDF.type, DCAT.Dataset):
        made.remove((dataset, DCTERMS.title, None))
    assert not conforms(turtle(made), "turtle")


def test_turtle_and_json_ld_say_the_same_and_the_same_each_time() -> None:
    made = graph(OPEN, CLASSES, BASE)
    assert turtle(made) == turtle(graph(OPEN, CLASSES, BASE))
    assert set(Graph().parse(data=json_ld(made), format="json-ld")) == set(Graph().parse(data=turtle(made)))
    assert json.loads(json_ld(made))["@context"]["dcat"] == str(DCAT)


def test_only_what_is_open_and_published_leaves() -> None:
    assert {"market.food_permits", "market.public_register"} <= {entry.id for entry in OPEN}
    assert "police.population" not in {entry.id for entry in OPEN}
    one = ENTRIES["market.food_permits"]
    kept = [replace(one, state=state) for state in ("draft", "in_review", "in_withdrawal", "withdrawn")]
    assert leaving([*kept, replace(one, openness="closed"), replace(one, kind="foreign")]) == []


def test_items_of_persons_never_leave() -> None:
    one = ENTRIES["police.population"]
    (left,) = leaving([replace(one, openness="conditional")])
    assert [item.name for item in left.items] == ["updated_on"]
    assert "公民身份号码" not in turtle(graph([left], CLASSES, BASE)).decode()


@pytest.mark.parametrize(
    "contact",
    ["13800138000", "138 0013 8000", "+86-13800138000", "0755-12345678", "（0755）12345678", "400-123-4567",
     "a.b@x.gov.cn",
     "电话：12345678", "咨询电话1234567", "热线 12345", "１３８００１３８０００", "Tel: 8765 4321", "x＠y.com",
     "0755-1234-8000", "(0755) 1234 8000", "138.0013.8000", "+1 202 555 1234", "86-755-12348000", "tel. 12348000",
     "12345政务服务热线", "联系人：王五 12348000", "电话0755 1234 8000转12345", "a.b (at) x.gov.cn"],
)  # fmt: skip
def test_telephones_and_e_mails_are_blotted_out(contact: str) -> None:
    said = redacted(f"详情请联系{contact}。")
    assert "…" in said
    assert not any(part in said for part in ("8000", "1234", "4321", "x.gov", "y.com"))


@pytest.mark.parametrize(
    "text", ["2026年统计 1949-2025", "GB 18030", "91690101MA00000158", "440101198001", "编号 20230000403",
             "hotel 20240101", "电话咨询2024年数据", "102001/000001",
             "手机号码，长度 11", "移动电话用户 12345 户", "Order 809 of 2025-05-28, art. 20"]
)  # fmt: skip
def test_years_and_codes_are_left(text: str) -> None:
    assert redacted(text) == text


def test_contacts_leave_in_no_form() -> None:
    bad = leaving([replace(ENTRIES["market.food_permits"], about="电话 0755-12345678, a@b.cn", title="x 13800138000")])
    for made in (
        turtle(graph(bad, CLASSES, BASE)),
        json_ld(graph(bad, CLASSES, BASE)),
        data_json(bad, BASE),
        guide_csv(bad),
    ):
        assert not any(word in made.decode() for word in ("12345678", "a@b.cn", "13800138000"))


@pytest.mark.parametrize("name", ["title", "title_en", "about", "provider_name", "share_condition", "open_condition"])
def test_no_text_of_an_entry_lets_a_contact_leave(name: str) -> None:
    entry = replace(ENTRIES["market.food_permits"], openness="conditional", **{name: "ask 0755-12345678, a@b.cn"})
    bad = leaving([entry])
    for made in (turtle(graph(bad, CLASSES, BASE)), data_json(bad, BASE), guide_csv(bad)):
        assert not any(word in made.decode() for word in ("12345678", "a@b.cn"))


def test_long_texts_are_looked_through_in_little_time() -> None:
    began = time.process_time()
    for text in ("0" * 20_000, "a" * 20_000 + "@", "+1" * 10_000, "联系人" + "1(" * 10_000):
        redacted(text)
    assert time.process_time() - began < 10


def test_data_json_has_what_the_schema_requires_but_for_the_e_mail() -> None:
    found = json.loads(data_json(OPEN, BASE))["dataset"]
    wanted = {"title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel"}
    assert all(wanted <= set(dataset) for dataset in found)
    assert found[0]["accessLevel"] == "public"


def test_the_guide_s_csv_has_a_row_for_each_item_and_no_formula() -> None:
    bad = replace(OPEN[0], title="=cmd()", about='a "quoted", text\nof two lines')
    rows = list(csv.reader(io.StringIO(guide_csv([bad]).decode("utf-8-sig"))))
    assert tuple(rows[0]) == GUIDE
    assert len(rows) == 1 + len(bad.items)
    assert rows[1][1] == "'=cmd()"
    assert rows[1][5] == bad.about
    assert rows[1][10] == "1"


def test_every_update_cycle_has_its_word_in_every_form() -> None:
    assert set(FREQUENCIES) == set(PERIODS) == set(CYCLES) == set(UPDATE_CYCLES)


@pytest.mark.parametrize("form", ["turtle", "jsonld", "data.json", "csv"])
def test_the_verb_writes_each_form(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--lang", "en", "catalog", "export", str(tmp_path / "x"), "--as", form, "--base", BASE]) == 0
    assert capsys.readouterr().out == f"{len(OPEN)} open entries written\n"
    assert "105002" in (tmp_path / "x").read_text(encoding="utf-8-sig")
    assert main.run(["--lang", "en", "catalog", "export", str(tmp_path / "y"), "--as", form, "--base", "ftp://x/"]) == 2
