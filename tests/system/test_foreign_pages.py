"""The pages that show foreign programs at work: each of their commands runs, and prints what the page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import transcripts
from house import ROOT

PROGRAMS = ("openssl", "ssh-keygen")
FENCE, RUN = "sh-session", "console"
"""The pages' own fence, so that the unit suite, which needs no foreign program, does not run them."""


@pytest.mark.parametrize("name", ["foreign.md", "proofs.md"])
def test_a_page_runs(name: str, tmp_path: Path) -> None:
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: dev/servers installs it")
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    page = tmp_path / name
    page.write_text(text.replace(f"```{FENCE}\n", f"```{RUN}\n"), encoding="utf-8")
    folder = tmp_path / "run"
    folder.mkdir()
    assert transcripts.check(page, folder) > 10
