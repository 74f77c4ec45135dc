"""Catalogues of others: by a mapping alone, every fault with its place, and files that want to do harm."""

from __future__ import annotations

import json
import socket
from datetime import date
from pathlib import Path
from typing import NoReturn

import pytest

import catalog
from catalog.dcat import graph, json_ld, turtle
from catalog.entries import entries
from catalog.errors import ForeignFileRefused
from catalog.foreign_files import records
from catalog.importing import Import, convert
from catalog.leaving import leaving
from catalog.lists import data_json
from catalog.mapping_reading import built_in, load
from catalog.picking import Fault
from onefile.cli import main
from schemas.errors import DeclarationsRefused

PORTALS = Path(__file__).parents[4] / "shared" / "data" / "catalogues"
BASE = "https://data.city.example/catalog/"
MAPPING = """\
name: next_city
format: json
records: data.rows
id: [id]
fields:
  title: {from: [名称, name], required: true}
  provider_name: {from: org.name}
  update_cycle: {from: 更新, values: {每天: daily}}
  format: {from: 格式, split: ",", strip: "[]' "}
  openness: {constant: unconditional}
  published_on: {from: day}
  items: {from: columns.label}
"""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def by(tmp_path: Path, found: object, mapping: str = MAPPING) -> Import:
    (tmp_path / "m.yml").write_text(mapping, encoding="utf-8")
    read = load(str(tmp_path / "m.yml"))
    return convert(records(json.dumps({"data": {"rows": found}}).encode(), read), read)


def test_a_record_becomes_an_entry_by_paths_words_and_parts(tmp_path: Path) -> None:
    record = {"id": 7, "name": " 房屋\t信息 ", "org": {"name": "住建局"}, "更新": "每天",
              "格式": "['xls', 'api', 'xls']",
              "day": "2026/11/23 08:00", "columns": [{"label": "地址"}, {"label": "面积"}]}  # fmt: skip
    ((entry,), faults) = (by(tmp_path, [record]).entries, by(tmp_path, [record]).faults)
    assert faults == ()
    assert (entry.title, entry.provider_name, entry.update_cycle, entry.format) == (
        "房屋 信息",
        "住建局",
        "daily",
        "xls,api",
    )
    assert (entry.openness, entry.published_on) == ("unconditional", date(2026, 11, 23))
    assert [item.label for item in entry.items] == ["地址", "面积"]
    assert entry.id.startswith("next_city:")


def test_every_fault_is_told_with_its_record_and_counts_add_up(tmp_path: Path) -> None:
    found = by(tmp_path, [{"id": 1, "名称": "甲", "更新": "有时", "day": "soon"}, {"id": 1, "名称": "乙"},
                          {"名称": "丙"},
                          {"id": 2}, "text", None])  # fmt: skip
    assert found.received == len(found.entries) + found.refused == 6
    assert found.faults == (
        Fault(1, "update_cycle", "the word '有时', which the mapping does not know", "an entry under its `values`"),
        Fault(1, "published_on", "what is no day", "YYYY-MM-DD, or its form under `dates`"),
        Fault(2, "id", "the id of record 1 again", "each record once", True),
        Fault(3, "id", "nothing", "a value at id", True),
        Fault(4, "title", "nothing", "a value at 名称 or name", True),
        Fault(5, "", "what is no record", "an object with fields", True),
        Fault(6, "", "what is no record", "an object with fields", True),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: {", "tilte: {", "the field 'tilte'"),
        ("每天: daily", "每天: dayly", "'dayly' for '每天'"),
        ("constant: unconditional", "constant: free", "'free'"),
        ("constant: unconditional", "constant: closed, from: x", "both 'from' and 'constant'"),
        ("{from: org.name}", "{}", "neither 'from' nor 'constant'"),
        ("format: json", "format: xlsx", "'xlsx'"),
        ("name: next_city", "name: ../x", "the name '../x'"),
        ("id: [id]\n", "", "no 'id'"),
        ("fields:", "field:", "the key 'field'"),
        ("name: next_city", "name: [", "what is no YAML"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(DeclarationsRefused) as raised:
        by(tmp_path, [], MAPPING.replace(old, new, 1))
    assert any(said in str(problem) and "m.yml:" in str(problem) for problem in raised.value.problems)


@pytest.mark.parametrize("name", built_in())
def test_every_mapping_that_comes_with_the_project_is_sound(name: str) -> None:
    assert load(name).fields["title"].is_required


@pytest.mark.parametrize(
    ("write", "mapping"),
    [
        (turtle, "dcat_ttl"),
        (json_ld, "dcat_jsonld"),
        (lambda made: made.serialize(format="xml", encoding="utf-8"), "dcat_rdf"),
    ],
    ids=["turtle", "json-ld", "rdf-xml"],
)
def test_what_we_give_out_as_dcat_comes_in_again(write: object, mapping: str) -> None:
    assert callable(write)
    known = catalog.load()
    ours = leaving(entries(known).values())
    made = write(graph(ours, known.declarations.codes["resource_class"], BASE))
    found = convert(records(made, load(mapping)), load(mapping))
    assert found.faults == ()
    theirs = {entry.code: entry for entry in found.entries}
    for entry in ours:
        same = theirs[entry.code]
        for name in ("title", "title_en", "about", "provider_name", "update_cycle", "openness", "published_on"):
            assert getattr(same, name) == getattr(entry, name)


def test_what_we_give_out_as_data_json_comes_in_again() -> None:
    ours = leaving(entries(catalog.load()).values())
    found = convert(records(data_json(ours, BASE), load("data_json")), load("data_json"))
    assert [(e.title, e.update_cycle) for e in found.entries] == [(e.title, e.update_cycle) for e in ours]


def test_ckan_s_answer_comes_in() -> None:
    package = {"id": "a-1", "name": "shops", "title": "Shops", "notes": "All of them",
               "organization": {"title": "City"},
               "metadata_created": "2026-01-02T03:04:05.6", "resources": [{"format": "CSV"}, {"format": "JSON"}],
               "tags": [{"display_name": "trade"}]}  # fmt: skip
    found = convert(records(json.dumps({"result": {"results": [package]}}).encode(), load("ckan")), load("ckan"))
    (entry,) = found.entries
    assert (entry.title, entry.code, entry.provider_name, entry.format) == ("Shops", "shops", "City", "CSV,JSON")
    assert entry.published_on == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("mapping", "data", "said"),
    [
        ("dcat_ttl", b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n\n<a> a dcat:Dataset ; ; .. x", "near line 3"),
        ("dcat_ttl", b"<a> <b> \"never closed", "broken turtle"),
        ("dcat_ttl", b"\xff\xfe<a>", "no UTF-8 in line 1"),
        ("dcat_jsonld", b'{"@context": ', "broken JSON in line 1"),
        ("dcat_jsonld", b"[" * 200_000, "nested without end"),
        ("dcat_rdf", b"<rdf:RDF", "broken rdf-xml"),
        ("dcat_rdf", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "a document type"),
        ("data_json", b"{}", "no list of records at dataset"),
        ("data_json", b'{"dataset": {}}', "no list of records"),
        ("ckan", b"[]", "no list of records at result.results"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_place(mapping: str, data: bytes, said: str) -> None:
    with pytest.raises(ForeignFileRefused, match=said):
        records(data, load(mapping))


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "https://evil.example/c.jsonld"},
        {"@context": ["https://evil.example/c.jsonld", {}]},
        {"@context": {"@import": "https://evil.example/c.jsonld"}},
        {"@context": {"x": {"@id": "urn:x", "@context": "https://evil.example/c.jsonld"}}},
        [{"@graph": [{"@context": "c.jsonld"}]}],
    ],
)
def test_a_remote_context_is_never_fetched(document: object) -> None:
    with pytest.raises(ForeignFileRefused, match="remote JSON-LD context"):
        records(json.dumps(document).encode(), load("dcat_jsonld"))


def test_a_million_blank_nodes_are_refused_before_they_are_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.foreign_files.MAX_TRIPLES", 2_000)
    with pytest.raises(ForeignFileRefused, match="more than 2000 statements"):
        records(b"[] <urn:p> [] .\n" * 1_000_000, load("dcat_ttl"))


@pytest.mark.parametrize(
    ("mapping", "data"),
    [
        ("dcat_jsonld", b'{"@graph": [' + b",".join([b'{"urn:p": {}}'] * 2_000) + b"]}"),
        ("dcat_ttl", b"[] <urn:p> [] .\n" * 2_000),
        ("dcat_ttl", b"_:a <urn:p> _:b .\n" * 2_000),
    ],
)
def test_nodes_without_end_are_refused_before_a_reader_is_asked(
    mapping: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.foreign_files.MAX_TRIPLES", 2_000)
    monkeypatch.setattr("catalog.foreign_files._graph", None)
    with pytest.raises(ForeignFileRefused, match="more than 2000 statements"):
        records(data, load(mapping))


def test_a_record_that_is_broken_now_is_refused_and_not_taken_for_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    (tmp_path / "m.yml").write_text(MAPPING, encoding="utf-8")

    def taken(*rows: dict[str, object]) -> dict[str, int]:
        (tmp_path / "f.json").write_text(json.dumps({"data": {"rows": rows}}), encoding="utf-8")
        call = ["catalog", "import", str(tmp_path / "f.json"), "--mapping", str(tmp_path / "m.yml"), "--json"]
        assert main.run(["--at", "2026-11-23T08:00:00+08:00", *call]) == 0
        told = json.loads(capsys.readouterr().out)
        return {name: told[name] for name in ("taken", "refused", "new", "unchanged", "vanished", "returned")}

    one, two = {"id": 1, "name": "a"}, {"id": 2, "name": "b"}
    assert taken(one, two)["new"] == 2
    assert list(taken(one, {"id": 2}).values()) == [1, 1, 0, 1, 0, 0]
    assert taken(one)["vanished"] == 1
    assert taken(one, two)["returned"] == 1


@pytest.mark.parametrize("name", ["declared", "../x", "a b"])
def test_a_mapping_that_takes_our_own_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeclarationsRefused, match="found the name"):
        by(tmp_path, [], MAPPING.replace("name: next_city", f"name: {name}"))


def test_what_a_foreign_record_says_does_not_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    (tmp_path / "m.yml").write_text(MAPPING, encoding="utf-8")
    row = {"id": 1, "name": "a", "更新": "\x1b[2J\x1b[31mred"}
    (tmp_path / "f.json").write_text(json.dumps({"data": {"rows": [row]}}), encoding="utf-8")
    assert main.run(["catalog", "import", str(tmp_path / "f.json"), "--mapping", str(tmp_path / "m.yml")]) == 0
    out = capsys.readouterr().out
    assert "update_cycle" in out
    assert "\x1b" not in out


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.foreign_files.MAX_BYTES", 10)
    with pytest.raises(ForeignFileRefused, match="11 bytes"):
        records(b"x" * 11, load("ckan"))


def test_nodes_that_hold_each_other_end() -> None:
    ring = b"<a> a <http://www.w3.org/ns/dcat#Dataset> ; <urn:p> <b> . <b> <urn:p> <a> ."
    ring += b"<a> <http://purl.org/dc/terms/title> 't' ."
    assert convert(records(ring, load("dcat_ttl")), load("dcat_ttl")).entries[0].title == "t"


@pytest.mark.skipif(not PORTALS.exists(), reason="the catalogues of real portals lie outside the project")
@pytest.mark.parametrize(("file", "mapping", "received"), [("anhui_anhui", "anhui", 700), ("anhui_luan", "luan", 548)])
def test_a_real_portal_comes_in_whole_and_again_changes_nothing(
    file: str, mapping: str, received: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path))
    call = [
        "--at",
        "2026-11-23T08:00:00+08:00",
        "catalog",
        "import",
        str(PORTALS / f"{file}.json"),
        "--mapping",
        mapping,
        "--json",
    ]
    assert main.run(call) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["received"] == received == first["taken"] + first["refused"]
    assert first["new"] == first["taken"] > received - 10
    assert main.run(call) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["unchanged"], again["new"], again["changed"], again["vanished"]) == (first["taken"], 0, 0, 0)
    assert again["faults"] == first["faults"]


def test_a_changed_entry_becomes_a_version_and_a_vanished_one_is_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    (tmp_path / "m.yml").write_text(MAPPING, encoding="utf-8")

    def take(*rows: dict[str, object]) -> str:
        (tmp_path / "f.json").write_text(json.dumps({"data": {"rows": rows}}), encoding="utf-8")
        assert (
            main.run(
                ["--lang", "en", "catalog", "import", str(tmp_path / "f.json"), "--mapping", str(tmp_path / "m.yml")]
            )
            == 0
        )
        return capsys.readouterr().out.splitlines()[-1]

    one, two = {"id": 1, "名称": "甲地图"}, {"id": 2, "名称": "乙地图"}
    assert take(one, two).endswith("2 new, 0 changed, 0 unchanged, 0 vanished, 0 returned")
    assert take({**one, "更新": "每天"}).endswith("0 new, 1 changed, 0 unchanged, 1 vanished, 0 returned")
    assert main.run(["--lang", "en", "catalog", "search", "地图", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 1
    assert take({**one, "更新": "每天"}, two).endswith("0 new, 0 changed, 2 unchanged, 0 vanished, 1 returned")
