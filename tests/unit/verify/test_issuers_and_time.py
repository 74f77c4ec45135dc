"""Who let the log issue, by certificate; and when a checkpoint was signed, by an authority of time run from OpenSSL."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from licence_vault import mandates, stamping
from licence_vault.certificates import Subject, certify, create_ca, take
from licence_vault.errors import CertificateRefused, NotStamped
from licence_vault.exporting import export
from onefile.verify.algorithms import SM2_SM3
from onefile.verify.certificate import load
from onefile.verify.errors import BadTimestamp, IssuerUnproved, LostKey, MalformedTrust, VerificationError
from onefile.verify.licence import open_licence
from onefile.verify.licence_verdict import as_json, judge_licence
from onefile.verify.trust import read_trust
from tests.originals import certified, sealer
from tests.papers import AT
from tests.presented import House
from tests.vault import issue_rows, permit

CODE = "116901000005202685"  # of the department that issues food permits
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")


def trusting(house, tsa=None, **more):
    content = {**json.loads(house.trust), **more}
    if tsa is not None:
        content["tsas"] = [base64.b64encode(tsa).decode()]
    return read_trust(json.dumps(content).encode())


class TestIssuers:
    @pytest.fixture
    def house(self, tmp_path):
        made = House(tmp_path / "mine")
        create_ca(made.vault.keystore, Subject("CA", "局"), AT, os.urandom)
        return made

    def mandated(self, house, code=CODE, origin=None, name="issuer-1"):
        store = house.vault.keystore
        if all(key.name != name for key in store.keys):
            store.create_key(name, use=mandates.USE, at=AT, algorithm="ECDSA-P256")
        key = certify(store, name, Subject(name, "市市场监督管理局", code), AT, os.urandom)
        return mandates.give(house.vault.home, key, origin or house.vault.origin, AT)

    def test_an_export_holds_the_issuer_s_certificate_and_mandate(self, house):
        assert self.mandated(house) == CODE
        data = export(house.vault, house.kept(), None)
        assert open_licence(data, trusting(house)).certified_by == "CN=CA,O=局,C=CN"
        assert open_licence(data, trusting(house, cas=[])).certified_by is None
        told = as_json(judge_licence(data, house.trust, AT.date()), "en")
        assert (told["certified_by"], told["stamped_at"]) == ("CN=CA,O=局,C=CN", None)

    def test_another_department_s_certificate_or_log_proves_nothing(self, house):
        self.mandated(house, origin="other.example/log")
        with pytest.raises(IssuerUnproved, match="another issuer or log"):
            open_licence(export(house.vault, house.kept(), None), trusting(house))
        self.mandated(house)
        good = json.loads(export(house.vault, house.kept(), None))
        self.mandated(house, "11690100000620269T", name="issuer-2")
        other = json.loads((house.vault.home / "keys/mandates/11690100000620269T.json").read_bytes())
        with pytest.raises(IssuerUnproved, match="another department"):
            open_licence(json.dumps({**good, "issuer": other}).encode(), trusting(house))
        mixed = {**good["issuer"], "certificate": other["certificate"]}
        with pytest.raises(IssuerUnproved):
            open_licence(json.dumps({**good, "issuer": mixed}).encode(), trusting(house))

    def test_a_ca_that_nobody_trusts_and_an_altered_mandate_are_refused(self, house, tmp_path):
        self.mandated(house)
        good = json.loads(export(house.vault, house.kept(), None))
        stranger = House(tmp_path)
        create_ca(stranger.vault.keystore, Subject("CA", "局"), AT, os.urandom)
        cas = json.loads(stranger.trust)["cas"]
        with pytest.raises(IssuerUnproved, match="no CA"):
            open_licence(json.dumps(good).encode(), trusting(house, cas=cas))
        for field in ("certificate", "mandate", "signature"):
            data = bytearray(base64.b64decode(good["issuer"][field]))
            data[len(data) // 2] ^= 1
            altered = {**good["issuer"], field: base64.b64encode(bytes(data)).decode()}
            with pytest.raises(VerificationError):
                open_licence(json.dumps({**good, "issuer": altered}).encode(), trusting(house))

    @openssl
    def test_a_department_certified_on_sm2_is_proved_and_a_stranger_on_sm2_is_not(self, house):
        key = house.vault.keystore.create_key("issuer-sm2", use=mandates.USE, at=AT, algorithm=SM2_SM3)
        der = certified(key.public_der, "市市场监督管理局", "SM2 CA", code=CODE)
        key = take(house.vault.keystore, key.name, load(der).public_bytes(Encoding.PEM))
        mandates.give(house.vault.home, key, house.vault.origin, AT)
        data = export(house.vault, house.kept(), None)
        authority = base64.b64encode(sealer("SM2 CA", "SM2 CA").certificate).decode()
        assert open_licence(data, trusting(house, cas=[authority])).certified_by == "CN=SM2 CA"
        stranger = base64.b64encode(certified(key.public_der, "SM2 CA", "another")).decode()
        for cas in ([stranger], json.loads(house.trust)["cas"]):
            with pytest.raises(IssuerUnproved, match="no CA"):
                open_licence(data, trusting(house, cas=cas))

    def test_a_trust_file_with_what_is_no_certificate_is_refused_before_anything_hangs_on_it(self, house):
        for name in ("cas", "tsas"):
            for junk in ("AAAA", base64.b64encode(b"0\x80" + bytes(300)).decode()):
                with pytest.raises(MalformedTrust, match="a certificate"):
                    trusting(house, **{name: [junk]})

    def test_a_certificate_that_names_no_credit_code_mandates_nothing(self, house):
        with pytest.raises(CertificateRefused):
            self.mandated(house, "../../11690100000620")

    def test_a_key_without_a_certificate_mandates_nothing(self, house):
        key = house.vault.keystore.create_key("bare", use=mandates.USE, at=AT)
        with pytest.raises(CertificateRefused):
            mandates.give(house.vault.home, key, house.vault.origin, AT)


CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = tsa.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[v3]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


class Authority:
    """A time-stamping authority, run from the openssl command behind a small HTTP server."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        self.run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=time-ca")
        self.run("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa")
        self.run("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 20 "
                 "-extfile tsa.cnf -extensions v3")  # fmt: skip
        self.run("x509 -in ca.pem -outform DER -out ca.der")
        self.root = (folder / "ca.der").read_bytes()

    def run(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)

    def answer(self, asked):
        (self.folder / "q.tsq").write_bytes(asked)
        self.run("ts -reply -config tsa.cnf -queryfile q.tsq -out a.tsr")
        return (self.folder / "a.tsr").read_bytes()


@openssl
class TestTime:
    @pytest.fixture
    def authority(self, tmp_path_factory):
        return Authority(tmp_path_factory.mktemp("tsa"))

    @pytest.fixture
    def house(self, tmp_path):
        return House(tmp_path)

    def test_a_checkpoint_carries_the_stamp_of_a_real_authority(self, house, authority):
        trust = trusting(house, authority.root)
        with pytest.raises(NotStamped):
            stamping.ask("ftp://nowhere", b"")
        answer = authority.answer(stamping.request(house.vault))
        at = stamping.take(house.vault, answer, trust)
        issue_rows(house.vault, [permit(9)], "b9", AT + timedelta(hours=1))
        proved = open_licence(export(house.vault, house.kept(), None, is_stamped=True), trust)
        assert proved.stamped_at == at
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
        assert open_licence(export(house.vault, house.kept(), None), trust).stamped_at is None

    def test_it_is_asked_over_http(self, house, authority):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # the library's name
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(authority.answer(asked))

            def log_message(self, *_):
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        answer = stamping.ask(url, stamping.request(house.vault))
        server.shutdown()
        assert stamping.take(house.vault, answer, trusting(house, authority.root))
        server.server_close()
        with pytest.raises(NotStamped):
            stamping.ask(url, b"x")

    def test_a_stamp_of_another_checkpoint_another_authority_or_altered_is_refused(self, house, authority, tmp_path):
        trust = trusting(house, authority.root)
        answer = authority.answer(stamping.request(house.vault))
        with pytest.raises(BadTimestamp, match="names no authority"):
            stamping.take(house.vault, answer, trusting(house))
        (tmp_path / "other").mkdir()
        with pytest.raises(BadTimestamp):
            stamping.take(house.vault, answer, trusting(house, Authority(tmp_path / "other").root))
        at = stamping.take(house.vault, answer, trust)
        refused = 0
        for place in range(40, len(answer), 97):
            altered = bytearray(answer)
            altered[place] ^= 1
            try:
                assert stamping.take(house.vault, bytes(altered), trust) == at  # a byte that nobody signs
            except BadTimestamp:
                refused += 1
        assert refused > 10
        issue_rows(house.vault, [permit(9)], "b9", AT + timedelta(hours=1))
        with pytest.raises(BadTimestamp):
            stamping.take(house.vault, answer, trust)

    def test_what_was_stamped_before_a_key_was_lost_stays_good_and_nothing_else(self, house, authority):
        trust = trusting(house, authority.root)
        at = stamping.take(house.vault, authority.answer(stamping.request(house.vault)), trust)
        stamped, plain = (export(house.vault, house.kept(), None, is_stamped=flag) for flag in (True, False))
        name = house.vault.keystore.active_key("log").name
        house.vault.keystore.retire_key(name, at + timedelta(hours=2), lost_at=at + timedelta(hours=1))
        after = trusting(house, authority.root)
        assert open_licence(stamped, after).stamped_at == at
        with pytest.raises(LostKey):
            open_licence(plain, after)
        lost_before = json.loads(house.trust)
        for key in lost_before["keys"]:
            if "lost_at" in key:
                key["lost_at"] = "2020-01-01T00:00:00Z"
        with pytest.raises(LostKey):
            open_licence(stamped, trusting(house, authority.root, keys=lost_before["keys"]))
