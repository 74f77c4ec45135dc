"""One notice for a bundle: everything once, as JSON, as text, as a page."""

from __future__ import annotations

import json
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

import catalog
from catalog.errors import AnswerRefused, UnknownItem
from catalog.notice import Demand, Notice, notice
from catalog.notice_forms import as_json, as_text
from catalog.notice_page import page
from onefile.cli import main
from schemas.logic import Facts, Found
from schemas.service_items import Way

KNOWN = catalog.load().declarations
DAY = date(2026, 11, 29)


def of(name: str, **answers: Found) -> Notice:
    return notice(KNOWN, name, Facts(DAY, answers=answers))


def demand(found: Notice, label: str) -> Demand:
    (one,) = [each for each in found.demands if each.label.zh == label]
    return one


def test_a_bundle_asks_each_question_and_demands_each_material_once() -> None:
    found = of("restaurant", premises="rented", business="catering")
    names = [each.question.name for each in found.questions]
    assert names.count("premises") == names.count("area_m2") == 1
    licence = demand(found, "营业执照")
    assert set(licence.items) == {
        "seal_registration", "taxpayer_registration", "employer_insurance", "food_permit", "fire_safety_check",
        "signboard_permit",
    }  # fmt: skip
    assert (licence.is_needed, licence.source, licence.earlier) == (True, "earlier", ("enterprise_registration",))
    lease = demand(found, "房屋租赁合同")
    assert lease.items == ("enterprise_registration", "food_permit", "signboard_permit")
    assert [names for _, names in lease.promises] == [("enterprise_registration",)]
    assert len([entry for entry in found.form if entry.way == Way("attribute", "applicant", "number")]) == 1
    assert found.doubles == {"questions": 3, "materials": 9, "fields": 16, "conditions": 2}


@pytest.mark.parametrize("name", [*KNOWN.bundles, *KNOWN.items])
def test_counts_of_doubles_add_up_and_nothing_stands_twice(name: str) -> None:
    found = of(name)
    assert sum(len(item.materials) for item in found.items) == len(found.demands) + found.doubles["materials"]
    assert sum(len(item.form) for item in found.items) == len(found.form) + found.doubles["fields"]
    assert sum(len(item.questions) for item in found.items) == len(found.questions) + found.doubles["questions"]
    covered = {(item, d.label.zh) for d in found.demands for item in d.items}
    assert len({item for item, _ in covered}) == len(found.items)
    ways = [entry.way for entry in found.form if entry.way is not None]
    assert len(ways) == len(set(ways))
    assert len(found.basis) == len(set(found.basis))


def test_days_run_along_the_longest_chain_of_items_that_wait_for_each_other() -> None:
    retire = of("retire")  # claim 10, then medical 3 or fund 1; allowance 10 and card 5 wait for nothing
    assert (retire.promised_days, retire.legal_days) == (13, None)
    assert of("food_permit").promised_days == 5
    assert (of("food_permit").legal_days, of("birth_certificate").legal_days) == (20, None)
    assert of("move_house").visits == 1


def test_an_item_alone_takes_the_licence_where_a_bundle_takes_the_earlier_result() -> None:
    licence = demand(of("food_permit"), "营业执照")
    assert (licence.source, licence.earlier) == ("shared", ())


def test_why_a_material_is_needed_is_told_by_item() -> None:
    found = of("restaurant", premises="own")
    lease = demand(found, "房屋租赁合同")
    assert lease.is_needed is False
    assert {reason.test for reasons in lease.why.values() for reason in reasons} == {"premises = rented"}


def test_what_there_is_not_is_told() -> None:
    with pytest.raises(UnknownItem, match="did you mean 'restaurant'"):
        of("restaurent")
    with pytest.raises(AnswerRefused, match="'colour', which nothing here asks"):
        of("restaurant", colour="red")


def test_the_notice_as_json_is_whole_and_in_both_languages() -> None:
    found = json.loads(json.dumps(as_json(of("birth", is_single=True))))
    assert set(found) == {
        "format", "name", "label", "about", "items", "questions", "conditions", "materials", "form", "basis",
        "promised_days", "legal_days", "visits", "doubles_removed",
    }  # fmt: skip
    assert found["label"] == {"zh": "新生儿出生一件事", "en": "A child is born"}
    (statement,) = [each for each in found["materials"] if each["label"]["zh"] == "单方申领声明"]
    assert statement["why"] == {"birth_certificate": [{"test": "is_single", "is_met": True}]}
    assert statement["source"] == "applicant"


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "前序事项结果：企业设立登记"), ("en", "result of Registration of an enterprise")]
)
def test_the_notice_as_text_speaks_the_language(lang: str, said: str) -> None:
    text = as_text(of("restaurant"), KNOWN, lang)
    assert said in text
    assert {
        "zh": "经营场所是自有还是租用: 请回答: own 自有、rented 租用",
        "en": "premises  Are the premises owned or let",
    }[lang] in text


class Reader(HTMLParser):
    """Checks that what is opened is closed, and gathers links and ids."""

    VOID = frozenset(["meta", "br", "link", "img", "hr", "input"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", [*KNOWN.bundles, "food_permit"])
def test_the_page_is_self_contained_bilingual_and_reached_by_the_keyboard(name: str) -> None:
    reader = Reader()
    text = page(of(name), KNOWN)
    reader.feed(text)
    assert reader.open == []
    ids = {attrs["id"] for _, attrs in reader.tags if "id" in attrs}
    links = [attrs["href"] or "" for tag, attrs in reader.tags if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= ids
    assert links[0] == "#main"
    assert {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "form"} == set()
    assert "http://" not in text
    assert "https://" not in text
    assert not any(name.startswith("on") for _, attrs in reader.tags for name in attrs)
    spans = [attrs.get("lang") for tag, attrs in reader.tags if tag == "span"]
    assert spans.count("zh") == spans.count("en") > 20
    assert all("scope" in attrs for tag, attrs in reader.tags if tag == "th")


def test_what_a_declaration_says_is_no_markup_in_the_page() -> None:
    from dataclasses import replace

    from schemas.service_items import Words

    evil = Words("<script>x</script>", '"><img src=x onerror=y>')
    item = replace(KNOWN.items["food_permit"], label=evil)
    text = page(notice(replace(KNOWN, items={**KNOWN.items, "food_permit": item}), "food_permit", Facts(DAY)), KNOWN)
    assert "<script" not in text
    assert "<img" not in text


def run(*arguments: str, lang: str = "en") -> int:
    return main.run(["--lang", lang, "--at", "2026-11-29T08:00:00+08:00", "items", *arguments])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    return tmp_path


def test_the_verb_shows_items_and_bundles_in_every_form(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "0102", "--answer", "premises=rented") == 0
    assert "[needed] Lease contract" in capsys.readouterr().out
    assert run("show", "restaurant", "--answer", "premises=own", "--as", "page", "--out", str(home / "n.html")) == 0
    assert (home / "n.html").read_text("utf-8").startswith("<!doctype html>")
    assert run("show", "restaurant", "--json") == 0
    assert json.loads(capsys.readouterr().out)["format"] == "onefile.notice/1"
    assert run("show", "restaurant", "--answer", "premises=hired") == 1
    assert "wanted is one of own, rented" in capsys.readouterr().err
    assert run("show", "restaurant", "--answer", "premises") == 1
    assert run("show", "nothing") == 1
    assert "no item" in capsys.readouterr().err


def test_the_verb_lists_declared_items_and_a_bundle_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {item["source"] for item in found} == {"declared"}
    assert len(found) == len(KNOWN.items)
    assert run("list", "--bundle", "birth", "--json") == 0
    assert [item["id"] for item in json.loads(capsys.readouterr().out)] == list(KNOWN.bundles["birth"].items)
    assert run("list", "--bundle", "death") == 1
    assert run("list", "--department", "police") == 0
    assert "公章刻制备案" not in capsys.readouterr().out  # in English
