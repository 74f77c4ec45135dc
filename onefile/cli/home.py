"""Whether the home can be worked in, told before a verb begins; `onefile doctor` says more."""

from __future__ import annotations

import os

from onefile.cli.failure import Failure
from onefile.settings import Settings

MARKER, NOTE = "restoring.json", "format.json"


def check(settings: Settings, is_restoring: bool = False) -> None:
    """Fail where `ONEFILE_HOME` is no folder, none that this user may use, half restored, or of a later release."""
    _usable(settings)
    if not is_restoring and (settings.home / MARKER).exists():
        from onefile.keeping.errors import HalfRestored

        raise HalfRestored
    if (settings.home / NOTE).exists():
        from onefile.keeping.home_note import refuse_newer

        refuse_newer(settings.home)


def _usable(settings: Settings) -> None:
    home = settings.home
    there = next(path for path in (home, *home.parents) if os.path.lexists(path))
    is_folder = there.is_dir()
    needed = os.R_OK | os.X_OK | (0 if there == home else os.W_OK)  # where there is no home yet, it is to be made
    if is_folder and os.access(there, needed):
        return
    if settings.lang == "zh":
        found = "文件夹无权使用" if is_folder else "不是文件夹"
        raise Failure(f"ONEFILE_HOME：{there} {found}；请改用可写的文件夹，详见 onefile doctor")
    found = "a folder that you may not use" if is_folder else "no folder"
    raise Failure(f"ONEFILE_HOME: {there} is {found}: name a folder that you may write to; see `onefile doctor`")
