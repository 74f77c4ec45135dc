"""`python -m onefile.verify`: verify a receipt with nothing but files."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from onefile.verify.errors import VerificationError
from onefile.verify.reading import read_file
from onefile.verify.verdict import Verdict, as_json, error_as_json, judge, told, told_error

EXIT_CODES = "exit codes: 0 genuine; 1 a file cannot be read or the trust file is unusable; 2 wrong use; 4 not genuine"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Verify what the arguments name, print the verdict, return the exit code."""
    options = _parser(environ).parse_args(arguments)
    if (options.row is None) != (options.proof is None):
        _parser(environ).error("--row and --proof go together")
    try:
        verdict = _judge(options)
    except VerificationError as error:
        if options.json:
            sys.stdout.write(f"{json.dumps(error_as_json(error, options.lang), ensure_ascii=False)}\n")
        else:
            sys.stderr.write(f"{told_error(error, options.lang)}\n")
        return error.exit_code
    text = json.dumps(as_json(verdict), ensure_ascii=False) if options.json else told(verdict, options.lang)
    sys.stdout.write(f"{text}\n")
    return 0


def _judge(options: argparse.Namespace) -> Verdict:
    return judge(
        read_file(options.receipt),
        read_file(options.trust),
        None if options.row is None else read_file(options.row),
        None if options.proof is None else read_file(options.proof),
    )


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m onefile.verify", description="Verify a receipt of the bureau, offline.", epilog=EXIT_CODES
    )
    parser.add_argument("receipt", metavar="RECEIPT", type=Path, help="the receipt (DSSE envelope)")
    parser.add_argument("--trust", metavar="FILE", type=Path, required=True, help="the bureau's public keys")
    parser.add_argument("--row", metavar="FILE", type=Path, help="a record's bytes, to prove that it is in the receipt")
    parser.add_argument("--proof", metavar="FILE", type=Path, help="the proof for that row")
    parser.add_argument("--lang", choices=("zh", "en"), default=_lang(environ))
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    return parser


def _lang(environ: Mapping[str, str]) -> str:
    names = ("ONEFILE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if chosen.startswith("zh") else "en"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:], os.environ))
