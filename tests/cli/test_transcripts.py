"""Every transcript of this folder, one test each; and each command a refusal ends with is typed as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import transcripts

FILES = sorted(Path(__file__).parent.glob("*.txt"))

TYPE_NEXT = """
next_command=$(sed -n 's/^next:  //p' "$OUTPUT" 2>/dev/null | tail -n 1)
if [ $CODE != 0 ] && [ -n "$next_command" ]; then
  rm -rf "$HOME/../copy"; mkdir "$HOME/../copy"; cp -a "$HOME" . "$HOME/../copy/" 2>/dev/null
  {
    printf '%s\\n%s\\n' "=== $next_command" "--- $PWD"
    (HOME=$HOME/../copy/home; cd "$HOME/../../copy" 2>/dev/null || cd "$(dirname "$HOME")"; eval "timeout 60 $next_command" </dev/null; echo "--- exit $?")
  } >>"$HOME/../typed" 2>&1
fi
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    assert transcripts.check(path, tmp_path) > 0
