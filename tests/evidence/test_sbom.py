"""Bills of materials: large ones, lying ones, and what any bytes come to."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from build import NOW, key
from evidence.test_cases import CASES
from lockgate import canon
from lockgate.core.components import Component, Sbom
from lockgate.core.digest import Digest
from lockgate.core.facts import Rejected
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, attestation, dsse, large_json, sbom, sbom_parts, sbom_purl, sbom_types, statement
from lockgate.evidence.sbom_parts import Document
from lockgate.evidence.sigstore import bundle

ONE: Digest = "sha256:" + "9f2c" * 16
KEY = key("release")
KEYS = {"release": KEY.public}


def code(data: bytes) -> str:
    with pytest.raises(EvidenceError) as err:
        sbom.parse(data)
    return err.value.code


def cdx(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(parts), **more}


def lib(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": f"lib-{number}", "version": "1", "purl": f"pkg:npm/lib-{number}@1", **more}


def signed(document: Any, predicate_type: str = sbom_types.CYCLONEDX, *, bundled: bool = False) -> Evidence:
    data = attestation.write_attestation(ONE, predicate_type, document, KEY.public, KEY.sign)
    if bundled:
        return Evidence(media_type=bundle.MEDIA_TYPE, data=bundle.write(data, KEY.public), origin="here")
    return Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="here")


def read(piece: Evidence, now: datetime = NOW) -> Any:
    (fact,) = artifact.read([piece], KEYS, {ONE}, now)
    return fact


class TestAttested:
    @pytest.mark.parametrize("predicate_type", sorted(sbom_types.PREDICATES))
    def test_under_every_name(self, predicate_type: str) -> None:
        fact = read(signed(cdx(lib(1)), predicate_type))
        assert isinstance(fact, Sbom)
        assert (fact.subject, fact.keys, fact.found, fact.components) == (
            ONE,
            (KEY.fingerprint,),
            "attestation",
            (Component(purl="pkg:npm/lib-1@1", name="lib-1", version="1"),),
        )

    def test_as_one_text(self) -> None:
        text = json.dumps(json.dumps(cdx(lib(1)))).encode()
        assert isinstance(read(signed(text)), Sbom)
        assert read(signed(text, "https://in-toto.io/attestation/scai/v0.3")).code == "statement.malformed"

    def test_a_large_one_is_read_in_an_envelope_and_in_a_bundle(self) -> None:
        document = cdx(*(lib(number, description="x" * 700) for number in range(4000)))
        for bundled in (False, True):
            fact = read(signed(document, bundled=bundled))
            assert isinstance(fact, Sbom)
            assert len(fact.components) == 4000

    def test_what_else_is_large_is_not(self) -> None:
        large = {"x": ["a" * 100] * 20_000}
        assert read(signed(large, "https://slsa.dev/provenance/v1")) == Rejected(source=artifact_digest(large), code="json.too-large")
        assert statement_code(b" " * (1 << 20) + b'{"_type": "x"}') in {"json.too-large", "statement.other-type", "statement.malformed"}

    def test_a_statement_is_large_by_its_predicate_alone(self) -> None:
        fine = json.loads(dsse.parse(signed(cdx(lib(1))).data).payload)
        for more in ({"x": "a" * (1 << 20)}, {"subject": [*fine["subject"]] * 20_000}, {str(number): number for number in range(100_000)}):
            payload = json.dumps({**fine, **more, "predicate": cdx(*(lib(number, description="x" * 700) for number in range(2000)))}).encode()
            assert statement_code(payload) == "json.too-large"

    def test_duplicate_keys_of_a_large_statement_are_refused(self) -> None:
        payload = dsse.parse(signed(cdx(*(lib(number, description="x" * 700) for number in range(2000)))).data, max_bytes=8 << 20).payload
        assert statement.parse("application/vnd.in-toto+json", payload).subjects == (ONE,)
        again = payload[:-1] + b',"subject":[{"digest":{"sha256":"' + b"0" * 64 + b'"}}]}'
        assert statement_code(again) == "json.duplicate-key"
        assert statement_code(payload[:-1] + b',"predicate":{}}') in {"json.too-large", "json.duplicate-key"}

    def test_more_than_is_read(self) -> None:
        assert statement_code(b" " * (sbom_types.MAX_STATEMENT + 1)) == "json.too-large"
        assert code(b" " * (sbom_types.MAX_DOCUMENT + 1)) == "json.too-large"
        with pytest.raises(EvidenceError) as err:
            dsse.parse(b" " * (sbom_types.MAX_ENVELOPE + 1), max_bytes=sbom_types.MAX_ENVELOPE)
        assert err.value.code == "json.too-large"

    def test_weaknesses_are_said_beside_what_is_listed_and_alone(self) -> None:
        said = {
            "id": "CVE-2026-1",
            "analysis": {"state": "not_affected", "justification": "code_not_present", "lastUpdated": "2026-11-20T10:00:00Z"},
            "affects": [{"ref": "1"}],
        }
        both = cdx(lib(1, **{"bom-ref": "1"}), vulnerabilities=[said])
        facts = artifact.read([signed(both)], KEYS, {ONE}, NOW)
        assert sorted(type(fact).__name__ for fact in facts) == ["Exploitability", "Sbom"]
        alone = cdx(metadata={"component": {"bom-ref": "1", "type": "container", "name": "x"}}, vulnerabilities=[said])
        assert [type(fact).__name__ for fact in artifact.read([signed(alone)], KEYS, {ONE}, NOW)] == ["Exploitability"]
        large = cdx(*(lib(number, description="x" * 700, **{"bom-ref": str(number)}) for number in range(2000)), vulnerabilities=[said])
        assert sorted(type(fact).__name__ for fact in artifact.read([signed(large)], KEYS, {ONE}, NOW)) == ["Exploitability", "Sbom"]


def artifact_digest(document: Any) -> Digest:
    from lockgate.core.digest import digest_of

    return digest_of(signed(document, "https://slsa.dev/provenance/v1").data)


def statement_code(payload: bytes) -> str:
    with pytest.raises(EvidenceError) as err:
        statement.parse("application/vnd.in-toto+json", payload)
    return err.value.code


class TestAttached:
    @pytest.mark.parametrize("media_type", sorted(sbom_types.MEDIA))
    def test_it_is_nobodys_word(self, media_type: str) -> None:
        fact = read(Evidence(media_type=media_type, data=json.dumps(cdx(lib(1))).encode(), origin="here"))
        assert (fact.keys, fact.by, fact.found, len(fact.components)) == ((), None, "attached", 1)

    def test_what_is_none_says_why(self) -> None:
        fact = read(Evidence(media_type="application/spdx+json", data=b"{}", origin="here"))
        assert (type(fact), fact.code, fact.predicate) == (Rejected, "sbom.other-format", sbom_types.SPDX)

    def test_older_rules_do_not_read_it(self) -> None:
        from lockgate.evidence.readers import BEFORE_3

        piece = Evidence(media_type="application/spdx+json", data=b"{}", origin="here")
        (fact,) = artifact.read([piece], KEYS, {ONE}, NOW, readers=BEFORE_3)
        assert isinstance(fact, Rejected)
        assert fact.code == "evidence.unknown-format"


class TestLarge:
    def test_it_takes_little_time_and_memory(self) -> None:
        data = json.dumps(cdx(*(lib(number, description="x" * 800, hashes=[{"alg": "SHA-256", "content": "0" * 64}]) for number in range(5000)))).encode()
        started = time.process_time()
        tracemalloc.start()
        try:
            found = sbom.parse(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(found.components) == 5000
        assert peak < 4 * len(data)
        assert time.process_time() - started < 5

    @pytest.mark.parametrize("listed", [b"{}", b"1", b'""', b"[]", b'{"type":""}', b'{"name":""}'])
    def test_millions_of_empty_elements_are_refused_before_they_are_taken_in(self, listed: bytes) -> None:
        data = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + b",".join([listed] * 1_000_000) + b"]}"
        tracemalloc.start()
        try:
            assert code(data) == "sbom.malformed"
            assert tracemalloc.get_traced_memory()[1] < 100 << 20
        finally:
            tracemalloc.stop()

    def test_more_components_than_are_read(self) -> None:
        parts = b",".join([b'{"type":"library","name":"x"}'] * 200_001)
        assert code(b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + parts + b"]}") == "sbom.too-many"
        inner = b'{"type":"library","name":"x","components":[' + parts + b"]}"
        assert code(b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + inner + b"]}") == "sbom.too-many"

    def test_a_million_names_at_the_top_are_refused(self) -> None:
        many = ",".join(f'"{number}":1' for number in range(200_000))
        assert code(b'{"bomFormat":"CycloneDX","specVersion":"1.6",' + many.encode() + b"}") == "json.too-large"

    def test_a_million_elements_of_a_graph(self) -> None:
        element = b'{"type":"x"}'
        data = b'{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[' + b",".join([element] * 500_001) + b"]}"
        assert code(data) == "sbom.too-many"


PIECES = sorted(path for reader in ("sbom_cyclonedx", "sbom_spdx") for path in CASES.glob(f"{reader}/*/input"))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A good or bad document with a few bytes changed, or taken from another one."""
    data = bytearray(draw(st.sampled_from(PIECES)).read_bytes())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        put = draw(st.sampled_from([b"", b'"', b"{", b"}", b"[", b"null", b"\\", b"1", b"\xff", b'"purl":"pkg:npm/x@1",', b"\\u0022", b"1e999"]))
        data[at : at + draw(st.integers(0, 8))] = put
    return bytes(data)


@given(st.one_of(documents(), st.binary(max_size=200)))
@settings(max_examples=300)
def test_any_bytes_are_a_document_or_an_error_twice_the_same(data: bytes) -> None:
    def once() -> Document | str:
        try:
            return sbom.parse(data)
        except EvidenceError as err:
            return err.code

    assert once() == once()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=6), st.sampled_from(['"', "\\", '\\"', "{", "]"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)),
    max_leaves=20,
)


class TestWhatIsLittleAndGrows:
    """What anybody may attach is read in memory and time that do not depend on how it is packed."""

    def code(self, text: str) -> str:
        with pytest.raises(EvidenceError) as err:
            sbom.parse(text.encode())
        return err.value.code

    @pytest.mark.parametrize("field", ["components", "properties", "licenses"])
    def test_a_million_empty_things_in_one_component(self, field: str) -> None:
        many = ",".join(["{}"] * 600_000)
        assert self.code(json.dumps(cdx({**lib(1), field: ["MANY"]})).replace('"MANY"', many)) == "json.too-large"

    def test_and_in_what_it_is_of(self) -> None:
        root = {"timestamp": "2026-01-01T00:00:00Z", "component": {"type": "a", "name": "b", "components": ["MANY"]}}
        assert self.code(json.dumps({**cdx(), "metadata": root}).replace('"MANY"', ",".join(["{}"] * 600_000))) == "json.too-large"

    def test_package_urls_in_uncommon_forms(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sbom_parts, "MAX_EFFORT", 1000)
        assert len(sbom.parse(json.dumps(cdx(*(lib(1, purl="pkg:pypi/A_B@1", name=str(each)) for each in range(100)))).encode()).components) == 100
        assert self.code(json.dumps(cdx(*(lib(1, purl=f"pkg:pypi/A_B@{each}") for each in range(100))))) == "sbom.too-many"


class TestDuplicates:
    @given(JSON, st.booleans())
    def test_what_has_none_is_read_as_it_is(self, value: Any, ascii_only: bool) -> None:
        assert large_json.value(json.dumps(value, ensure_ascii=ascii_only).encode(), "it") == value

    @given(JSON, st.text(max_size=3), JSON, st.booleans(), st.lists(st.sampled_from(["a", 0]), max_size=4))
    @example(value=1, name='"', other=2, ascii_only=True, way=[])
    def test_one_anywhere_is_refused(self, value: Any, name: str, other: Any, ascii_only: bool, way: list[Any]) -> None:
        def written(one: Any) -> str:
            return json.dumps(one, ensure_ascii=ascii_only)

        text = f"{{{written(name)}: {written(value)}, {written(name)}: {written(other)}}}"
        for step in way:
            text = f'{{"{step}": {text}, "b": "x"}}' if step == "a" else f'["y", {text}]'
        with pytest.raises(EvidenceError) as err:
            large_json.value(text.encode(), "it")
        assert err.value.code == "json.duplicate-key"

    def test_quotes_in_another_name_make_up_for_no_lost_list(self) -> None:
        hidden = json.dumps(lib(1))
        odd = "\\u0022" * (hidden.count('"') + 2)
        text = json.dumps(cdx(lib(2)))[:-1]
        with pytest.raises(EvidenceError) as err:
            sbom.parse(text.replace('"components": ', f'"components": [{hidden}], "components": ').encode() + f', "{odd}": 0}}'.encode())
        assert err.value.code == "json.duplicate-key"

    @given(st.dictionaries(st.text(max_size=4), JSON, max_size=5), st.booleans())
    def test_an_outline_is_the_document_in_pieces(self, value: dict[str, Any], ascii_only: bool) -> None:
        data = json.dumps(value, ensure_ascii=ascii_only).encode()
        try:
            found = large_json.outline(data, ("a", "b"), "it")
        except EvidenceError:
            assert any('"' in name for name in value)  # a quote in a name, written otherwise
        else:
            assert {name: json.loads(raw) for name, raw in found.items()} == value
            assert json.loads(large_json.joined(found)) == value


class TestDepth:
    """`canon.refuse_depth` against counting, character for character."""

    @given(
        st.recursive(
            st.sampled_from(["", "[", "}{", '"', "\\", '\\"[', 1]),
            lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "[", '"{']), inner, max_size=2)),
            max_leaves=30,
        ),
        st.integers(0, 70),
        st.booleans(),
    )
    def test_it_is_as_deep_as_it_is(self, value: Any, more: int, ascii_only: bool) -> None:
        for level in range(more):
            value = [value, "]"] if level % 2 else {"{": value}
        data = json.dumps(value, ensure_ascii=ascii_only).encode()
        deepest, depth, inside, escaped = 0, 0, False, False
        for one in data.decode():
            if inside:
                inside, escaped = (one != '"' or escaped), (one == "\\" and not escaped)
            elif one == '"':
                inside = True
            elif one in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif one in "]}":
                depth -= 1
        if deepest <= canon.MAX_DEPTH:
            canon.refuse_depth(data, "it")
        else:
            with pytest.raises(EvidenceError) as err:
                canon.refuse_depth(data, "it")
            assert err.value.code == "json.too-deep"

    def test_it_is_quick(self) -> None:
        started = time.process_time()
        canon.refuse_depth(b'{"a":"' + b"x[" * (5 << 20) + b'"}', "it")
        canon.refuse_depth(b"[" + b",".join([b"[{}]"] * (1 << 20)) + b"]", "it")
        with pytest.raises(EvidenceError):
            canon.refuse_depth(b"[" * (8 << 20), "it")
        assert time.process_time() - started < 3


PART = st.from_regex(r"[a-z0-9](?:[a-z0-9.-]{0,6}[a-z0-9])?", fullmatch=True)
REST = st.from_regex(r"(@[A-Za-z0-9]?([A-Za-z0-9.~_:-]|%2B|%2b|\+){0,8})?(\?arch=[a-z0-9_]{1,4}&distro=[a-z0-9.-]{1,4}|\?type=jar)?", fullmatch=True)
TYPES = st.sampled_from(["cargo", "deb", "gem", "golang", "maven", "npm", "nuget", "pypi", "rpm", "apk"])


class TestPurls:
    @given(
        st.builds(
            lambda kind, scope, parts, rest: f"pkg:{kind}/{scope}{'/'.join(parts)}{rest}",
            TYPES,
            st.sampled_from(["", "%40"]),
            st.lists(PART, min_size=1, max_size=4),
            REST,
        )
    )
    @settings(max_examples=500)
    def test_the_quick_way_is_the_rule(self, text: str) -> None:
        def by(way: Any) -> str:
            try:
                return str(way(text))
            except ValueError:
                return ""

        assert by(sbom_purl.canonical) == by(sbom_purl.by_rule.__wrapped__)

    @given(st.one_of(st.text(max_size=30), st.text("pkg:/@?#%2Fa.=&-_+5Cn", max_size=24).map("pkg:npm/".__add__)))
    @settings(max_examples=500)
    def test_what_is_canonical_stays_so_and_hides_nothing(self, text: str) -> None:
        try:
            found = sbom_purl.canonical(text)
        except ValueError:
            return
        assert sbom_purl.canonical(found) == found
        path = found.partition("?")[0].partition("#")[0]
        assert found.isascii()
        assert found.startswith("pkg:")
        assert not {"", ".", ".."} & set(path.rpartition("@")[0].split("/") if "@" in path else path.split("/"))

    def test_qualifiers_that_only_say_where_a_file_is_from_are_left_out(self) -> None:
        written = "pkg:deb/debian/a@1?vcs_url=x&arch=amd64&checksum=sha1:x&distro=debian-12&download_url=y&upstream=b&file_name=z"
        assert sbom_purl.canonical(written) == "pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=b"


class TestReal:
    def test_what_cyclonedx_bom_writes_of_this_very_environment(self, tmp_path: Path) -> None:
        tool = Path(sys.executable).parent / "cyclonedx-py"
        for version in ("1.4", "1.5", "1.6", "1.7"):
            out = tmp_path / f"{version}.json"
            subprocess.run(
                [tool, "environment", Path(sys.executable).parent.parent, "--no-validate", "--sv", version, "--output-reproducible", "-o", out],
                check=True,
                capture_output=True,
            )
            found = sbom.parse(out.read_bytes())
            assert (found.spec, found.skipped) == (version, 0)
            assert any(one.purl.startswith("pkg:pypi/msgspec@") for one in found.components)
