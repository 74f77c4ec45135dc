"""Codes and spellings that a bureau adds to a list which is there already.

An extension is a file of `codes/` with `extends: <list>`: it adds codes, or other spellings of
codes that the list has. It takes nothing away and gives no code another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from schemas.code_lists import LazyCodes, check, digest, inline, row
from schemas.errors import Problems, one_of
from schemas.model import Code, CodeList, Place
from schemas.reading import Value

KEY = "extends"


@dataclass(frozen=True)
class Extension:
    """What one file adds: codes of its own, and spellings of the list's codes, each with its place."""

    extends: str
    codes: Mapping[str, Code]
    synonyms: Mapping[str, tuple[str, ...]]
    places: Mapping[str, Place]
    place: Place

    @property
    def digest(self) -> str:
        return digest([[row(code) for code in self.codes.values()], sorted(self.synonyms.items())])


def is_extension(value: Value) -> bool:
    """Tell whether a file of `codes/` extends a list instead of declaring one."""
    return value.has(KEY)


def read_extension(value: Value) -> Extension:
    """Read an extension; whether it fits the list is seen when it is joined to it."""
    fields = value.fields((KEY, "about"), ("codes", "synonyms"))
    if "codes" not in fields.values and "synonyms" not in fields.values:
        value.refuse("nothing that is added", "'codes' or 'synonyms'")
    added, spelt = fields.entries("codes"), fields.entries("synonyms")
    fields.text("about")
    return Extension(
        extends=fields.text(KEY),
        codes=inline(added),
        synonyms={code: entry.texts() for code, _, entry in spelt},
        places={code: key.place for code, key, _ in (*added, *spelt)},
        place=value.place,
    )


def extended(base: CodeList, extension: Extension, problems: Problems | None) -> CodeList:
    """Return the list with what the extension adds.

    Args:
        problems: where faults are told at once; None: they are raised when the codes are first
            asked for, so that a long list is not read before.
    """
    make = partial(_joined, base, extension)
    codes = LazyCodes(make) if problems is None else make(problems)
    return replace(base, codes=codes, digest=digest([base.digest, extension.digest]))


def _joined(base: CodeList, extension: Extension, problems: Problems) -> Mapping[str, Code]:
    codes = base.codes.copy() if isinstance(base.codes, LazyCodes) else dict(base.codes)
    for name, code in extension.codes.items():
        if name in codes:
            problems.add(extension.places[name], f"the code {name!r} of {base.name!r} again", "a code it lacks")
        else:
            codes[name] = code
    meanings: dict[str, str] = {}
    for code in codes.values() if extension.synonyms else ():
        for text in (code.name, *code.synonyms):
            meanings.setdefault(text, code.code)
    for name, texts in extension.synonyms.items():
        if name not in codes:
            problems.add(extension.places[name], f"the code {name!r}", one_of(codes, name))
            continue
        for text in texts:
            if meanings.setdefault(text, name) != name:
                problems.add(extension.places[name], f"{text!r} for {name!r}", f"another: it means {meanings[text]!r}")
        codes[name] = replace(codes[name], synonyms=tuple(dict.fromkeys((*codes[name].synonyms, *texts))))
    check(codes, extension.places, problems)
    return codes
