"""The largest and worst inputs a reader looks at: a second and a hundred megabytes at most, whatever they hold."""

from __future__ import annotations

import base64
import gc
import json
import time
import tracemalloc
from collections.abc import Callable

import pytest

from build import key
from fuzz.targets import KEY, KNOWN, NOW, TARGETS
from lockgate.core.policy import Policy
from lockgate.core.ports import Evidence
from lockgate.errors import LockgateError
from lockgate.evidence import artifact, dsse, policy_yaml, statement

MEBI = 1 << 20
SECONDS = 1.5
"""Processor time, on two cores that others use too; alone, none takes half a second."""


def envelope(payload: bytes, signatures: int = 1) -> bytes:
    parts = [{"sig": base64.b64encode(bytes(64)).decode()}] * signatures
    return json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": parts}).encode()


def filled(start: bytes, unit: bytes, end: bytes, size: int) -> bytes:
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


DEEP = b'{"a":' * 60 + b"1" + b"}" * 60
HOSTILE: dict[str, tuple[str, bytes]] = {
    "dsse-brackets": ("dsse", b"[" * MEBI),
    "dsse-objects": ("dsse", filled(b'{"x":[', b"{},", b"{}]}", MEBI)),
    "dsse-deep-objects": ("dsse", filled(b'{"x":[', DEEP + b",", b"0]}", MEBI)),
    "dsse-numbers": ("dsse", b'{"x":' + b"9" * (MEBI - 6) + b"}"),
    "dsse-exponents": ("dsse", filled(b'{"x":[', b"1e-999999999,", b"0]}", MEBI)),
    "dsse-escapes": ("dsse", filled(b'{"x":"', b"\\u00e9", b'"}', MEBI)),
    "dsse-one-string": ("dsse", filled(b'{"x":"', b"a", b'"}', MEBI)),
    "dsse-unclosed-strings": ("dsse", b'"' * MEBI),
    "dsse-backslashes": ("dsse", b'{"x":"' + b"\\" * (MEBI - 6)),
    "dsse-many-keys": ("dsse", ("{" + ",".join(f'"{number}":0' for number in range(90_000)) + "}").encode()),
    "dsse-large-payload": ("dsse", envelope(b"x" * 700_000, 64)),
    "junit-tests": ("junit", filled(b"<testsuite>", b'<testcase name="t"/>', b"</testsuite>", MEBI)),
    "junit-attributes": ("junit", b"<testsuite " + b" ".join(b'a%d="x"' % number for number in range(60_000)) + b"/>"),
    "junit-text": ("junit", filled(b"<testsuite><system-out>", b"&lt;", b"</system-out></testsuite>", MEBI)),
    "junit-one-name": ("junit", filled(b'<testsuite><testcase name="', b"x", b'"/></testsuite>', MEBI)),
    "junit-deep": ("junit", b"<testsuite>" * 90_000),
    "junit-entities": ("junit", b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 60_000 + b'">]><testsuite>' + b"&a;" * 100_000 + b"</testsuite>"),
    "zone-counts": ("zone", b"TZif2" + bytes(15) + b"\xff" * 24 + bytes(60_000)),
    "bundle-objects": ("bundle", filled(b'{"x":[', b"{},", b"{}]}", MEBI)),
    "bundle-many-keys": ("bundle", ("{" + ",".join(f'"{number}":0' for number in range(90_000)) + "}").encode()),
    "bundle-log-entries": (
        "bundle",
        filled(
            b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"},"tlogEntries":[',
            b"{},",
            b'{}]},"dsseEnvelope":{"payload":"e30=","payloadType":"x","signatures":[{"sig":"AA=="}]}}',
            MEBI,
        ),
    ),
    "cases-many": ("cases", filled(b"cases:\n", b"- {name: a, to: production, expect: {result: refused}}\n", b"", 54_000)),
    "cases-facts": (
        "cases",
        filled(b"cases:\n- name: a\n  to: production\n  facts: {signatures: [", b"{by: ci}, ", b"]}\n  expect: {result: refused}\n", 200_000),
    ),
    "cases-keys": ("cases", filled(b"cases:\n- {", b"a: b, ", b"}", 120_000)),
    "cases-wrong": ("cases", filled(b"cases: [", b"{a: b}, ", b"]", 100_000)),
    "simple-signing-brackets": ("simple-signing", b"[" * MEBI),
    "simple-signing-objects": ("simple-signing", filled(b'{"critical":[', b"{},", b"{}]}", 65_536)),
    "statement-subjects": (
        "statement",
        filled(b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[', b'{"digest":{"sha1":"a"}},', b"{}]}", MEBI),
    ),
    "statement-digests": (
        "statement",
        (
            '{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[{"digest":{' + ",".join(f'"{n}":"a"' for n in range(80_000)) + "}}]}"
        ).encode(),
    ),
    "sshsig-armor": ("sshsig", filled(b"-----BEGIN SSH SIGNATURE-----\n", b"A\n", b"-----END SSH SIGNATURE-----", MEBI)),
    "sshsig-blob": ("sshsig", filled(b"SSHSIG\0\0\0\1", b"\0\0\0\0", b"", MEBI)),
    "keys-line": ("keys", b"ssh-ed25519 " + b"A" * MEBI),
    "keys-pem": ("keys", filled(b"-----BEGIN PUBLIC KEY-----\n", b"AAAA\n", b"-----END PUBLIC KEY-----", 16_000)),
    "record": ("record", filled(b'{"at":"', b"[", b'"}', 16_384)),
    "policy-flow": ("policy", filled(b"a: [", b"[],", b"]", 256 * 1024)),
    "policy-mappings": ("policy", filled(b"", b"{a: {b: {c: d}}}: e\n", b"", 256 * 1024)),
    "policy-keys": ("policy", "".join(f"k{number}: 1\n" for number in range(19_000)).encode()[: 256 * 1024]),
    "policy-unknown-keys-each-near": ("policy", b"version: 1\n" + "".join(f"environment{number}: 1\n" for number in range(9_000)).encode()),
    "policy-long-keys": ("policy", "".join(f"{'environments' * 9}{number}: 1\n" for number in range(2_000)).encode()),
    "policy-quotes": ("policy", b'a: "' + b"\\x41" * 65_000 + b'"'),
    "policy-folded": ("policy", b"a: >\n" + b"  x\n" * 60_000),
    "policy-indentation": ("policy", filled(b"", b" " * 1000 + b"- a\n", b"", 256 * 1024)),
    "policy-dashes": ("policy", b"- " * 130_000),
    "policy-questions": ("policy", b"? " * 130_000),
    "policy-colons": ("policy", b": " * 130_000),
    "policy-anchors": ("policy", b"&a " * 87_000),
    "policy-tags": ("policy", b"!a " * 87_000),
    "policy-comments": ("policy", b"#\n" * 131_000),
    "policy-percent": ("policy", b"%YAML 1.1\n" * 26_000),
    "checkpoint-lines": ("checkpoint", b"a\n" * (MEBI // 2)),
    "checkpoint-signatures": ("checkpoint", b"a\n1\nAAAA\n\n" + "— a AAAAAAAA\n".encode() * 60_000),
}


def bounded(run: Callable[[], object]) -> None:
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * MEBI
    gc.collect()
    gc.freeze()  # to search all that the tests before it left is no work of the reader's
    try:
        began = time.process_time()
        run()
        assert time.process_time() - began < SECONDS
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_is_answered_quickly(name: str) -> None:
    target, data = HOSTILE[name]
    bounded(lambda: TARGETS[target].run(data))


def test_as_much_evidence_as_is_read() -> None:
    """128 pieces, 4 MiB, signatures that fit no key, each tried under as many keys as a policy may name."""
    keys = {f"key-{number}": key(str(number)).public for number in range(15)}
    pieces = [Evidence(media_type=dsse.MEDIA_TYPE, data=envelope(b"x" * 20_000), origin="here")] * 128

    def read() -> None:
        assert len(artifact.read(pieces, keys, {"sha256:" + "0" * 64}, NOW)) == 128

    bounded(read)


def test_one_envelope_with_all_the_work_it_may_ask_for() -> None:
    data = envelope(b"x" * 700_000, 64)

    def read() -> None:
        with pytest.raises(LockgateError) as err:
            dsse.verify(dsse.parse(data), KNOWN)
        assert err.value.code in {"dsse.unknown-key", "dsse.too-many-signatures"}

    bounded(read)


def test_a_good_policy_as_large_as_one_may_be() -> None:
    """900 environments, read within the bounds and the same afterwards."""
    one = "  e{}:\n    requires:\n      - signed-by: {{keys: [k], max-age: 30d, threshold: 1}}\n"
    text = "version: 1\nproject: shop\nenvironments:\n" + "".join(one.format(number) for number in range(900)) + f"keys:\n  k: {{ssh: {KEY}}}\n"
    read: list[Policy] = []
    bounded(lambda: read.append(policy_yaml.parse_policy(text.encode(), "large.yaml", None)))
    assert (len(read[0].environments), read[0]) == (900, read[-1])


def test_a_good_statement_as_large_as_one_may_be() -> None:
    subjects = [{"name": "x" * 100, "digest": {"sha256": f"{number:064x}"}} for number in range(1024)]
    document = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": "x", "predicate": {"x": [{}] * 100_000}}
    data = json.dumps(document).encode()
    read: list[statement.Statement] = []
    bounded(lambda: read.append(statement.parse("application/vnd.in-toto+json", data)))
    assert len(read[-1].subjects) == 1024
