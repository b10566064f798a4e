"""Every transcript of this folder, one test each; and every command that follows ``next:`` there is typed as it stands, and gets further."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import transcripts

FILES = sorted(Path(__file__).parent.glob("*.txt"))

TYPE_IT = r"""
{
  base=${OUTPUT%/out/*} command=
  if [ "$CODE" != 0 ]; then command=$(sed -n 's/^next:  //p' "$OUTPUT" | tail -n 1); fi
  if [ -n "$command" ] && ! grep -qxF "$ $command" "$base/typed"; then
    rm -rf "$base/copy"; mkdir "$base/copy"; cp -a "$base/home" "$base/work" "$base/copy/"
    (HOME=$base/copy/home; cd "$base/copy/work${PWD#"$base/work"}"; printf '$ %s\n' "$command"; eval "$command"; echo "# exit $?") </dev/null
  fi
} >>"${OUTPUT%/out/*}/typed" 2>&1
"""
"""After a step that was refused: what it says comes next, typed in a copy of everything; each command once."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    assert transcripts.check(path, tmp_path, TYPE_IT) > 0
    typed = transcripts.parse((tmp_path / "typed").read_text(encoding="utf-8"))
    wrong = [step for step in typed if step.exit in {2, 4, 126, 127} or re.search(r"Traceback|\[usage\.|\[internal", "\n".join(step.output))]
    looped = [step for step in typed if f"next:  {step.command}" in step.output]
    assert not wrong + looped, "\n\n".join("\n".join([f"$ {step.command}", *step.output, f"# exit {step.exit}"]) for step in wrong + looped)
