"""Which value of an attribute wins, why, and what the others say. Pure; rules from the declarations.

What the records of many subjects say of one attribute comes in as columns. The lead's value
wins; then the lower declared rank; then the later observed day; what is still even is settled
by what was learnt later, never by chance. A record observed after the subject's end speaks
last, unless it is the lead's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines import columnwise

REASONS = pa.array(["lead", "after_end", "only", "rank", "fresher", "later", "agrees"])
LEAD, AFTER_END, ONLY, RANK, FRESHER, LATER, AGREES = range(7)
LINEAGE = ("resource", "department", "record", "delivery", "row_no", "observed_on")
_BEFORE_RANK = 1 << 32

Places = np.ndarray
"""Places of entries, records or subjects: whole numbers, one an entry."""


@dataclass(frozen=True)
class Records:
    """The records of a bucket, a place each: since when they are true (days), when learnt, and where from."""

    observed_on: Places
    seq: Places
    row_no: Places
    lineage: dict[str, pa.Array]


@dataclass(frozen=True)
class Said:
    """What records say of one attribute, an entry a value: of which subject, by which record, at which rank."""

    subject: Places
    record: Places
    is_lead: np.ndarray
    rank: Places
    value: pa.Array


@dataclass(frozen=True)
class Judged:
    """Who wins, and what the others say.

    `first` has for each subject the entry that wins, -1 where nothing is said; `reason` why, as a place in
    `REASONS`. `others` has the best entry of each other resource; `other_reason` why it lost, or that it agrees.
    """

    first: Places
    reason: Places
    others: Places
    other_reason: Places


def judge(said: Said, records: Records, subjects: int, ended_on: Places | None) -> Judged:
    """Choose among what is said of an attribute.

    Args:
        subjects: how many there are.
        ended_on: each subject's last day, in days as `Records.observed_on`; None where the attribute itself says it.
    """
    observed = records.observed_on[said.record]
    after_end = np.zeros(len(observed), bool) if ended_on is None else observed > ended_on[said.subject]
    after_end &= ~said.is_lead
    weight = (2 * ~said.is_lead + after_end) * _BEFORE_RANK + said.rank
    first = np.full(subjects, -1)
    first[said.subject] = np.arange(len(observed))
    several = np.flatnonzero(np.bincount(said.subject, minlength=subjects)[said.subject] > 1)
    reason = np.full(subjects, ONLY)
    order = several[_order(said, records, weight, several)]
    starts = np.flatnonzero(np.diff(said.subject[order], prepend=-1))
    best, second = order[starts], order[starts + 1]
    first[said.subject[best]] = best
    reason[said.subject[best]] = np.select(
        [
            (said.rank[best] < said.rank[second]) | (after_end[best] != after_end[second]),
            observed[best] > observed[second],
        ],
        [RANK, FRESHER],
        LATER,
    )
    won = np.flatnonzero(first >= 0)
    reason[won[after_end[first[won]]]] = AFTER_END
    reason[won[said.is_lead[first[won]]]] = LEAD
    others, agrees = _others(said, records, order, starts)
    winner = first[said.subject[others]]
    other_reason = np.select(
        [
            agrees,
            after_end[others],
            said.is_lead[winner] != said.is_lead[others],
            said.rank[winner] < said.rank[others],
            observed[winner] > observed[others],
        ],
        [AGREES, AFTER_END, LEAD, RANK, FRESHER],
        LATER,
    )
    return Judged(first, reason, others, other_reason)


def _order(said: Said, records: Records, weight: Places, several: Places) -> Places:
    """Return the order of entries: by subject, the best first."""
    record = said.record[several]
    keys = [
        -records.row_no[record],
        -records.seq[record],
        -records.observed_on[record],
        weight[several],
        said.subject[several],
    ]
    order = np.lexsort(keys)
    if not any(_are_even(keys, order)):
        return order
    places = pa.array(record)
    last = [records.lineage[name].take(places) for name in ("delivery", "record", "department", "resource")]
    last.append(columnwise.text(said.value.take(pa.array(several))))
    return np.lexsort([*(columnwise.ranks(values) for values in last), *keys])


def _are_even(keys: list[Places], order: Places) -> np.ndarray:
    """Say of each entry but the first whether it is even with the one before it."""
    even: np.ndarray = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    return even


def _others(said: Said, records: Records, order: Places, starts: Places) -> tuple[Places, np.ndarray]:
    """Return of ordered entries the best of each resource that is not the first one's, and which say what that says."""
    resource, resources = columnwise.codes(records.lineage["resource"].take(pa.array(said.record[order])))
    _, places = np.unique(said.subject[order] * len(resources) + resource, return_index=True)
    told, _ = columnwise.codes(columnwise.text(said.value.take(pa.array(order))))
    firsts = np.repeat(starts, np.diff(starts, append=len(order)))
    places = places[resource[places] != resource[firsts[places]]]
    return order[places], told[places] == told[firsts[places]]
