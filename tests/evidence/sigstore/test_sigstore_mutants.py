"""A bundle or trusted root changed anywhere is refused by code or verifies as the same thing; it is never an accident, and never slow."""

from __future__ import annotations

import base64
import binascii
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import at, ways
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, identity, trust, verify
from private_sigstore import DIGESTS, ISSUER, STATEMENT, WHO, Instance

OURS = Instance()
ROOT = OURS.root()
GOOD = [OURS.bundle(log=1, stamp=True), OURS.bundle(log=2), OURS.bundle(log=1, envelope=False), OURS.bundle(log=2, envelope=False)]
OTHERS = [OURS.bundle(log=2), OURS.bundle(log=1)]
STRANGERS = Instance().bundle(log=2)
SUBJECTS = {"sigstore", "certificate", "timestamp", "log-entry", "signature", "key", "json"}
JUNK: st.SearchStrategy[Any] = st.sampled_from(["", None, 0, -1, [], {}, "x", True, "9" * 30, 1e9, "\u202e", [[]]])


@st.composite
def mutants(draw: st.DrawFn, good: list[dict[str, Any]], others: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the good documents, changed in one to three places."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 3))):
        if not (all_ways := list(ways(document))):
            break
        way = draw(st.sampled_from(all_ways))
        holder, last, value = at(document, way[:-1]), way[-1], at(document, way)
        match draw(st.integers(0, 4)):
            case 0:
                del holder[last]
            case 1:
                holder[last] = copy.deepcopy(draw(JUNK))
            case 2:
                holder[last] = copy.deepcopy(at(draw(st.sampled_from(others)), way))
            case 3 if isinstance(value, str):
                holder[last] = _flipped(draw, value)
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(value))
            case _:
                holder[last + "x"] = value
    return document


def _flipped(draw: st.DrawFn, text: str) -> str:
    """A bit of the bytes in base64, or of a character, turned."""
    try:
        data = bytearray(base64.b64decode(text, validate=True) or b"\0")
        data[draw(st.integers(0, len(data) - 1))] ^= 1 << draw(st.integers(0, 7))
        return base64.b64encode(data).decode()
    except (binascii.Error, ValueError):
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        return text[:place] + draw(st.sampled_from(["", "A", "1", "\n", "="])) + text[place + 1 :]


def says(document: dict[str, Any], root: trust.TrustedRoot) -> tuple[str, str, bytes] | tuple[str]:
    """Who signed what; or the code it is refused with."""
    try:
        verified = verify.verify(bundle.parse(json.dumps(document).encode()), root, DIGESTS)
        who = identity.read(verified.certificate)
    except EvidenceError as err:
        return (err.code,)
    return who.subject, who.issuer, verified.payload


@settings(max_examples=400, deadline=None)
@given(mutants(GOOD, OTHERS))
def test_a_changed_bundle_is_refused_by_code_or_says_the_same(document: dict[str, Any]) -> None:
    found = says(document, ROOT)
    assert found in {(WHO, ISSUER, STATEMENT), (WHO, ISSUER, b"")} or found[0].partition(".")[0] in SUBJECTS


@settings(max_examples=200, deadline=None)
@given(mutants([OURS.root_json], [Instance().root_json]), st.sampled_from(GOOD))
def test_a_changed_trusted_root_refuses_by_code_or_trusts_no_more(document: dict[str, Any], good: dict[str, Any]) -> None:
    try:
        root = trust.parse(json.dumps(document).encode())
    except EvidenceError:
        return
    assert says(good, root)[0].partition(".")[0] in {*SUBJECTS, "https://ci"}
    assert says(STRANGERS, root)[0].partition(".")[0] in SUBJECTS


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused_by_code(data: bytes) -> None:
    for read in (bundle.parse, trust.parse):
        with pytest.raises(EvidenceError):
            read(data)
