"""Which earlier number leads to which present one, and which is used by nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import bridging
from pipelines.bridging import AMBIGUOUS, CIRCULAR, IN_USE, UNSOUND, USED, Bridges, Told, holding

OLDEST, OLD, NOW, OTHER = "690101196001010011", "690101196001010038", "690101196001010054", "690101196001010070"
FIRM, ORGANISATION, REGISTRATION = "91110000600037341L", "600037341", "110108000000016"


def told(
    earlier: str | None, number: str | None, record: str = "r1", *, resource: str = "police.population", day: int = 1,
    seq: int = 1, since: date | None = None, is_withdrawn: bool = False, kind: str = "person", type_: str | None = None,
) -> Told:  # fmt: skip
    at = datetime(2026, 1, day, tzinfo=UTC)
    return Told(
        kind, type_, earlier, number, resource, resource.split(".")[0], record, "earlier", f"d{seq}", seq, 1, since,
        date(2026, 1, day), at, is_withdrawn,
    )  # fmt: skip


def states(found: Bridges) -> dict[str, tuple[str, str | None]]:
    return {bridge.earlier: (bridge.state, bridge.present) for bridge in found.every}


def test_a_chain_leads_to_the_newest_number() -> None:
    found = holding([told(OLD, NOW, "r1"), told(OLDEST, OLD, "r2")])
    assert states(found) == {OLDEST: (USED, NOW), OLD: (USED, NOW)}
    assert found.families("person") == {NOW: {OLDEST, OLD, NOW}}


def test_two_that_lead_to_different_numbers_are_used_by_nobody() -> None:
    found = holding([told(OLD, NOW, "r1"), told(OLD, OTHER, "r2", resource="street.residents")])
    assert [(b.state, b.present) for b in found.every] == [(AMBIGUOUS, None)] * 2
    assert found.of("person") == {}


def test_two_ways_to_the_same_number_do_not_contradict_each_other() -> None:
    found = holding([told(OLDEST, OLD, "r1"), told(OLDEST, NOW, "r2"), told(OLD, NOW, "r3")])
    assert found.of("person") == {OLDEST: NOW, OLD: NOW}


@pytest.mark.parametrize("way", [(OLD, NOW, OLD), (OLDEST, OLD, NOW, OLDEST)])
def test_a_circle_is_used_by_nobody_and_what_leads_into_it_ends_there(way: tuple[str, ...]) -> None:
    circle = [told(a, b, f"r{n}") for n, (a, b) in enumerate(pairwise(way))]
    found = holding([*circle, told(OTHER, way[0], "before")])
    assert states(found) == dict.fromkeys(way, (CIRCULAR, None)) | {OTHER: (USED, way[0])}


def test_a_long_chain_is_followed() -> None:
    numbers = [f"{n:018}" for n in range(5000)]
    found = holding([told(a, b, a) for a, b in pairwise(numbers)])
    assert {*found.of("person").values()} == {numbers[-1]}


def test_the_last_statement_of_a_record_counts_and_a_withdrawn_one_says_nothing() -> None:
    said = [told(OLD, NOW, day=1, seq=1), told(OLD, OTHER, day=2, seq=2)]
    assert holding(said).of("person") == {OLD: OTHER}
    assert holding(said, lambda each: each.seq == 1).of("person") == {OLD: NOW}
    assert holding([*said, told(None, NOW, day=3, seq=3)]).of("person") == {}
    assert holding([*said, told(None, None, day=3, seq=3, is_withdrawn=True)]).of("person") == {}


def test_an_earlier_number_of_an_enterprise_is_read_by_its_type_and_an_unsound_one_told() -> None:
    firm = {"kind": "enterprise", "resource": "market.enterprises"}
    found = holding(
        [
            told("110108000000016", FIRM, "r1", type_="registration_number", **firm),  # type: ignore[arg-type]
            told("110108600037341", FIRM, "r2", type_="tax_number", **firm),  # type: ignore[arg-type]
            told("110108000000017", FIRM, "r3", type_="registration_number", **firm),  # type: ignore[arg-type]
        ]
    )
    assert found.of("enterprise") == {REGISTRATION: FIRM, ORGANISATION: FIRM}
    assert states(found)["110108000000017"] == (UNSOUND, None)
    assert [(b.type, b.earlier) for b in found.used("enterprise")] == [
        ("registration_number", REGISTRATION), ("organisation_code", ORGANISATION),
    ]  # fmt: skip


def test_of_several_sources_each_is_kept_with_its_earliest_day() -> None:
    found = holding(
        [
            told(OLD, NOW, "r1", since=date(2020, 1, 1)),
            told(OLD, NOW, "r2", since=date(2019, 1, 1)),
            told(OLD, NOW, "r3", resource="street.residents"),
        ]
    )
    assert [(b.told.resource, b.since) for b in found.used("person")] == [
        ("police.population", date(2019, 1, 1)), ("street.residents", date(2026, 1, 1)),
    ]  # fmt: skip


def test_what_differs_is_told_of_both_ends() -> None:
    before, now = holding([told(OLD, NOW)]), holding([told(OLD, OTHER)])
    assert now.differing(before, "person") == {OLD, NOW, OTHER}
    assert now.differing(now, "person") == set()
    assert now.differing(Bridges(), "enterprise") == set()


NUMBERS = st.sampled_from([OLDEST, OLD, NOW, OTHER])
STATEMENTS = st.builds(
    told, st.none() | NUMBERS, st.none() | NUMBERS, st.sampled_from(["r1", "r2", "r3"]),
    resource=st.sampled_from(["police.population", "street.residents"]), day=st.integers(1, 9), seq=st.integers(1, 4),
    is_withdrawn=st.booleans(), kind=st.sampled_from(["person", "other"]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(STATEMENTS, max_size=12), st.lists(STATEMENTS, max_size=4), st.sets(st.integers(1, 4)))
def test_of_two_times_only_what_hangs_together_with_a_change_is_weighed(
    said: list[Told], gone: list[Told], new: set[int]
) -> None:
    before = [each for each in (*said, *gone) if each.seq not in new]
    here, there = bridging.apart(said, before)
    now, then = holding(said), holding(before)
    for kind in ("person", "other"):
        assert here.differing(there, kind) == now.differing(then, kind)


def test_what_has_nothing_to_do_with_a_change_is_left_out() -> None:
    said = [told(OLDEST, OLD, "r1"), told(NOW, OTHER, "r2", seq=2)]
    here, there = bridging.apart(said, said[:1])
    assert ([*here.of("person")], there) == ([NOW], Bridges())


def test_a_number_that_leads_to_itself_is_no_bridge() -> None:
    assert holding([told(OLD, OLD)]) == bridging.Bridges()


def own(number: str, day: int, *, resource: str = "police.population", is_withdrawn: bool = False) -> Told:
    return told(None, number, f"of {number}", resource=resource, day=day, seq=day, is_withdrawn=is_withdrawn)


def test_a_number_that_its_register_goes_on_using_is_nobody_s_earlier_one() -> None:
    bridge = told(OLD, NOW, day=10, since=date(2026, 1, 5))
    assert states(holding([bridge, own(OLD, 11)])) == {OLD: (IN_USE, None)}
    assert holding([bridge, own(OLD, 10)]).of("person") == {OLD: NOW}
    assert holding([bridge, own(OLD, 11, resource="street.residents")]).of("person") == {OLD: NOW}
    assert holding([bridge, own(OLD, 11), own(OLD, 12, is_withdrawn=True)]).of("person") == {OLD: NOW}
    assert holding([bridge, own(OLD, 11)], lambda each: each.observed_on.day != 11).of("person") == {OLD: NOW}


def test_a_change_to_come_is_held_against_use_after_it() -> None:
    bridge = told(OLD, NOW, day=10, since=date(2026, 1, 20))
    assert holding([bridge, own(OLD, 20)]).of("person") == {OLD: NOW}
    assert states(holding([bridge, own(OLD, 21)])) == {OLD: (IN_USE, None)}


def test_a_bridge_that_is_stated_again_is_still_held_against_use_since_it_was_first_stated() -> None:
    first, again = told(OLD, NOW, day=10, seq=10), told(OLD, NOW, day=20, seq=20)
    assert states(holding([first, own(OLD, 15), again])) == {OLD: (IN_USE, None)}
    assert holding([own(OLD, 15), again]).of("person") == {OLD: NOW}


def test_what_leads_to_a_number_in_use_ends_there_and_no_other_register_leads_on() -> None:
    found = holding(
        [
            told(OLDEST, OLD, "r0", day=1), told(OLD, NOW, "r1", day=2), own(OLD, 5),
            told(OLD, OTHER, "r2", resource="street.residents"),
        ]
    )  # fmt: skip
    assert found.of("person") == {OLDEST: OLD}
    assert {(b.told.number, b.state) for b in found.every if b.earlier == OLD} == {(NOW, IN_USE), (OTHER, IN_USE)}
