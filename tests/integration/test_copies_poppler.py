"""Annotated copies read by tools that others wrote: poppler's pdfsig and pdftotext."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.presented import House

FACE = ("ZZMC", "ZZBH", "CZZT", "ZZBFJG", "ZZYXQJZRQ", "KZ_JYXM")
pytestmark = pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig (poppler-utils) is missing")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("home"))
    made.certified()
    return made


@pytest.fixture(scope="module")
def content(house):
    return house.copy(fields=FACE).content


def test_pdfsig_says_valid_and_whole(house, content, tmp_path):
    (tmp_path / "copy.pdf").write_bytes(content)
    ca = x509.load_der_x509_certificate(house.vault.keystore.active_key("ca").certificate)
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    said = subprocess.run(["pdfsig", tmp_path / "copy.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_what_stands_on_the_face_can_be_read_and_copied_out(content, tmp_path):
    (tmp_path / "copy.pdf").write_bytes(content)
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "copy.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    for said in ("食品经营许可证", "样例餐饮店1号", "热食类食品制售", "索取单位：health", "加注事由：0102 2026-17",
                 "加注件有效期至：2026-12-23 09:02", "非签发机关原件", "仅供本次用途使用"):  # fmt: skip
        assert said in text
    fonts = subprocess.run(["pdffonts", tmp_path / "copy.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"NotoSansSC\S*\s+CID Type 0C\s+Identity-H\s+yes yes yes", fonts)
