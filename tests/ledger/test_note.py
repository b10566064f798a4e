from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    SignerKey,
    make_skey,
    parse_note,
    parse_skey,
    parse_vkey,
    sign_note,
    verifier_key,
    verify_note,
)

# The example of the C2SP signed-note specification.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_TEXT = "This is an example message.\n"
SPEC_NOTE = f"{SPEC_TEXT}\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n".encode()

# The example of golang.org/x/mod/sumdb/note: the key, the text, and two people's signatures.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_OTHER = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
GO_NOTE = f"{GO_TEXT}\n{PETER}".encode()


def code_of(data: bytes, *vkeys: str) -> str:
    with pytest.raises(LedgerError) as err:
        verify_note(data, [parse_vkey(vkey) for vkey in vkeys])
    return err.value.code


def test_the_specifications_example_verifies() -> None:
    key = parse_vkey(SPEC_VKEY)
    assert verify_note(SPEC_NOTE, [key]) == (SPEC_TEXT, (key,))


def test_go_and_we_sign_the_same_bytes() -> None:
    key = parse_skey(GO_SKEY)
    assert str(key.verifier) == GO_VKEY
    assert make_skey(key) == GO_SKEY
    assert sign_note(GO_TEXT, key.verifier, key.sign) == GO_NOTE


def test_of_two_signatures_both_known_keys_are_named() -> None:
    peter, enoch = parse_vkey(GO_VKEY), parse_vkey(GO_OTHER)
    both = f"{GO_TEXT}\n{ENOCH}{PETER}".encode()
    assert verify_note(both, [peter, enoch]) == (GO_TEXT, (peter, enoch))
    assert verify_note(both, [peter]) == (GO_TEXT, (peter,))
    assert verify_note(f"{GO_TEXT}\n{PETER}{PETER}".encode(), [peter]) == (GO_TEXT, (peter,))


def test_a_known_keys_bad_signature_refuses_the_whole_note() -> None:
    forged = ENOCH.replace("rwz+eBzm", "rwz+eBzn")
    assert code_of(f"{GO_TEXT}\n{PETER}{forged}".encode(), GO_VKEY, GO_OTHER) == "note.forged"
    assert verify_note(f"{GO_TEXT}\n{PETER}{forged}".encode(), [parse_vkey(GO_VKEY)])[0] == GO_TEXT


def test_a_signature_of_another_length_is_forged() -> None:
    short = base64.b64encode(bytes.fromhex("c74f20a3") + bytes(63)).decode()
    assert code_of(f"{GO_TEXT}\n— PeterNeumann {short}\n".encode(), GO_VKEY) == "note.forged"


def test_a_key_of_the_same_name_or_of_the_same_id_alone_is_unknown() -> None:
    same_name = str(verifier_key("PeterNeumann", parse_vkey(SPEC_VKEY).public))
    assert code_of(GO_NOTE, same_name) == "note.unsigned"
    assert code_of(GO_NOTE.replace(b"PeterNeumann ", b"PeterNeumanm "), GO_VKEY) == "note.unsigned"
    assert code_of(GO_NOTE) == "note.unsigned"


def test_two_keys_that_cannot_be_told_apart_are_refused() -> None:
    assert code_of(GO_NOTE, GO_VKEY, GO_VKEY) == "note.ambiguous-key"


def test_sixteen_signatures_and_many_more_are_read_but_not_endlessly_many() -> None:
    key = parse_vkey(GO_VKEY)
    for count in (16, MAX_SIGNATURES):
        assert verify_note(f"{GO_TEXT}\n{ENOCH * (count - 1)}{PETER}".encode(), [key])[0] == GO_TEXT
    assert code_of(f"{GO_TEXT}\n{ENOCH * MAX_SIGNATURES}{PETER}".encode(), GO_VKEY) == "note.malformed"


def test_sixteen_post_quantum_signatures_fit() -> None:
    large = "— pq.example " + base64.b64encode(bytes(4 + 4627)).decode() + "\n"
    assert verify_note(f"{GO_TEXT}\n{large * 16}{PETER}".encode(), [parse_vkey(GO_VKEY)])[0] == GO_TEXT


@pytest.mark.parametrize(
    "name", ["x" * 255, "$(id>x)", "<script>", "../../x", "\u202a", "x" * 256, "\x7f", "a\x85b", "a\u2028b", "\u200b", "a\u00a0b", "\x1b[31m"]
)
def test_what_keys_nobody_knows_may_be_called(name: str) -> None:
    """Printable text without white space and plus: such a line is ignored, as the specification asks; any other makes it no note."""
    note = f"{GO_TEXT}\n{PETER}{PETER.replace('PeterNeumann', name)}".encode()
    if name.isprintable() and len(name) <= 255:
        assert verify_note(note, [parse_vkey(GO_VKEY)])[0] == GO_TEXT
        assert [each.name for each in parse_note(note).signatures] == ["PeterNeumann", name]
    else:
        assert code_of(note, GO_VKEY) == "note.malformed"


def test_a_signature_of_a_key_nobody_knows_is_bounded() -> None:
    for size, good in ((8192, True), (8193, False)):
        note = f"{GO_TEXT}\n{PETER}— large.example {base64.b64encode(bytes(size)).decode()}\n".encode()
        if good:
            assert verify_note(note, [parse_vkey(GO_VKEY)])[0] == GO_TEXT
        else:
            assert code_of(note, GO_VKEY) == "note.malformed"


def test_a_huge_note_is_not_read() -> None:
    assert code_of(b"x" * MAX_NOTE_BYTES + GO_NOTE, GO_VKEY) == "note.too-large"


def test_the_text_may_hold_empty_lines_and_the_last_one_parts() -> None:
    key = parse_skey(GO_SKEY)
    text = "Ognuno sta solo sul cuor della terra\n\n— no signature\n\ned è subito sera.\n"
    assert verify_note(sign_note(text, key.verifier, key.sign), [key.verifier])[0] == text


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        GO_TEXT.encode(),
        f"{GO_TEXT}\n".encode(),
        f"{GO_TEXT}{PETER}".encode(),
        GO_NOTE[:-1],
        GO_NOTE + b"\n",
        GO_NOTE.replace(b"\n", b"\r\n"),
        GO_NOTE.replace(b"you", b"y\x00u"),
        GO_NOTE.replace(b"you", b"y\tu"),
        GO_NOTE.replace(b"you", b"y\xffu"),
        GO_NOTE.replace("— P".encode(), b"- P"),
        GO_NOTE.replace("— P".encode(), "—P".encode()),
        GO_NOTE.replace(b"PeterNeumann ", b"Peter Neumann "),
        GO_NOTE.replace(b"PeterNeumann ", "Peter\u2003Neumann ".encode()),
        GO_NOTE.replace(b"PeterNeumann ", b"Peter+Neumann "),
        GO_NOTE.replace(b"PeterNeumann ", b" "),
        GO_NOTE.replace(b"PeterNeumann x", b"PeterNeumannx"),
        GO_NOTE.replace(b"nAM=", b"nAN="),
        GO_NOTE.replace(b"nAM=", b"nAM"),
        GO_NOTE.replace(b"nAM=", b"nAM=="),
        GO_NOTE.replace(b"nAM=", b"n-M="),
        GO_NOTE.replace(b"nAM=", b" nAM="),
        f"{GO_TEXT}\n— PeterNeumann x08gow==\n".encode(),
        f"{GO_TEXT}\n{PETER}no signature\n".encode(),
    ],
)
def test_malformed(note: bytes) -> None:
    assert code_of(note, GO_VKEY) == "note.malformed"


def test_any_one_changed_byte_of_a_note_with_one_signature_is_refused() -> None:
    key = parse_vkey(GO_VKEY)
    for at in range(len(GO_NOTE)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(GO_NOTE)
            changed[at] ^= flip
            with pytest.raises(LedgerError) as err:
                verify_note(bytes(changed), [key])
            assert err.value.code in {"note.malformed", "note.unsigned", "note.forged"}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_an_error(data: bytes) -> None:
    for candidate in (data, b"text\n\n" + data, f"{GO_TEXT}\n— ".encode() + data, GO_NOTE + data):
        try:
            note = parse_note(candidate)
        except LedgerError as err:
            found = err.code.encode()
        else:
            lines = "".join(f"— {each.name} {base64.b64encode(each.id + each.signature).decode()}\n" for each in note.signatures)
            found = f"{note.text}\n{lines}".encode()
        assert found in {b"note.malformed", candidate}, "there is one note for one reading"


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n", "nul\0\n"])
def test_what_cannot_be_signed(text: str) -> None:
    key = parse_skey(GO_SKEY)
    with pytest.raises(LedgerError) as err:
        sign_note(text, key.verifier, key.sign)
    assert err.value.code == "note.malformed"


# --- keys ------------------------------------------------------------------------------------------------------------


def test_every_part_and_every_neighbour_of_a_key_is_refused() -> None:
    """As golang.org/x/mod/sumdb/note does with its own."""
    for text, parse, code in ((GO_VKEY, parse_vkey, "vkey.malformed"), (GO_SKEY, parse_skey, "skey.malformed")):
        mangled = {text[begin:end] for begin in range(len(text) + 1) for end in range(begin, len(text) + 1)}
        mangled |= {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
        for key in mangled - {text}:
            with pytest.raises(LedgerError) as err:
                parse(key)
            assert err.value.code == code


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # another length, with its own hash
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another algorithm, with its own hash
        GO_VKEY.replace("c74f20a3", "C74F20A3"),
        GO_VKEY.replace("Peter", "Peter "),
        "x" * 5000 + GO_VKEY,
        "PRIVATE+KEY+" + GO_VKEY,
    ],
)
def test_verifier_keys_that_are_none(vkey: str) -> None:
    with pytest.raises(LedgerError) as err:
        parse_vkey(vkey)
    assert err.value.code == "vkey.malformed"


@pytest.mark.parametrize(
    ("name", "public"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a\n", bytes(32)), ("a\u00a0", bytes(32)), ("a", bytes(31))]
)
def test_a_verifier_key_needs_a_name_and_32_bytes(name: str, public: bytes) -> None:
    with pytest.raises(LedgerError) as err:
        verifier_key(name, public)
    assert err.value.code == "vkey.malformed"


def test_no_secret_is_shown() -> None:
    key = parse_skey(GO_SKEY)
    assert repr(key) == f"{key}" == "SignerKey(name='PeterNeumann')"
    with pytest.raises(LedgerError) as err:
        parse_skey(GO_SKEY[:-1] + "A")
    assert GO_SKEY[-20:-2] not in str(err.value)


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z0-9./-]{1,60}", fullmatch=True))
def test_keys_survive_their_text_form(seed: bytes, name: str) -> None:
    key = SignerKey(name=name, seed=seed)
    assert parse_skey(make_skey(key)) == key
    assert parse_vkey(str(key.verifier)) == key.verifier
    assert key.verifier.public == Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


@given(st.text(max_size=80))
def test_any_text_is_a_key_or_an_error(text: str) -> None:
    for parse, code, start in ((parse_vkey, "vkey.malformed", ""), (parse_skey, "skey.malformed", "PRIVATE+KEY+")):
        with pytest.raises(LedgerError) as err:
            parse(start + text)
        assert err.value.code == code
