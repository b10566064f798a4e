"""JUnit XML, as test runners write it, -> which tests passed, passed on a second try, were left out, and failed.

There is no standard; what is read is what pytest, Maven, Gradle, Jest and Go's converters share:

  1. no document type: with it entities are refused, and with them every way to make a small file large or to reach another file;
  2. the root is ``testsuites`` or ``testsuite``; prefixes of name spaces are taken off;
  3. each ``testcase`` is a test, called ``classname.name``: failed where a ``failure`` or ``error`` stands in it; left out where ``skipped`` does;
     warned where it failed first and passed on another try (``flakyFailure``, ``flakyError``); passed otherwise;
  4. a ``failure`` or ``error`` that stands in a suite and in no test is the suite's own, and fails it by its name;
  5. a suite that counts more failures than are listed in it is cut short, and nothing of the file is taken.

Of two tests of one name the worse counts.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple
from xml.parsers import expat

from lockgate.core.digest import digest_of
from lockgate.errors import EvidenceError
from lockgate.evidence import test_result
from lockgate.evidence.statement import MAX_STATEMENT

MAX_BYTES = 32 << 20
MAX_TESTS = 200_000
MAX_DEPTH = 32
MAX_NAME = 1000
"""The longest name of a test, characters; a longer one is cut off."""
ROOM = 4096
"""Bytes of a Statement around its predicate, more than it takes."""

_FAILS = frozenset({"failure", "error"})
_FLAKY = frozenset({"flakyFailure", "flakyError"})


class Run(NamedTuple):
    """What came of each test, by name, sorted, each once."""

    passed: tuple[str, ...]
    warned: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: tuple[str, ...]


def read(data: bytes) -> Run:
    """The tests of a JUnit file.

    Args:
        data: at most 32 MiB, with 200,000 tests at most.

    Raises:
        EvidenceError: ``junit.malformed``, ``junit.too-large``, ``junit.doctype``, ``junit.cut-short``.
    """
    if len(data) > MAX_BYTES:
        raise EvidenceError("junit.too-large", f"this JUnit file has more than {MAX_BYTES >> 20} MiB")
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as err:
        raise EvidenceError("junit.malformed", f"this is no JUnit file: {str(err)[:200]}") from None
    return reading.run()


def predicate_of(data: bytes, suite: str, now: datetime) -> dict[str, Any]:
    """The in-toto test result that a JUnit file comes to; tests that were left out are in none of its lists.

    Args:
        data: the file. suite: what these tests are called. now: when that is said.

    Raises:
        EvidenceError: as `read`; ``junit.nothing-ran``; ``junit.too-large`` where it would not fit into a Statement.
    """
    run = read(data)
    if not (run.passed or run.warned or run.failed):
        raise EvidenceError("junit.nothing-ran", f"no test ran in this JUnit file, and {len(run.skipped)} were left out: nothing is attested")
    predicate = test_result.write(name=suite, source=digest_of(data), passed=run.passed, warned=run.warned, failed=run.failed, at=now)
    if len(json.dumps(predicate, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")) > MAX_STATEMENT - ROOM:
        raise EvidenceError("junit.too-large", f"the names of these tests are more than a Statement takes, {MAX_STATEMENT >> 20} MiB: attest fewer at once")
    return predicate


class _Suite:
    """A suite that is being read: what it counts, and how many failures are listed in it so far."""

    def __init__(self, name: str, counted: int) -> None:
        self.name, self.counted, self.listed = name, counted, 0


_RANK = {"skipped": 0, "passed": 1, "warned": 2, "failed": 3}


class _Reading:
    """One pass over the elements."""

    def __init__(self) -> None:
        self._tests: dict[str, str] = {}
        self._suites: list[_Suite] = []
        self._open: list[str] = []
        self._test = ""
        self._result = ""

    def doctype(self, *_: object) -> None:
        raise EvidenceError("junit.doctype", "this JUnit file declares a document type, which could define entities: none is read")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._open and name not in {"testsuites", "testsuite"}:
            raise EvidenceError("junit.malformed", f"this is no JUnit file: it begins with {name[:60]!r}")
        if len(self._open) >= MAX_DEPTH:
            raise EvidenceError("junit.too-large", f"this JUnit file nests deeper than {MAX_DEPTH} levels")
        if name in {"testsuites", "testsuite"}:
            if "testcase" in self._open:
                raise EvidenceError("junit.malformed", "this is no JUnit file: a suite stands in a testcase")
            self._suites.append(_Suite(_cut(attributes.get("name", "")) or name, _count(attributes, "failures") + _count(attributes, "errors")))
        elif name == "testcase":
            if "testcase" in self._open:
                raise EvidenceError("junit.malformed", "this is no JUnit file: a testcase stands in another, so that nobody can tell whose failure is whose")
            self._test = _called(attributes)
            self._result = "passed"
        elif name in _FAILS | _FLAKY | {"skipped"} and self._open[-1] in {"testcase", "testsuite", "testsuites"}:
            self._outcome(name)
        self._open.append(name)

    def _outcome(self, name: str) -> None:
        result = "failed" if name in _FAILS else "warned" if name in _FLAKY else "skipped"
        if self._open[-1] == "testcase":
            # what is left out and failed all the same, failed
            self._result = result if self._result == "passed" or _RANK[result] > _RANK[self._result] else self._result
        elif result == "failed":
            self._suites[-1].listed += 1
            self._take(self._suites[-1].name, "failed")

    def end(self, _tag: str) -> None:
        name = self._open.pop()
        if name == "testcase":
            self._take(self._test, self._result)
            self._suites[-1].listed += self._result == "failed"
        elif name in {"testsuites", "testsuite"}:
            suite = self._suites.pop()
            if suite.counted > suite.listed:
                raise EvidenceError("junit.cut-short", f"the suite {suite.name[:80]!r} counts {suite.counted} failures, and {suite.listed} are listed in it")
            if self._suites:
                self._suites[-1].listed += suite.listed

    def _take(self, name: str, result: str) -> None:
        before = self._tests.get(name)
        if before is None and len(self._tests) >= MAX_TESTS:
            raise EvidenceError("junit.too-large", f"this JUnit file has more than {MAX_TESTS} tests")
        self._tests[name] = result if before is None or _RANK[result] > _RANK[before] else before

    def run(self) -> Run:
        return Run(*(tuple(sorted(name for name, each in self._tests.items() if each == kind)) for kind in ("passed", "warned", "skipped", "failed")))


def _called(attributes: dict[str, str]) -> str:
    parts = [attributes.get("classname", ""), attributes.get("name", "")]
    name = _cut(".".join(part for part in parts if part))
    if not name:
        raise EvidenceError("junit.malformed", "this is no JUnit file: a testcase has no name")
    return name


def _cut(name: str) -> str:
    return name[:MAX_NAME]


def _count(attributes: dict[str, str], name: str) -> int:
    """A suite's count; of one that is not written, or is no number, 0."""
    text = attributes.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
