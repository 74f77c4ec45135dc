"""Granted tables in bulk over Delta Sharing: the official client reads them, and nobody gets at anything else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import delta_sharing
import httpx2
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from uvicorn import Config, Server

from catalog import grants, shares
from catalog.grants import Limits
from exchange.http.connections import OPTIONS
from schemas.serving import projections
from schemas.serving.connection import writing
from schemas.serving.projections import FOLDER, Projection
from tests.counter import CATALOGUE, ENTRIES, Open, Shop

POPULATION = "police.population"
FIELDS = ("name", "address")
TABLE = "/delta-sharing/shares/tax_people/schemas/police/tables/population"


@dataclass
class World:
    """A counter that listens, the share `tax_people` with its token, and another department's share with its own."""

    shop: Shop
    opened: Open
    url: str
    grant: str
    other_grant: str
    tokens: dict[str, str]

    @property
    def folder(self) -> Path:
        return self.shop.home / FOLDER / self.grant / "g1"

    def call(self, method: str, path: str, token: str = "tax_people", **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.tokens.get(token, token)}"} if token else {}
        return self.opened.http.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)

    def query(self, body: dict[str, Any] | None = None, token: str = "tax_people") -> httpx2.Response:
        return self.call("POST", f"{TABLE}/query", token, json=body or {})

    def links(self, body: dict[str, Any] | None = None) -> list[str]:
        """Return the links of a query, as paths with their signatures."""
        lines = [json.loads(line) for line in self.query(body).text.splitlines()]
        urls = [urlsplit(line["file"]["url"]) for line in lines if "file" in line]
        return [f"{url.path}?{url.query}" for url in urls]

    def profile(self, folder: Path) -> str:
        file = folder / "tax.share"
        file.write_text(json.dumps({"shareCredentialsVersion": 1, "endpoint": f"{self.url}/delta-sharing/",
                                    "bearerToken": self.tokens["tax_people"]}))  # fmt: skip
        return str(file)


def rows(*given: tuple[str, str, str]) -> pa.Table:
    return pa.table(dict(zip(("_record", *FIELDS), zip(*given, strict=True), strict=True)))


def projected(shop: Shop, grant: str, generation: int = 1, fields: tuple[str, ...] = FIELDS) -> None:
    """Lay a grant's table down as a run leaves it: two rows, then a third, then one that went."""
    place = shop.home / FOLDER / grant / f"g{generation}"
    feed = {"delta.enableChangeDataFeed": "true"}
    write_deltalake(place, rows(("k1", "安娜", "样例路1号"), ("k2", "贝拉", "样例路2号")), configuration=feed)
    write_deltalake(place, rows(("k3", "陈三", "样例路3号")), mode="append")
    DeltaTable(str(place)).delete("_record = 'k1'")
    made = Projection(grant, generation, POPULATION, fields, "", "d", "t", 5, -1, 0, "", "2026-11-30T00:00:00Z")
    with writing(shop.url) as connection:
        projections.keep(connection, made)


def shared(shop: Shop, share_id: str, grant: str) -> str:
    """Make a share of a grant with a token for 30 days; return the token."""
    token = f"token-of-{share_id}"
    with writing(shop.url) as connection:
        shares.create(connection, share_id, [grant], ENTRIES, "tests", shop.at, shop.at.date())
        shares.put_token(connection, share_id, token, shop.at + timedelta(30), shop.at)
    return token


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        shop = Shop(tmp_path / "var", ONEFILE_COUNTER_URL=url)
        ours = shop.grant(POPULATION, FIELDS, "tax", mode="batch")
        others = shop.grant(POPULATION, ("name",), "market", mode="batch")
        projected(shop, ours)
        projected(shop, others, fields=("name",))
        tokens = {name: shared(shop, name, of) for name, of in (("tax_people", ours), ("market_people", others))}
        with shop.open() as opened:
            server = Server(Config(opened.http.app, lifespan="off", **OPTIONS))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            yield World(shop, opened, url, ours, others, tokens)
            server.should_exit = True
            thread.join()


def test_the_official_client_lists_loads_limits_travels_and_reads_changes(world: World, tmp_path: Path) -> None:
    profile = world.profile(tmp_path)
    client = delta_sharing.SharingClient(profile)
    assert [(t.share, t.schema, t.name) for t in client.list_all_tables()] == [("tax_people", "police", "population")]
    assert [each.name for each in client.list_shares()] == ["tax_people"]
    table = f"{profile}#tax_people.police.population"

    def names(**asked: Any) -> list[str]:
        return sorted(delta_sharing.load_as_pandas(table, **asked)["name"])

    assert delta_sharing.get_table_version(table) == 2
    assert names() == ["贝拉", "陈三"]
    assert names(version=1) == ["安娜", "贝拉", "陈三"]
    assert names(version=0) == ["安娜", "贝拉"]
    assert len(names(limit=1)) == 1
    told = delta_sharing.load_table_changes_as_pandas(table, starting_version=0, ending_version=2)
    assert sorted(zip(told["name"], told["_change_type"], told["_commit_version"], strict=True)) == [
        ("安娜", "delete", 2), ("安娜", "insert", 0), ("贝拉", "insert", 0), ("陈三", "insert", 1),
    ]  # fmt: skip


def test_a_query_is_a_look_on_record_and_one_of_the_grant_s_quota(world: World) -> None:
    assert world.query().status_code == 200
    assert world.call("GET", f"{TABLE}/changes?startingVersion=1").status_code == 200
    seen = [(e.kind, e.department, e.client, e.grant, e.resource, e.fields, e.subject) for e in world.opened.looks()]
    mine = ("tax", "tax_people", world.grant, POPULATION, FIELDS, None)
    assert seen == [("shares.query", *mine), ("shares.changes", *mine)]
    with writing(world.shop.url) as connection:
        limits = Limits(quota=1)
        actor = world.shop.actor("authority", CATALOGUE.sharing.authority)
        grants.act(connection, world.grant, "narrow", actor, "x", CATALOGUE.sharing, limits=limits)
    world.shop.at += timedelta(days=1)
    world.opened.counter.quotas.give_back()
    assert [world.query().status_code for _ in range(2)] == [200, 429]
    assert len(world.opened.looks()) == 3


@pytest.mark.parametrize("token", ["", "nonsense", "market_people"])
def test_a_token_opens_its_own_share_and_no_other(world: World, token: str) -> None:
    expected = 404 if token == "market_people" else 401
    for method, path in (("GET", "/delta-sharing/shares/tax_people"), ("GET", f"{TABLE}/version"),
                         ("GET", "/delta-sharing/shares/tax_people/all-tables"), ("GET", f"{TABLE}/metadata"),
                         ("POST", f"{TABLE}/query"), ("GET", f"{TABLE}/changes?startingVersion=0")):  # fmt: skip
        body = {"json": {}} if method == "POST" else {}
        assert world.call(method, path, token, **body).status_code == expected, path
    listed = world.call("GET", "/delta-sharing/shares", token)
    assert token != "market_people" or [each["name"] for each in listed.json()["items"]] == ["market_people"]
    assert world.opened.looks() == []


def test_a_token_that_is_over_or_was_replaced_or_revoked_opens_nothing(world: World) -> None:
    (link,) = world.links({"version": 0})
    with writing(world.shop.url) as connection:
        shares.put_token(connection, "tax_people", "another", world.shop.at + timedelta(2), world.shop.at)
    assert world.query().json()["code"] == "share_token_invalid"
    assert world.query(token="another").status_code == 200
    with writing(world.shop.url) as connection:
        shares.revoke(connection, "tax_people", "over", world.shop.at)
    assert world.query(token="another").status_code == 401
    assert world.call("GET", link, "").json()["code"] == "link_invalid"
    world.shop.at += timedelta(days=31)
    assert world.call("GET", "/delta-sharing/shares", "market_people").status_code == 401


def test_a_link_opens_its_file_without_a_token_often_and_in_parts(world: World) -> None:
    (link,) = world.links({"version": 0})
    whole = world.call("GET", link, "")
    assert (whole.status_code, whole.content[:4]) == (200, b"PAR1")
    part = world.call("GET", link, "", headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, whole.content[4:12])
    assert world.call("GET", link, "").content == whole.content
    assert int(world.call("HEAD", link, "").headers["content-length"]) == len(whole.content)


def test_a_link_that_is_altered_over_or_moved_opens_nothing(world: World) -> None:
    first, second = world.links({"version": 1})
    place, _, signature = first.partition("?")
    until, _, mac = signature.partition("&mac=")
    later = f"until={int(until.removeprefix('until=')) + 9999}"
    flipped = mac[:-1] + ("0" if mac[-1] != "0" else "1")
    log = place.rpartition("/")[0] + "/_delta_log/00000000000000000000.json"
    wrong = {
        "altered": f"{place}?{until}&mac={flipped}",
        "prolonged": f"{place}?{later}&mac={mac}",
        "unsigned": place,
        "moved to another file": f"{second.partition('?')[0]}?{signature}",
        "moved to the log": f"{log}?{signature}",
        "moved out": f"{place.rpartition('/')[0]}/..%2F..%2F..%2Fserving.db?{signature}",
        "moved to another share": f"{place.replace('tax_people', 'market_people')}?{signature}",
        "moved to another grant": f"{place.replace(world.grant, world.other_grant)}?{signature}",
        "moved to another generation": f"{place.replace('/1/', '/2/')}?{signature}",
    }
    for how, link in wrong.items():
        assert world.call("GET", link, "").status_code == 403, how
    world.shop.at += timedelta(hours=1)
    assert world.call("GET", first, "").status_code == 403


def test_predicates_and_versions_reach_no_other_rows(world: World) -> None:
    plain = [link.partition("?")[0] for link in world.links()]
    for body in (
        {"predicateHints": ["1 = 1) OR (1 = 1", "name IS NOT NULL"]},
        {"jsonPredicateHints": json.dumps({"op": "not", "children": [{"op": "literal", "value": "false"}]})},
    ):
        assert [link.partition("?")[0] for link in world.links(body)] == plain
    for body in ({"version": 99}, {"timestamp": "1999-01-01T00:00:00Z"}):
        assert world.query(body).json()["code"] == "version_not_kept", body
    for body in ({"version": -1}, {"version": 2**70}, {"version": "0' OR 1"}, {"limitHint": -1}):
        assert world.query(body).status_code == 422, body
    assert world.query({"timestamp": "yesterday"}).status_code == 400
    for asked in ("startingVersion=3", "startingVersion=2&endingVersion=1"):
        assert world.call("GET", f"{TABLE}/changes?{asked}").status_code == 404, asked
    assert world.call("GET", f"{TABLE}/changes").status_code == 400


def test_what_a_narrowed_or_suspended_grant_gave_is_out_of_reach_at_once(world: World) -> None:
    (link,) = world.links({"version": 0})
    authority = world.shop.actor("authority", CATALOGUE.sharing.authority)
    with writing(world.shop.url) as connection:
        grants.act(connection, world.grant, "narrow", authority, "x", CATALOGUE.sharing, limits=Limits(("name",)))
    assert world.query().json()["code"] == "rows_not_supplied"
    assert world.call("GET", link, "").status_code == 403
    projected(world.shop, world.grant, 2, ("name",))
    assert world.query().status_code == 200
    assert world.call("GET", link, "").status_code == 403
    with writing(world.shop.url) as connection:
        grants.act(connection, world.grant, "suspend", authority, "x", CATALOGUE.sharing)
    assert world.query().json()["code"] == "grant_not_in_force"


def test_a_table_vacuumed_while_it_is_read_gives_whole_files_or_none(world: World) -> None:
    old, new = world.links({"version": 0})[0], world.links()
    with httpx2.stream("GET", world.url + old) as answer:
        chunks = answer.iter_raw()
        begun = next(chunks)
        DeltaTable(str(world.folder)).vacuum(0, dry_run=False, enforce_retention_duration=False)
        content = begun + b"".join(chunks)
    assert (content[:4], content[-4:], len(content)) == (b"PAR1", b"PAR1", int(answer.headers["content-length"]))
    assert world.call("GET", old, "").json()["code"] == "link_invalid"
    assert world.query({"version": 0}).json()["code"] == "version_not_kept"
    assert [world.call("GET", link, "").status_code for link in new] == [200] * len(new)
    assert world.query().status_code == 200
