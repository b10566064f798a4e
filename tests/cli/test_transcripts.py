"""Every transcript of this folder, one test each."""

from __future__ import annotations

from pathlib import Path

import pytest

import transcripts

FILES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    assert transcripts.check(path, tmp_path) > 0
