"""What each process of the server runs: settings read at its start, the counter opened, the application over it."""

from __future__ import annotations

import os

from exchange.app import create_app
from exchange.counter import open_counter
from exchange.http.gate import Gate
from onefile import settings as settings_module


def application() -> Gate:
    """Return the application of this process."""
    os.umask(0o077)
    return create_app(open_counter(settings_module.read(), os.urandom))
