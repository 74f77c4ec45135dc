"""Work that many ask for at once, done together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from onefile.together import Together


class Own(Exception):
    """About one alone."""


class Doubled(Together[int, int]):
    """Doubles numbers, a write at a time; the first waits until it is let go."""

    most = 3
    one_s_own = (Own,)

    def __init__(self) -> None:
        super().__init__("doubled")
        self.let_go, self.begun, self.writes = threading.Event(), threading.Event(), list[list[int]]()

    def do(self, asked: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.let_go.wait(30)
        self.writes.append(list(asked))
        if -1 in asked:
            raise Own
        if -2 in asked:
            raise ValueError("all of it")
        return [2 * each for each in asked]


def asked(*numbers: int) -> tuple[Doubled, list[Future[int]]]:
    """Ask for 1, and for the numbers while that is at work."""
    doubled = Doubled()
    first = doubled.put(1)
    assert doubled.begun.wait(30)
    futures = [first, *(doubled.put(number) for number in numbers)]
    doubled.let_go.set()
    doubled.close()
    return doubled, futures


def test_what_comes_while_one_write_runs_goes_together_up_to_a_bound_and_each_gets_its_own() -> None:
    doubled, futures = asked(2, 3, 4, 5)
    assert [future.result(0) for future in futures] == [2, 4, 6, 8, 10]
    assert doubled.writes == [[1], [2, 3, 4], [5]]


def test_an_error_that_is_one_s_own_fails_that_one_alone() -> None:
    doubled, (_, sound, wrong, other) = asked(2, -1, 4)
    assert (sound.result(0), other.result(0)) == (4, 8)
    with pytest.raises(Own):
        wrong.result(0)
    assert doubled.writes == [[1], [2, -1, 4], [2], [-1], [4]]


def test_any_other_error_is_told_to_all_and_nothing_is_done_twice() -> None:
    doubled, (first, *others) = asked(2, -2)
    assert first.result(0) == 2
    for future in others:
        with pytest.raises(ValueError, match="all of it"):
            future.result(0)
    assert doubled.writes == [[1], [2, -2]]


def test_closed_it_did_what_waited_and_a_later_wish_starts_it_anew() -> None:
    doubled, _ = asked()
    doubled.close()
    assert doubled.put(7).result(30) == 14
    doubled.close()
