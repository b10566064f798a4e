"""Everything below is a system test: sockets are on, foreign programs are used, and in CI none may be skipped."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NO_CONTAINERS = "podman cannot run any container on this machine"
"""As `machines.no_containers` finds it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is below this folder; this hook sees every collected item."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("system")
            item.add_marker("enable_socket")


@pytest.fixture(scope="session")
def containers() -> None:
    """Containers can run here. That takes seconds to find out: the first test that needs them does, not whoever collects tests."""
    import machines

    machines.require_programs()


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """With CI set, a skip below this folder is a failure: dev/servers installs all that is needed."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NO_CONTAINERS in reason:  # no package gives a kernel what it does not allow
            warnings.warn(f"NOT TESTED: {reason}", stacklevel=1)
            return
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where dev/servers installs what system tests need: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test, by mark, fixture or call."""
    report = yield
    if item.path.is_relative_to(HERE):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole file skipped while it is collected."""
    report = yield
    if collector.path.is_relative_to(HERE):
        refuse_skip(report)
    return report
