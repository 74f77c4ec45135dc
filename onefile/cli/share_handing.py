"""`onefile share`: tables handed out as signed batches of files, and into a recipient's own database."""

from __future__ import annotations

from pathlib import Path

import click

from onefile.settings import Settings

STATES = {
    "zh": {"same": "一致", "differs": "不一致", "behind": "一致，但有新版本未写入", "not_put": "尚未写入"},
    "en": {
        "same": "the same",
        "differs": "differs",
        "behind": "the same, of an older version",
        "not_put": "not put yet",
    },
}
COUNTED = {
    "zh": ("表", "状态", "计数日", "应有行数", "实有行数"),
    "en": ("table", "state", "counted on", "rows wanted", "rows found"),
}

FLOWING = {
    "zh": ("部门", "区划", "资源", "共享", "行数", "滞后（秒）", "最近获取"),
    "en": ("department", "area", "resource", "share", "rows", "lag, seconds", "last taken"),
}
COVERED = {
    "zh": ("资源", "层级", "部门数", "回流行数", "记录数", "覆盖率"),
    "en": ("resource", "level", "departments", "rows given", "records", "coverage"),
}


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="Folder in which each batch gets one of its own.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["csv", "xml"]), default="csv", show_default=True,
              help="How its rows are written.")  # fmt: skip
@click.option("--table", default="", metavar="PROVIDER.RESOURCE", help="Of this table only.")
@click.option("--full", "is_full", is_flag=True, help="All rows, also where the recipient has a batch before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def batch(
    settings: Settings, share_id: str, folder: Path, form: str, table: str, is_full: bool, as_json: bool
) -> None:  # fmt: skip
    """Write signed batches of the tables of SHARE: all rows the first time, then what changed since the batch before.

    `onefile verify FOLDER/BATCH/manifest.json.dsse` says offline whether one is genuine and whole. Where nothing
    changed there is no new one. Each is a look on record.
    """
    from dataclasses import asdict

    from onefile.cli.sharing import print_json
    from pipelines.bulk import batches
    from pipelines.workshop import Workshop

    made = batches.make(Workshop(settings), share_id, folder, form, is_full=is_full, table=table)
    if as_json:
        print_json([asdict(each) for each in made])
        return
    words = {"zh": {"full": "全量", "changes": "增量", "rows": "行"}, "en": {"rows": "rows"}}[settings.lang]
    for each in made:
        click.echo(f"{each.folder}: {each.rows} {words['rows']} ({words.get(each.kind, each.kind)})")
    if not made:
        click.echo({"zh": "自上一批次以来没有变化", "en": "nothing changed since the last batch"}[settings.lang])


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "form", type=click.Choice(["csv", "xml"]), default="csv", show_default=True,
              help="How its rows are written.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def nightly(settings: Settings, share_id: str, folder: Path | None, form: str, as_json: bool) -> None:
    """Have signed batches of SHARE made every night into FOLDER; without FOLDER: no more.

    The DAG `share_counts` makes them, as `onefile share batch` does: what changed since the batch before.
    """
    from dataclasses import asdict

    from onefile.cli.sharing import changing, print_json
    from pipelines.bulk import nightly as nights

    with changing(settings) as connection:
        nights.put(connection, share_id, folder, form, settings.operator, settings.now())
        found = nights.listed(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(f"{each.share_id}  {each.folder}  {each.form}  {each.made_at or '-'}  {each.fault or '-'}")


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.argument("name", default="")
@click.option("--schema", default="", help="Schema in that database; its own default where it is left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def target(settings: Settings, share_id: str, name: str, schema: str, as_json: bool) -> None:
    """Have the tables of SHARE put into the recipient's database NAME; without NAME: into none.

    Its address, with the password, is the setting ONEFILE_TARGET_NAME (in the place of NAME, the name) and is kept
    nowhere else.
    """
    from dataclasses import asdict

    from onefile.cli.sharing import changing, print_json
    from pipelines.bulk import putting

    with changing(settings) as connection:
        putting.set_target(connection, share_id, name, schema, settings.operator, settings.now())
        found = putting.targets(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(f"{each.share_id}  {each.name}  {each.schema or '-'}  {each.put_at or '-'}  {each.fault or '-'}")


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--full", "is_full", is_flag=True, help="All rows again: puts right what somebody altered there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def put(settings: Settings, share_id: str, is_full: bool, as_json: bool) -> None:
    """Put the tables of SHARE into its recipient's own database: all rows the first time, then what changed.

    Rows that the share has no more are removed. What was killed goes on where it was. The DAG `shares` does it after
    each projection. Each table is a look on record.
    """
    from dataclasses import asdict

    from onefile.cli.sharing import print_json
    from pipelines.bulk import putting
    from pipelines.workshop import Workshop

    done = putting.put(Workshop(settings), share_id, is_full=is_full)
    if as_json:
        print_json([asdict(each) for each in done])
        return
    told = {"zh": "{table}：写入 {put} 行，删除 {removed} 行", "en": "{table}: {put} rows put, {removed} removed"}
    for each in done:
        click.echo(told[settings.lang].format(**asdict(each)))


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def reconcile(settings: Settings, share_id: str, as_json: bool) -> None:
    """Hold the rows in the recipient's own database against what they have to come to: count and digest.

    Fails where they differ: `onefile share put SHARE --full` puts them right. What was found is written into the
    recipient's table `onefile_count` too.
    """
    from dataclasses import asdict

    from onefile.cli.failure import Failure
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned
    from pipelines.bulk import reconciling
    from pipelines.workshop import Workshop

    found = reconciling.reconcile(Workshop(settings), share_id)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        rows = [(each.table, STATES[settings.lang][each.state], each.counted_on or "-", str(each.rows),
                 str(each.found_rows)) for each in found]  # fmt: skip
        click.echo(aligned([COUNTED[settings.lang], *rows]))
    wrong = [each.table for each in found if each.state == reconciling.DIFFERS]
    if wrong:
        raise Failure(f"{', '.join(wrong)}: other rows than were put; put them right with `onefile share put --full`")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def backflow(settings: Settings, as_json: bool) -> None:
    """Give each county, street and community that declares its area the rows about its own people and enterprises.

    Of each resource that is shared by batch and supplied at a higher level, without an application (Order 809, art.
    24): grants and shares are made where they are missing, and told with coverage and lag. The DAG `share_counts` does
    it daily; then `onefile share profile`, `batch` or `target` for each share.
    """
    from dataclasses import asdict

    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned
    from pipelines.bulk import backflow as flow
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    lines, coverage = flow.report(shop, flow.ensure(shop))
    if as_json:
        print_json({"lines": [asdict(each) for each in lines],
                    "coverage": [{**asdict(each), "share": each.share} for each in coverage]})  # fmt: skip
    elif lines:
        rows = [(each.department, each.area, each.resource, each.share, _or_dash(each.rows), _or_dash(each.lag_seconds),
                 each.taken_at or "-") for each in lines]  # fmt: skip
        click.echo(aligned([FLOWING[settings.lang], *rows]))
        shares = [(each.resource, each.level, str(each.departments), str(each.rows), str(each.records),
                   "-" if each.share is None else f"{each.share:.1%}") for each in coverage]  # fmt: skip
        click.echo(aligned([COVERED[settings.lang], *shares]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)
