"""Processes that listen on one address, each for itself: connections are dealt out, and a second server is refused."""

from __future__ import annotations

import copy
import socket
from contextlib import ExitStack

import pytest

from onefile.cli.main import run
from onefile.services.listening import CannotListen, listener, require_free

CLIENTS = 64


def test_connections_are_dealt_out_to_all_who_listen_and_none_waits_for_the_one_who_handed_it_on() -> None:
    with listener("127.0.0.1", 0) as address, ExitStack() as stack:
        at = address.getsockname()
        handed = [stack.enter_context(copy.copy(address)) for _ in range(2)]
        assert [each.getsockname() for each in handed] == [at, at]
        for each in handed:
            each.listen(CLIENTS)
            each.setblocking(False)
        for _ in range(CLIENTS):
            stack.enter_context(socket.create_connection(at, timeout=5))
        taken = [len(list(accepted(each, stack))) for each in handed]
    assert sum(taken) == CLIENTS
    assert min(taken) >= CLIENTS // 8


def accepted(listening: socket.socket, stack: ExitStack) -> list[socket.socket]:
    found = []
    try:
        while True:
            found.append(stack.enter_context(listening.accept()[0]))
    except BlockingIOError:
        return found


def test_an_address_that_somebody_listens_on_is_refused_though_it_could_be_shared() -> None:
    with listener("127.0.0.1", 0) as there:
        port = there.getsockname()[1]
        there.listen()
        with pytest.raises(CannotListen, match=f"port {port} of 127.0.0.1, for it is taken"):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_counter_says_that_its_port_is_taken(processes, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()
        port = str(there.getsockname()[1])
        assert run(["serve", "--port", port, "--processes", processes]) == 1
    assert f"port {port} of 127.0.0.1, for it is taken: stop what listens there" in capsys.readouterr().err


def test_an_address_of_another_host_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"nothing can listen on port 8600 of 192\.0\.2\.1, for "):
        require_free("192.0.2.1", 8600)
