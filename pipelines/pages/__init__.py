"""Data Docs that need nothing from elsewhere: Great Expectations' contents in pages of our own.

Its own pages fetch their styles and scripts from public networks, and list no run without them;
inside a bureau there is no such network. These have one style sheet, inside, and no script.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader

_OURS = FileSystemLoader(Path(__file__).parent)
_MODULE = {"module_name": __name__}


class ResultPage(DefaultJinjaPageView):
    """A page about one suite or one run of it."""

    def __init__(self, **directories: Any) -> None:
        super().__init__(**directories)
        self.env.loader = _ours_first(self.env)


class IndexPage(DefaultJinjaIndexPageView):
    """The page that lists all runs, newest first."""

    def __init__(self, **directories: Any) -> None:
        super().__init__(**directories)
        self.env.loader = _ours_first(self.env)


def sites(folder: Path) -> dict[str, Any]:
    """Return the configuration of the one site of Data Docs, its pages below `folder`."""
    section = {"class_name": "DefaultSiteSectionBuilder", "view": _MODULE | {"class_name": "ResultPage"}}
    return {
        "local_site": {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            "site_index_builder": {
                "class_name": "DefaultSiteIndexBuilder",
                "show_cta_footer": False,
                "view": _MODULE | {"class_name": "IndexPage"},
            },
            "site_section_builders": {"expectations": section, "validations": section},
        }
    }


def _ours_first(environment: Environment) -> BaseLoader:
    """Return a loader that looks for a template here before it looks in Great Expectations."""
    theirs = environment.loader
    return _OURS if theirs is None else ChoiceLoader([_OURS, theirs])
