"""Where declarations lie: the built-in ones, then each folder laid over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Problems, one_of
from schemas.model import Place
from schemas.reading import Value, read

PROJECT = Path(__file__).parent.parent
FOLDERS = ("tables", "codes", "files", "licences", "materials", "items", "bundles", "resources")
_OVERLAY_FILES = ("departments.yml", "calendar.yml", "sharing.yml", "watching.yml", "archives.yml")


@dataclass(frozen=True)
class Layer:
    """One set of declarations. `folders` says where each kind lies, `shown` how a path is told."""

    folders: dict[str, Path]
    departments: Path
    root: Path
    is_built_in: bool

    def shown(self, path: Path) -> str:
        """Return the path as messages tell it: within the project for built-in ones."""
        return path.relative_to(self.root).as_posix() if self.is_built_in else str(path)


def built_in() -> Layer:
    """Return the declarations that come with the project."""
    folders = {name: PROJECT / "schemas" / name for name in FOLDERS if name != "resources"}
    folders["resources"] = PROJECT / "catalog" / "resources"
    return Layer(folders, PROJECT / "schemas" / "departments.yml", PROJECT, True)


def layers(overlays: tuple[Path, ...], problems: Problems) -> tuple[Layer, ...]:
    """Return the built-in layer and one for each overlay; tell overlays that are no such folder."""
    found = [built_in()]
    for root in overlays:
        if not root.is_dir():
            problems.add(Place(str(root), 1), "no folder", "a folder of declarations (ONEFILE_DECLARATIONS)")
            continue
        _check_root(root, problems)
        found.append(Layer({name: root / name for name in FOLDERS}, root / "departments.yml", root, False))
    return tuple(found)


def _check_root(root: Path, problems: Problems) -> None:
    for path in sorted(root.iterdir()):
        known = FOLDERS if path.is_dir() else _OVERLAY_FILES
        if path.name not in known and not _is_aside(path):
            problems.add(Place(str(path), 1), f"{path.name!r}", one_of((*FOLDERS, *_OVERLAY_FILES), path.name))


def _is_aside(path: Path) -> bool:
    """Tell what may lie among declarations and is none: notes, hidden files, Python's cache."""
    return path.name.startswith((".", "README", "__pycache__")) or path.suffix == ".md"


def yaml_files(folder: Path, layer: Layer, problems: Problems, beside: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield a folder's `.yml` files in order of name; tell what is none and not `beside` one."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not _is_aside(path):
            problems.add(Place(layer.shown(path), 1), "a folder", "files NAME.yml here")
        elif path.suffix == ".yml" and path.is_file():
            yield path
        elif not _is_aside(path) and not (path.suffix in beside and path.with_suffix(".yml").is_file()):
            problems.add(Place(layer.shown(path), 1), f"the file {path.name!r}", "files NAME.yml here")


def documents(
    kind: str, layer: Layer, problems: Problems, beside: tuple[str, ...] = ()
) -> Iterator[tuple[Path, Value | None]]:
    """Yield the files of a kind's folder with their YAML; None for what is no YAML, which was told."""
    for path in yaml_files(layer.folders[kind], layer, problems, beside):
        yield path, read(path, layer.shown(path), problems)
