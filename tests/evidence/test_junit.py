"""JUnit files as test results: what is lost on the way, and what cannot be attested."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import NOW, digest
from lockgate.core.digest import digest_of
from lockgate.errors import EvidenceError
from lockgate.evidence import junit, test_result

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), min_size=1, max_size=12).filter(lambda name: name.strip(" ") == name)
INSIDE = {"passed": "", "skipped": "<skipped/>", "warned": "<flakyFailure/>", "failed": "<failure/>"}


@given(st.dictionaries(NAMES, st.sampled_from(list(INSIDE)), max_size=12))
def test_every_test_comes_back_as_what_it_was(tests: dict[str, str]) -> None:
    cases = "".join(f"<testcase name={quoteattr(name)}>{INSIDE[result]}</testcase>" for name, result in tests.items())
    data = f"<testsuites><testsuite failures='{list(tests.values()).count('failed')}'>{cases}</testsuite></testsuites>".encode()
    run = junit.read(data)
    assert {name: result for result, names in run._asdict().items() for name in names} == tests
    if set(tests.values()) <= {"skipped"}:
        with pytest.raises(EvidenceError) as err:
            junit.predicate_of(data, "unit", NOW)
        assert err.value.code == "junit.nothing-ran"
        return
    fact = test_result.read(junit.predicate_of(data, "unit", NOW), digest("shop"), [], digest("x"))
    worst = next(result for result in ("failed", "warned", "passed") if result in tests.values())
    assert (fact.result, fact.configuration, fact.at) == (worst, ("unit",), NOW)
    assert (fact.passed, fact.warned, fact.failed) == (run.passed, run.warned, run.failed)


def test_the_file_is_named_by_its_digest() -> None:
    data = b'<testsuite><testcase name="t"/></testsuite>'
    assert junit.predicate_of(data, "unit", NOW)["configuration"] == [{"name": "unit", "digest": {"sha256": digest_of(data).removeprefix("sha256:")}}]


@pytest.mark.parametrize(
    "data",
    [
        b"<testsuite>" + b" " * (32 << 20) + b"</testsuite>",
        b"<testsuite>" + b"".join(b'<testcase name="%d"/>' % number for number in range(junit.MAX_TESTS + 1)) + b"</testsuite>",
    ],
    ids=["33 MiB", "200,001 tests"],
)
def test_more_than_is_read(data: bytes) -> None:
    with pytest.raises(EvidenceError) as err:
        junit.read(data)
    assert err.value.code == "junit.too-large"


def test_more_names_than_a_statement_takes() -> None:
    data = b"<testsuite>" + b"".join(b'<testcase name="%0100d"/>' % number for number in range(11_000)) + b"</testsuite>"
    assert len(junit.read(data).passed) == 11_000
    with pytest.raises(EvidenceError) as err:
        junit.predicate_of(data, "unit", NOW)
    assert err.value.code == "junit.too-large"


@given(st.one_of(st.binary(max_size=200), st.text('<>/testsuicasenmfr ="&;![]x', max_size=120).map(str.encode)))
def test_any_bytes_are_a_run_or_refused(data: bytes) -> None:
    try:
        run = junit.read(data)
    except EvidenceError:
        return
    assert junit.read(data) == run


@pytest.mark.parametrize(
    "inner", ['<testcase name="b"/>', '<system-out><testcase name="b"/></system-out>', '<testsuite name="s"><testcase name="b"/></testsuite>']
)
def test_no_test_inside_another_takes_its_failure_away(inner: str) -> None:
    with pytest.raises(EvidenceError) as err:
        junit.read(f'<testsuite><testcase name="a"><failure/>{inner}</testcase></testsuite>'.encode())
    assert err.value.code == "junit.malformed"
