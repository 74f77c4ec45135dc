"""What each process of the server runs: settings read at its start, the counter opened, the application over it."""

from __future__ import annotations

import gc
import os

from exchange.app import create_app
from exchange.counter import open_counter
from exchange.http.gate import Gate
from onefile import settings as settings_module


def application() -> Gate:
    """Return the application of this process."""
    os.umask(0o077)
    made = create_app(open_counter(settings_module.read(), os.urandom))
    # Declarations and routes are 200,000 objects that stay: looking whether they are garbage holds all answers up for
    # a tenth of a second each time. What is frozen is not looked at.
    gc.collect()
    gc.freeze()
    return made
