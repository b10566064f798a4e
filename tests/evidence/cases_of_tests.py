"""Cases of test results and of JUnit files: run it by hand to make these anew, and no others.

    cd tests && python -m evidence.cases_of_tests          needs pytest, which writes one of them

The other JUnit files have the shapes that Maven's Surefire, Gradle, Jest and Go's gotestsum write; their values are made up.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.make_cases import CASES, Maker

READERS = ("test-result", "junit")
TESTED_AT = "https://lockgate.dev/testedAt"

WHOLE = {
    "result": "PASSED",
    "configuration": [{"name": ".github/workflows/ci.yml", "downloadLocation": "https://example.com/ci.yml", "digest": {"gitBlob": "e" * 40}}],
    "url": "https://example.com/runs/1",
    "passedTests": ["build (3.7, ubuntu-latest, py)", "build (3.8, ubuntu-latest, py)"],
    "warnedTests": [],
    "failedTests": [],
}
FACT = {"result": "passed", "passed": WHOLE["passedTests"], "warned": [], "failed": [], "configuration": [".github/workflows/ci.yml"], "at": None}


def without(*gone: str, **other: Any) -> dict[str, Any]:
    return {**{name: value for name, value in WHOLE.items() if name not in gone}, **other}


def results(make: Maker) -> None:
    passes: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
        "whole": (WHOLE, FACT, "the example of the specification"),
        "failed": (without(result="FAILED", passedTests=["a"], failedTests=["b"]), {**FACT, "result": "failed", "passed": ["a"], "failed": ["b"]}, "one failed"),
        "failed-and-names-none": (without("passedTests", result="FAILED"), {**FACT, "result": "failed", "passed": []}, "it failed, and which test is not said"),
        "passed-and-names-a-failure": (without(passedTests=["a"], failedTests=["b"]), {**FACT, "result": "failed", "passed": ["a"], "failed": ["b"]}, "PASSED over a failed test: the worst counts"),
        "passed-and-names-a-warning": (without(passedTests=["a"], warnedTests=["b"]), {**FACT, "result": "warned", "passed": ["a"], "warned": ["b"]}, "PASSED over a warning: the worst counts"),
        "warned-and-names-none": (without(result="WARNED"), {**FACT, "result": "warned"}, "WARNED over tests that passed: the worst counts"),
        "in-every-list": (without(passedTests=["a", "b", "c"], warnedTests=["b", "c"], failedTests=["c"]), {**FACT, "result": "failed", "passed": ["a"], "warned": ["b"], "failed": ["c"]}, "a test in two lists counts in the worse one"),
        "twice": (without(passedTests=["a", "a"]), {**FACT, "passed": ["a"]}, "one test named twice is one"),
        "no-lists": (without("passedTests", "warnedTests", "failedTests"), {**FACT, "passed": []}, "the lists are optional"),
        "no-configuration": (without("configuration"), {**FACT, "configuration": []}, "required, and left out by some"),
        "configuration-by-uri": (without(configuration=[{"uri": "https://example.com/b"}, {"name": "a", "uri": "https://example.com/a"}, {"digest": {"sha256": "e" * 64}}]), {**FACT, "configuration": ["a", "https://example.com/b"]}, "by name, or else by uri"),
        "when": (without(**{TESTED_AT: "2026-11-22T21:00:00+01:00"}), {**FACT, "at": "2026-11-22T20:00:00Z"}, "lockgate's own field says when"),
        "unknown-fields": (without(**{"https://example.com/more": {}}), FACT, "fields that are not known are ignored"),
        "strange-names": (without(passedTests=["\u001b[2J", "a\nb", "ü"]), {**FACT, "passed": ["\u001b[2J", "a\nb", "ü"]}, "a test may be called anything; it is made harmless where it is shown"),
    }  # fmt: skip
    for name, (predicate, expected, why) in passes.items():
        make.case("test-result", name, json.dumps(predicate).encode(), expected, why)
    fail: dict[str, tuple[Any, str]] = {
        "no-result": (without("result"), "no result"),
        "lower-case-result": (without(result="passed"), "there are three results, and this is none"),
        "other-result": (without(result="SKIPPED"), "there are three results, and this is none"),
        "result-true": (without(result=True), "a result that is no text"),
        "tests-text": (without(passedTests="a"), "tests that are a text"),
        "test-number": (without(passedTests=[7]), "a test that is a number"),
        "test-empty": (without(failedTests=[""]), "a test without a name"),
        "test-long": (without(passedTests=["x" * 1001]), "a name of 1,001 characters"),
        "configuration-text": (without(configuration=["ci.yml"]), "a configuration that is a text"),
        "configuration-escape": (without(configuration=[{"name": "\u001b[2J"}]), "what a terminal would obey, in a name that is shown"),
        "configurations-65": (without(configuration=[{"name": f"{number}"} for number in range(65)]), "65 configurations"),
        "when-local": (without(**{TESTED_AT: "2026-11-22T20:00:00"}), "a time without its offset"),
        "when-number": (without(**{TESTED_AT: 1795337700}), "RFC 3339 or nothing"),
    }  # fmt: skip
    for name, (predicate, why) in fail.items():
        make.case("test-result", f"{name}_fail", json.dumps(predicate).encode(), "test-result.malformed", why)


TESTS = """\
import pytest
def test_pass(): pass
def test_fail(): assert 1 == 2
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.parametrize("x", ["a b", "ü", "<&>"])
def test_many(x): pass
class TestIn:
    @pytest.fixture
    def broken(self): raise RuntimeError("setup")
    def test_error(self, broken): pass
"""
BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def of_pytest(make: Maker) -> bytes:
    """What pytest writes of `TESTS`, without the machine's name."""
    (make.scratch / "test_shop.py").write_text(TESTS)
    (make.scratch / "pytest.ini").write_text("[pytest]\n")
    with suppress(subprocess.CalledProcessError):  # two of them fail
        make.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=out.xml", "test_shop.py")
    return re.sub(rb'hostname="[^"]*"', b'hostname="ci"', (make.scratch / "out.xml").read_bytes())


def junit(make: Maker) -> None:
    def run(*, passed: Any = (), warned: Any = (), skipped: Any = (), failed: Any = ()) -> dict[str, Any]:
        return {"passed": list(passed), "warned": list(warned), "skipped": list(skipped), "failed": list(failed)}

    passes: dict[str, tuple[bytes, dict[str, Any], str]] = {
        "pytest": (of_pytest(make), run(passed=["test_shop.test_many[<&>]", "test_shop.test_many[\\xfc]", "test_shop.test_many[a b]", "test_shop.test_pass"], skipped=["test_shop.test_skipped"], failed=["test_shop.TestIn.test_error", "test_shop.test_fail"]), "written by pytest"),
        "surefire-flaky": (b'<testsuite name="S" tests="3" errors="0" failures="1"><testcase name="a" classname="C"><flakyFailure message="m"><stackTrace/></flakyFailure></testcase><testcase name="b" classname="C"><failure/><rerunFailure/></testcase><testcase name="c" classname="C"/></testsuite>', run(passed=["C.c"], warned=["C.a"], failed=["C.b"]), "Surefire's: one passed on a second try, one never"),
        "jest": (b'<?xml version="1.0" encoding="UTF-8"?><testsuites name="jest tests" tests="2" failures="0" errors="0"><testsuite name="cart" errors="0" failures="0" skipped="1" tests="2"><testcase classname="cart adds" name="cart adds" time="0.1"></testcase><testcase classname="cart todo" name="cart todo"><skipped/></testcase></testsuite></testsuites>', run(passed=["cart adds.cart adds"], skipped=["cart todo.cart todo"]), "Jest's: a suite in suites"),
        "gradle-output": (b'<testsuite name="T" tests="1" failures="0" errors="0"><properties/><testcase name="x()" classname="T"/><system-out><![CDATA[<failure> &amp; ]]></system-out></testsuite>', run(passed=["T.x()"]), "Gradle's: what tests print is no element"),
        "gotestsum": (b'<testsuites tests="1" failures="1"><testsuite name="pkg" tests="1" failures="1"><testcase classname="pkg" name="TestMain"><failure message="Failed">panic</failure></testcase></testsuite></testsuites>', run(failed=["pkg.TestMain"]), "gotestsum's"),
        "suite-error": (b'<testsuites><testsuite name="pkg" errors="1"><error>cannot start</error></testsuite></testsuites>', run(failed=["pkg"]), "a suite that could not start has failed, by its name"),
        "suite-skipped": (b'<testsuites><skipped/><testsuite name="pkg"><skipped/><flakyError/><testcase name="t"/></testsuite></testsuites>', run(passed=["t"]), "what a suite itself leaves out is no test"),
        "nested": (b'<testsuites failures="1"><testsuite name="a" failures="1"><testsuite name="b" failures="1"><testcase name="t"><failure/></testcase></testsuite></testsuite></testsuites>', run(failed=["t"]), "suites that count those inside them"),
        "name-spaces": (b'<j:testsuite xmlns:j="urn:x"><j:testcase name="t"><j:error/></j:testcase></j:testsuite>', run(failed=["t"]), "prefixes are taken off"),
        "one-name-twice": (b'<testsuite><testcase name="t"><failure/></testcase><testcase name="t"/><testcase name="u"/><testcase name="u"><skipped/></testcase></testsuite>', run(passed=["u"], failed=["t"]), "of two of one name the worse counts, and what was left out once ran"),
        "skipped-and-failed": (b'<testsuite><testcase name="t"><skipped/><failure/></testcase><testcase name="u"><failure/><skipped/></testcase></testsuite>', run(failed=["t", "u"]), "what failed has failed, whatever else"),
        "flaky-and-failed": (b'<testsuite><testcase name="t"><flakyError/><error/></testcase></testsuite>', run(failed=["t"]), "the worse counts"),
        "failure-in-output": (b'<testsuite><testcase name="t"><system-out><failure/></system-out></testcase></testsuite>', run(passed=["t"]), "an element below what a test prints says nothing of the test"),
        "counts-that-are-none": (b'<testsuite failures="many" errors="-1"><testcase name="t"/></testsuite>', run(passed=["t"]), "a count that is no number counts nothing"),
        "utf-16": ('<?xml version="1.0" encoding="UTF-16"?><testsuite><testcase name="ü"/></testsuite>'.encode("utf-16"), run(passed=["ü"]), "another encoding, said by the file"),
        "none-at-all": (b"<testsuites/>", run(), "no test at all; `attest` refuses it"),
        "long-name": (b'<testsuite><testcase name="' + b"x" * 1500 + b'"/></testsuite>', run(passed=["x" * 1000]), "a name is cut off after 1,000 characters"),
    }  # fmt: skip
    for name, (data, expected, why) in passes.items():
        make.case("junit", name, data, expected, why)
    deep = b"<testsuite>" * 33 + b"</testsuite>" * 33
    fail: dict[str, tuple[bytes, str, str]] = {
        "empty": (b"", "junit.malformed", "no bytes"),
        "no-xml": (b"\x00\x01", "junit.malformed", "no XML"),
        "json": (b'{"testsuites": []}', "junit.malformed", "JSON"),
        "cut-off": (b'<testsuite><testcase name="t">', "junit.malformed", "it ends in the middle"),
        "two-roots": (b"<testsuite/><testsuite/>", "junit.malformed", "two documents"),
        "other-root": (b'<html><testcase name="t"/></html>', "junit.malformed", "another document"),
        "nameless": (b"<testsuite><testcase/></testsuite>", "junit.malformed", "a test without a name"),
        "unknown-encoding": (b'<?xml version="1.0" encoding="x-none"?><testsuite/>', "junit.malformed", "an encoding that nobody knows"),
        "undefined-entity": (b"<testsuite>&x;</testsuite>", "junit.malformed", "an entity that is nowhere defined"),
        "control-character": (b'<testsuite><testcase name="\x01"/></testsuite>', "junit.malformed", "a character that XML does not have"),
        "doctype": (b"<!DOCTYPE testsuite><testsuite/>", "junit.doctype", "a document type, though it defines nothing"),
        "entities": (BOMB.encode() + b"<testsuite>&b;</testsuite>", "junit.doctype", "entities that grow"),
        "external-entity": (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>', "junit.doctype", "an entity that reads a file"),
        "external-dtd": (b'<!DOCTYPE testsuite SYSTEM "http://example.com/x.dtd"><testsuite/>', "junit.doctype", "a document type elsewhere"),
        "deep": (deep, "junit.too-large", "33 levels"),
        "failures-left-out": (b'<testsuite name="S" failures="2"><testcase name="t"><failure/></testcase></testsuite>', "junit.cut-short", "two failures are counted, and one is listed"),
        "errors-left-out": (b'<testsuites errors="1"><testsuite><testcase name="t"/></testsuite></testsuites>', "junit.cut-short", "the whole counts an error that is nowhere"),
    }  # fmt: skip
    for name, (data, code, why) in fail.items():
        make.case("junit", f"{name}_fail", data, code, why)


def main() -> None:
    for reader in READERS:
        shutil.rmtree(CASES / reader, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        results(make)
        junit(make)
    print(f"{make.written} cases")


if __name__ == "__main__":
    main()
