"""The command line, where what is attacked is what only it reads: keys, trust files, names, what was found on the way.

Ada has begun a gate in her working directory and may deploy to ``staging``, whose policy asks for a signature by ``release``; the file
``app`` has one. So ``desk.call("gate", "file:app", "--to", "staging")`` ends with 0, and an attack shows what becomes of that.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command_line import Said, call, move_to

POLICY = """\
version: 1
project: desk
environments:
  staging:
    requires:
      - signed-by: {keys: [release]}
keys:
  release: {file: release.key.pub}
"""


class Desk:
    """Ada's ``home/`` and ``work/`` below one folder, and her shell in ``work/``."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.work, self.patch = folder, folder / "work", patch
        patch.setenv("HOME", str(folder / "home"))
        patch.chdir(self.work)

    def call(self, *words: str) -> Said:
        """Type a command."""
        return call(*words)

    def code(self, *words: str) -> str:
        """Type a command that is refused; the code it ends with."""
        said = call(*words)
        found = re.findall(r"\[([a-z0-9-]+\.[a-z0-9-]+)\]", said.err)
        assert said.code != 0, said
        assert found, said
        return str(found[-1])

    def as_stranger(self) -> None:
        """From here on, another account: with a home of its own, that has seen nothing."""
        (self.folder / "stranger").mkdir()
        self.patch.setenv("HOME", str(self.folder / "stranger"))


def begun(folder: Path) -> None:
    """A home and a working directory as `Desk` has them."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        move_to(folder, patch)
        Path("policy.yaml").write_text(POLICY)
        Path("app").write_bytes(b"app")
        for words in (
            ("key", "new", "release.key"),
            ("init", "--origin", "example.com/desk", "--name", "Ada"),
            ("policy", "apply", "policy.yaml"),
            ("people", "add", "Ada", "--duty", "staging=deploy"),
            ("sign", "file:app", "--key", "release.key"),
        ):
            said = call(*words)
            assert said.code == 0, (words, said)
