from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fakes.fake_agent import SecurityKey, Sign, agent, serve
from lockgate.adapters.keys.agent import AgentSigner
from lockgate.adapters.keys.files import FileSigner, load_key
from lockgate.adapters.keys.find import find_signer
from lockgate.core.identity import fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import keys, sshsig

Make = Callable[[], ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey]
KINDS: dict[str, Make] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}
BARE = {"ed25519", "p256"}


def written(path: Path, kind: str, format_: PrivateFormat) -> FileSigner:
    path.write_bytes(KINDS[kind]().private_bytes(Encoding.PEM, format_, NoEncryption()))
    path.chmod(0o600)
    return load_key(str(path))


@pytest.fixture(params=["openssh file", "pkcs8 file", "agent"])
def signer(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[FileSigner | AgentSigner]:
    file = written(tmp_path / "key", kind, PrivateFormat.PKCS8 if request.param == "pkcs8 file" else PrivateFormat.OpenSSH)
    if request.param != "agent":
        yield file
        return
    held: dict[str, Sign] = {file.public: lambda data, flags: file.sign_ssh(data)}
    with agent(serve(held)) as path:
        yield find_signer(fingerprint(file.public), path)


@pytest.mark.parametrize("kind", list(KINDS))
class TestSigner:
    def test_the_public_half_is_in_normal_form(self, signer: FileSigner | AgentSigner, kind: str) -> None:
        assert keys.check(signer.public) == signer.public

    def test_a_bare_signature_verifies_or_is_not_made(self, signer: FileSigner | AgentSigner, kind: str) -> None:
        if kind not in BARE:
            with pytest.raises(EvidenceError) as err:
                signer.sign(b"a message")
            assert err.value.code == "key.unsupported"
            return
        signature = signer.sign(b"a message")
        keys.verify_raw(signer.public, b"a message", signature)
        with pytest.raises(EvidenceError) as err:
            keys.verify_raw(signer.public, b"another message", signature)
        assert err.value.code == "signature.bad"

    def test_an_ssh_signature_verifies(self, signer: FileSigner | AgentSigner, kind: str) -> None:
        namespace, message = "lockgate-approval@v1", b"a message"
        blob = sshsig.assemble(signer.public, namespace, signer.sign_ssh(sshsig.signed_data(namespace, message)))
        assert sshsig.verify_sshsig(blob, message, namespace) == signer.public

    def test_the_key_is_not_shown(self, signer: FileSigner | AgentSigner, kind: str) -> None:
        assert "rivate" not in repr(signer)


def test_a_security_key_signs_with_its_flags_and_counter() -> None:
    key, namespace = SecurityKey(), "lockgate-approval@v1"
    with agent(serve({key.public: key.sign})) as path:
        signer = find_signer(fingerprint(key.public), path)
        blob = sshsig.assemble(signer.public, namespace, signer.sign_ssh(sshsig.signed_data(namespace, b"yes")))
        with pytest.raises(EvidenceError) as err:
            signer.sign(b"bare")
    assert sshsig.verify_sshsig(blob, b"yes", namespace) == key.public
    assert err.value.code == "key.unsupported"
