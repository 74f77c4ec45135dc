"""What stands in deploy/ is read by the programs that it is for, and names only what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onefile import settings
from onefile.cli.main import onefile
from onefile.services import airflow
from tests.documents import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
BIN = "/opt/onefile/.venv/bin/"


def needs(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed (tools/setup-test installs it for root on Debian)")
    return found


def variables(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def commands() -> list[tuple[str, list[str]]]:
    """Return what each unit starts."""
    found = []
    for unit in UNITS:
        started = re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
        if started:
            found.append((unit.name, started[1].split(BIN, 1)[1].rstrip("'").split()))
    return found


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    program = needs("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text().replace(BIN + "onefile", "/bin/true").replace(BIN + "python", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    names = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run([program, "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "onefile" in line]
    assert ours == []


def test_systemd_reads_the_timers_calendars():
    program = needs("systemd-analyze")
    timers = "".join(unit.read_text() for unit in UNITS if unit.suffix == ".timer")
    days = re.findall(r"OnCalendar=(.+)", timers)
    assert len(days) == 3
    subprocess.run([program, "calendar", *days], capture_output=True, check=True)


@pytest.mark.parametrize(("unit", "words"), commands(), ids=[name for name, _ in commands()])
def test_a_unit_starts_what_there_is(unit, words):
    if words[0] == "python":
        assert words[1:3] == ["-m", airflow.__name__]
        return
    context = click.Context(onefile)
    command = onefile.get_command(context, words[1])
    rest = words[2:]
    while isinstance(command, click.Group):
        command, rest = command.get_command(context, rest[0]), rest[1:]
    assert command is not None
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


def test_no_unit_runs_as_root_or_may_write_where_it_need_not():
    for unit in (u for u in UNITS if u.suffix == ".service"):
        text = unit.read_text()
        for line in (
            "User=onefile",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "CapabilityBoundingSet=\n",
            "UMask=0077",
        ):
            assert line in text, (unit.name, line)


def test_the_settings_are_settings_and_can_be_read():
    given = variables(DEPLOY / "onefile.env")
    assert given.keys() <= settings.NAMES.keys()
    read = settings.read(given)
    assert (read.certificate_header, str(read.home)) == ("client-cert", "/srv/onefile/home")
    celery = variables(DEPLOY / "airflow" / "celery.env")
    assert {name for name in celery if name.startswith("ONEFILE")} <= settings.NAMES.keys()
    values = yaml.safe_load((DEPLOY / "airflow" / "kubernetes-values.yaml").read_text())
    named = {each["name"] for each in values["env"]} | {each["envName"] for each in values["secret"]}
    assert {name for name in named if name.startswith("ONEFILE")} <= settings.NAMES.keys()


def test_airflow_s_settings_are_airflow_s():
    templates = next((ROOT / ".venv").glob("lib/python*/site-packages/airflow/config_templates/config.yml"), None)
    if templates is None:
        pytest.skip("Airflow is not installed")
    known = yaml.safe_load(templates.read_text())
    for name in variables(DEPLOY / "airflow" / "celery.env"):
        if name.startswith("AIRFLOW__") and not name.startswith("AIRFLOW__CELERY__"):  # the provider's own section
            _, section, option = name.lower().split("__")
            assert option in known[section]["options"], name
    values = yaml.safe_load((DEPLOY / "airflow" / "kubernetes-values.yaml").read_text())
    for section, options in values["config"].items():
        assert options.keys() <= known[section]["options"].keys()


def test_the_chart_s_values_name_the_airflow_and_the_release_that_are_locked():
    values = yaml.safe_load((DEPLOY / "airflow" / "kubernetes-values.yaml").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert f"apache-airflow=={values['airflowVersion']}" in project
    assert f'version = "{values["images"]["airflow"]["tag"]}"' in project


def test_haproxy_reads_its_configuration(tmp_path):
    program = needs("haproxy")
    pem = tmp_path / "counter.pem"
    pem.write_bytes(certificate())
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    text = text.replace("/etc/haproxy/counter.pem", str(pem)).replace("/etc/haproxy/departments.pem", str(pem))
    (tmp_path / "haproxy.cfg").write_text(text)
    done = subprocess.run([program, "-c", "-f", tmp_path / "haproxy.cfg"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "WARNING" not in done.stderr


def test_the_proxy_takes_the_certificate_header_out_before_it_sets_it():
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    header = variables(DEPLOY / "onefile.env")["ONEFILE_CERTIFICATE_HEADER"]
    assert text.index(f"del-header {header}\n") < text.index(f"set-header {header} :%[ssl_c_der,base64]:")
    started = dict(commands())["onefile-counter.service"]
    assert f"127.0.0.1:{started[started.index('--port') + 1]}" in text


def test_logrotate_reads_its_configuration(tmp_path):
    program = needs("logrotate")
    text = (DEPLOY / "logrotate" / "onefile").read_text()
    (tmp_path / "logs").mkdir(mode=0o700)
    log = tmp_path / "logs" / "spark.log"
    log.write_text("a line\n" * 100)
    log.chmod(0o600)
    text = (
        text.replace("/srv/onefile/home", str(tmp_path))
        .replace("su onefile onefile", "")
        .replace(" onefile onefile", "")
    )
    file = tmp_path / "conf"
    file.write_text(text)
    file.chmod(0o600)
    subprocess.run([program, "--force", "--state", tmp_path / "state", file], check=True, capture_output=True)
    assert (tmp_path / "logs" / "spark.log").read_text() == ""
    assert (tmp_path / "logs" / "spark.log.1").stat().st_mode & 0o077 == 0


def certificate() -> bytes:
    """A key and a certificate for it, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "counter.city.example")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=3650)).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
