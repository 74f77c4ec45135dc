"""`onefile vault expiring`, `lapse`, `refused`, `erase`: what time and departments do to licences, and their end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import options, vault_home
from onefile.cli.failure import Failure
from onefile.cli.file_text import escaped
from onefile.cli.tables import aligned
from onefile.cli.vault_home import say
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.exporting import Kept
    from licence_vault.provenance import Refusal
    from licence_vault.vault import Vault

WINDOWS = (7, 30, 90)
HEADINGS = {"zh": ("证照类型", "颁发机构", "7天内", "30天内", "90天内"), "en": ("type", "issuer", "7 days", "30", "90")}
REFUSED = {
    "zh": ("资源", "批次", "行", "证照类型", "数据项", "原因", "怎么改"),
    "en": ("resource", "delivery", "row", "type", "column", "reason", "what to do"),
}


@dataclass(frozen=True)
class _Ending:
    """A licence that ends soon, as its payload tells it."""

    days_left: int
    said: dict[str, Any]
    kept: Kept


@click.command()
@click.option("--on", callback=options.day, metavar="DATE", help="Counted from this day (default today).")
@click.option("--within", type=click.IntRange(0, 3660), default=90, show_default=True, help="Ends within so many days.")
@click.option("--department", help="Only licences that this department issued.")
@click.option("--holder", metavar="NUMBER", help="Only licences of this person or enterprise; - reads the number.")
@click.option("--counts", is_flag=True, help="Counts by issuer and type only: nobody's data, and no purpose.")
@click.option("--purpose", help="What for: the item and the case; kept in the ledger. Needed without --counts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def expiring(
    settings: Settings, on: date | None, within: int, department: str | None, holder: str | None, counts: bool,
    purpose: str | None, as_json: bool,
) -> None:  # fmt: skip
    """List the licences in force that end within 7, 30 and 90 days, by issuer and by holder.

    Whoever ends within 7 days is among those of 30 and 90, too. Without --counts each holder's
    look goes into the ledger first.
    """
    if not counts:
        purpose = options.purpose(click.get_current_context(), click.Option(["--purpose"]), purpose or "")
    day = on or settings.today()
    vault = vault_home.opened(settings)
    found = _endings(settings, vault, day, within, department, holder)
    if purpose is not None and not counts:
        vault_home.record(settings, vault, purpose, [ending.kept for ending in found])
    told = {"on": day.isoformat(), "within": within, "by_issuer": _by_issuer(found)}
    if not counts:
        told["by_holder"] = _by_holder(found)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _told(settings, told))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def lapse(settings: Settings, as_json: bool) -> None:
    """Let the licences lapse whose last day is over, and touch no other; `onefile run` and a DAG do it, too."""
    from licence_vault import expiry

    vault = vault_home.opened(settings)
    number = expiry.lapse(vault, vault_home.kinds_of(settings), at=settings.now(), day=settings.today())
    told = say(settings, f"{number} 件证照到期失效", f"{number} licences lapsed")
    click.echo(json.dumps({"lapsed": number}) if as_json else told)


@click.command()
@click.option("--department", help="Of this department's resources only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def refused(settings: Settings, department: str | None, as_json: bool) -> None:
    """List the records that could become no licence, or no further version, and why: the vault's quarantine.

    Each is told by delivery and row; no value is shown. A record leaves the list when its
    department delivers it again and it is taken.
    """
    import catalog
    from licence_vault import provenance

    declared = catalog.load(settings.declarations)
    if department is not None:
        declared.department(department)
    mine = [r.id for r in declared.resources.values() if department in (None, r.department)]
    with vault_home.opened(settings).looking() as connection:
        found = provenance.waiting(connection, mine)
    if as_json:
        click.echo(json.dumps([_plain(refusal, settings.lang) for refusal in found], ensure_ascii=False, indent=2))
    elif found:
        click.echo(aligned([REFUSED[settings.lang], *(_line(refusal, settings.lang) for refusal in found)]))
    else:
        click.echo(say(settings, "没有待处理的证照记录", "nothing waits"))


@click.command()
@click.argument("licence")
@click.option("--reason", required=True, callback=options.purpose, help="On what ground; kept in the record.")
@click.option("--yes", is_flag=True, help="Do it: what is destroyed cannot be had back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def erase(settings: Settings, licence: str, reason: str, yes: bool, as_json: bool) -> None:
    """Destroy the content of LICENCE (an identifier), of all its versions and originals, for good.

    The keys of its payloads are destroyed, and by whom and by what number it is found. Its
    leaves stay in the log and say no more. It is recorded, here and in the ledger. Backups made
    before still hold it: destroy them, or erase again after restoring one.
    """
    from licence_vault import erasing

    if not yes:
        raise Failure(say(settings, "销毁后不可恢复：确认请加 --yes", "it cannot be had back: say --yes to do it"), 2)
    vault = vault_home.opened(settings)
    key = vault_home.key_of(licence)
    _record_erasure(settings, vault, key, reason)
    done = erasing.erase(vault, key, at=settings.now(), operator=settings.operator, reason=reason)
    figures = {"versions": done.versions, "originals": done.originals}
    told = say(
        settings,
        f"已销毁 {done.versions} 个版本和 {done.originals} 件原件的内容",
        f"the content of {done.versions} versions and {done.originals} originals is destroyed",
    )
    click.echo(json.dumps(figures) if as_json else told)


def _record_erasure(settings: Settings, vault: Vault, key: str, reason: str) -> None:
    """Put into the ledger whose licence is about to be erased, while that can still be read."""
    from licence_vault import store
    from licence_vault.errors import PayloadErased
    from licence_vault.exporting import opened

    with vault.looking() as connection:
        versions = store.versions_of(connection, key)
    try:
        vault_home.record(settings, vault, reason, [opened(vault, version) for version in versions])
    except PayloadErased:
        return  # erased before, which `erasing.erase` says


def _endings(
    settings: Settings, vault: Vault, day: date, within: int, department: str | None, holder: str | None
) -> list[_Ending]:
    import catalog
    from licence_vault import expiry
    from licence_vault.exporting import opened

    issuer = None if department is None else catalog.load(settings.declarations).department(department).code
    mine = None if holder is None else _keys_of(settings, vault, holder)
    found = []
    for ending in expiry.ending(vault, day, within):
        key = ending.version.licence_key
        if issuer in (None, key.split(".")[1]) and (mine is None or key in mine):
            kept = opened(vault, ending.version)
            found.append(_Ending(ending.days_left, json.loads(kept.payload), kept))
    return sorted(found, key=lambda e: (e.days_left, e.said["id"]))


def _keys_of(settings: Settings, vault: Vault, holder: str) -> set[str]:
    from onefile.cli import vault_view

    return set(vault_view.keys(vault, settings.declarations, vault_view.Asked(None, holder, None, None)))


def _by_issuer(found: list[_Ending]) -> list[dict[str, Any]]:
    counted: dict[tuple[str, str], Counter[int]] = {}
    for ending in found:
        data = ending.said["data"]
        counts = counted.setdefault((ending.said["type_name"], data["ZZBFJG"]), Counter())
        counts.update(window for window in WINDOWS if ending.days_left <= window)
    return [
        {"type_name": kind, "issuer": issuer, **{f"within_{window}": counts[window] for window in WINDOWS}}
        for (kind, issuer), counts in sorted(counted.items())
    ]


def _by_holder(found: list[_Ending]) -> list[dict[str, Any]]:
    holders: dict[tuple[str, str], dict[str, Any]] = {}
    for ending in found:
        said = ending.said
        for holder in said["holders"]:
            place = (holder["kind"], holder["number"])
            entry = holders.setdefault(place, {**{k: holder[k] for k in ("kind", "number", "name")}, "licences": []})
            entry["licences"].append(
                {
                    "id": said["id"], "type_name": said["type_name"], "issuer": said["data"]["ZZBFJG"],
                    "state": said["state"], "valid_until": said["valid_until"], "days_left": ending.days_left,
                }
            )  # fmt: skip
    return list(holders.values())


def _told(settings: Settings, told: dict[str, Any]) -> str:
    if not told["by_issuer"]:
        return say(settings, "没有即将到期的证照", "nothing ends soon")
    rows: list[tuple[str, ...]] = [HEADINGS[settings.lang]]
    for each in told["by_issuer"]:
        rows.append((each["type_name"], each["issuer"], *(str(each[f"within_{window}"]) for window in WINDOWS)))
    lines = [aligned(rows)]
    for holder in told.get("by_holder", []):
        lines.append(f"{escaped(holder['name'])}  {holder['number']}")
        lines += [f"  {e['valid_until']}  {e['days_left']:>3}  {e['type_name']}  {e['id']}" for e in holder["licences"]]
    return "\n".join(lines)


def _plain(refusal: Refusal, lang: str) -> dict[str, object]:
    from schemas.reasons import REASONS

    reason = REASONS[refusal.reason]
    return {
        "resource": refusal.resource, "delivery": refusal.delivery, "row": refusal.row_no,
        "type": refusal.type_name, "column": refusal.column, "reason": refusal.reason,
        "words": reason.words(lang), "fix": reason.fix(lang), "recorded_at": refusal.recorded_at,
    }  # fmt: skip


def _line(refusal: Refusal, lang: str) -> tuple[str, ...]:
    told = _plain(refusal, lang)
    reason = f"{told['reason']}: {told['words']}"
    row = str(refusal.row_no)
    return (refusal.resource, refusal.delivery, row, refusal.type_name, refusal.column or "-", reason, str(told["fix"]))
