"""Cosignatures of witnesses: the specification's own example, keys in both forms, and everything that is a little wrong."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.cosignature import MAX_TIME, Cosigned, cosigned, parse_cosigner
from lockgate.ledger.note import Note, VerifierKey, parse_note
from private_sigstore import cosignature, witness_key

TEXT = "log.example\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
"""C2SP tlog-cosignature; the witness's public key is not published with it."""

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in range(3)]
NAMES = ["witness.example/w1", "witness.example/w2", "w3"]
KNOWN = [parse_cosigner(witness_key(name, key)) for name, key in zip(NAMES, KEYS, strict=True)]


def note(*lines: str) -> Note:
    return parse_note((TEXT + "\n" + ("".join(lines) or "\u2014 x AAAAAAA=\n")).encode())


def line(number: int, **options: object) -> str:
    return cosignature(TEXT, NAMES[number], KEYS[number], **options)  # type: ignore[arg-type]


def test_the_key_id_is_that_of_cosignatures_in_either_form() -> None:
    for kind in (1, 4):
        key = parse_cosigner(witness_key(NAMES[0], KEYS[0], kind))
        assert key == KNOWN[0]
        assert cosigned(note(line(0)), [key]) == (Cosigned(witness=NAMES[0], at=1_795_000_000),)


@pytest.mark.parametrize(
    "text",
    [
        *("", "w", "w+00000000+", "w+x+y", "a b+00000000+AA==", "w" * 2000),
        *(witness_key("w", KEYS[0], 2), witness_key("w", KEYS[0], 6), witness_key("", KEYS[0]), witness_key("a b", KEYS[0]), witness_key("w" * 256, KEYS[0])),
        *(witness_key("w", KEYS[0])[:-1], "v" + witness_key("w", KEYS[0]), witness_key("w", KEYS[0]) + "\n", witness_key("w", KEYS[0]).upper()),
    ],
)
def test_what_is_no_key_of_a_witness(text: str) -> None:
    with pytest.raises(LedgerError) as err:
        parse_cosigner(text)
    assert err.value.code == "vkey.malformed"


def test_each_witness_counts_once_with_its_latest_word() -> None:
    found = cosigned(note(line(1, at=7), line(0, at=9), line(1, at=8), line(2, at=0)), KNOWN)
    assert found == (Cosigned(witness=NAMES[0], at=9), Cosigned(witness=NAMES[1], at=8), Cosigned(witness="w3", at=0))


def test_strangers_are_passed_over() -> None:
    stranger = cosignature(TEXT, NAMES[0], KEYS[1])  # a known name, and another key: another id
    other_name = cosignature(TEXT, "elsewhere", KEYS[0])
    assert cosigned(note(stranger, other_name, line(2)), KNOWN[:2]) == ()
    assert cosigned(note(), KNOWN) == ()


def forged(found: Note, known: list[VerifierKey]) -> str:
    with pytest.raises(LedgerError) as err:
        cosigned(found, known)
    return err.value.code


def raw(id_: bytes, rest: bytes) -> str:
    return f"\u2014 {NAMES[0]} {base64.b64encode(id_ + rest).decode()}\n"


def test_a_known_key_that_does_not_fit_refuses_whatever_others_say() -> None:
    wrong = [
        line(0, signed=TEXT.replace("20852163", "20852164")),
        raw(KNOWN[0].id, bytes(72)),
        raw(KNOWN[0].id, bytes(71)),
        raw(KNOWN[0].id, bytes(73)),
        raw(KNOWN[0].id, b"\x01"),
        raw(KNOWN[0].id, KEYS[0].sign(TEXT.encode())),  # as a log signs
        raw(KNOWN[0].id, bytes(8) + KEYS[0].sign(TEXT.encode())),
        line(0, at=MAX_TIME + 1),
    ]
    for each in wrong:
        assert forged(note(line(1), each, line(2)), KNOWN) == "note.forged"
        assert forged(note(line(0), each), KNOWN) == "note.forged"
    assert cosigned(note(line(0, at=MAX_TIME)), KNOWN)[0].at == MAX_TIME


def test_the_time_is_signed() -> None:
    whole = line(0, at=5)
    data = bytearray(base64.b64decode(whole.split(" ")[2]))
    data[11] ^= 1
    assert forged(note(f"\u2014 {NAMES[0]} {base64.b64encode(bytes(data)).decode()}\n"), KNOWN) == "note.forged"


def test_the_specifications_example_has_the_form_that_is_read() -> None:
    found = parse_note(EXAMPLE.encode())
    assert int.from_bytes(found.signatures[1].signature[:8]) == 1679315147
    named = VerifierKey(name="witness.example.com/w1", id=found.signatures[1].id, public=KNOWN[0].public)
    assert forged(found, [named]) == "note.forged"  # by another key, it comes as far as the signature


WRONG = {raw(KNOWN[0].id, bytes(72)), line(2, signed="x\n")}


@given(st.lists(st.sampled_from([line(0), line(1), raw(b"abcd", b"x"), *sorted(WRONG)]), max_size=6))
def test_any_lines_count_or_are_refused(lines: list[str]) -> None:
    if WRONG & set(lines):
        assert forged(note(*lines), KNOWN) == "note.forged"
    else:
        assert [one.witness for one in cosigned(note(*lines), KNOWN)] == [NAMES[number] for number in range(2) if line(number) in lines]
