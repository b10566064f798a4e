"""Transcripts: commands with the output and exit code they must have, run for real.

A transcript is a ``.txt`` file, or all ```` ```console ```` blocks of a Markdown page taken together, with its
```` ```bash ```` blocks: those are typed as they stand, must succeed, and may print anything. Nothing on a page runs that its
readers do not see::

    # A comment, for the reader.
    $ lockgate gate oci:image:1 --to production \\
    >   --format json
    refused  image@sha256:… -> production
    …
    # exit 1

A command begins with ``$ `` and goes on in lines that begin with ``> ``. Below it stand stdout and stderr as a user
sees them, then ``# exit N`` where N is not 0. In a line, ``…`` or ``[..]`` stands for any text, also none; alone in a
line, for any lines, also none. Other lines that begin with ``# `` are comments, and blank lines at the end of an
output are not compared (an output line that begins with ``# `` is written ``…# ``).

All commands of a transcript share one bash, so ``cd`` and variables last. It starts in an empty directory with an
empty home, no network where `unshare` works, and ``lockgate`` on PATH; ``$REPO`` is this repository.
`python tests/transcripts.py FILE` prints the same transcript with what really came.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
WILD = re.compile(r"…|\[\.\.\]")
FENCE = re.compile(r"^```(?P<kind>console|bash)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
TIME_LIMIT = 240
"""Seconds for one transcript."""


class Step(NamedTuple):
    """A command, in `line` of its file, what it must print, and its exit code."""

    line: int
    command: str
    output: tuple[str, ...]
    exit: int


class Got(NamedTuple):
    """What a command printed, and its exit code; -1 for one that was never reached."""

    output: str
    exit: int


def parse(text: str, first_line: int = 1) -> list[Step]:
    """The steps of a transcript; output before the first command is refused."""
    steps: list[Step] = []
    command: list[str] = []
    for number, line in enumerate(text.splitlines(), first_line):
        if line.startswith("$ "):
            command = [line[2:]]
            steps.append(Step(number, line[2:], (), 0))
        elif steps and line.startswith("> ") and not steps[-1].output:
            command.append(line[2:])
            steps[-1] = steps[-1]._replace(command="\n".join(command))
        elif exit_code := re.fullmatch(r"# exit (\d+)", line):
            steps[-1] = steps[-1]._replace(exit=int(exit_code[1]))
        elif line.startswith("# ") or line == "#":
            continue
        elif steps:
            steps[-1] = steps[-1]._replace(output=(*steps[-1].output, line))
        elif line.strip():
            raise ValueError(f"line {number}: output before the first command: {line!r}")
    return [step._replace(output=tuple(_trim(step.output))) for step in steps]


def parse_markdown(text: str) -> list[Step]:
    """The steps of all console and bash blocks of a page, as one transcript; none where no block shows what is printed."""
    steps: list[Step] = []
    blocks = list(FENCE.finditer(text))
    for block in blocks if any(block["kind"] == "console" for block in blocks) else ():
        line = text.count("\n", 0, block.start("block")) + 1
        # A line that fails ends the shell, and with it the transcript.
        steps += parse(block["block"], line) if block["kind"] == "console" else [Step(line, f"set -e\n{block['block']}set +e", ("…",), 0)]
    return steps


def read(path: Path) -> list[Step]:
    """The steps of a transcript file or a Markdown page."""
    text = path.read_text(encoding="utf-8")
    return parse_markdown(text) if path.suffix == ".md" else parse(text)


def _trim(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def matches(expected: Sequence[str], output: str) -> bool:
    """Whether the whole output is what is expected, wildcards considered."""
    pattern = ""
    for line in expected:
        if line.strip() in {"…", "[..]"}:
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\\n]*".join(re.escape(part) for part in WILD.split(line)) + "\n"
    lines = _trim(output.splitlines())
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines)) is not None


@functools.cache
def without_network() -> tuple[str, ...]:
    """The prefix that takes the network away from a command and all it starts; empty where that is not allowed."""
    prefix = ("unshare", "--map-current-user", "--net")
    if shutil.which(prefix[0]) is None:
        return ()
    done = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if done.returncode == 0 else ()


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's but PATH, with this virtual environment first."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "REPO": str(ROOT),
        "PYTHONPATH": str(ROOT / "src"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "COLUMNS": "160",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
    }


def run(steps: Sequence[Step], below: Path, after: str = "", at: Path | None = None) -> list[Got]:
    """Run all steps in one bash, in an empty directory below `below` or `at` another, and give what each printed.

    `after` is run after each step, with its output in the file $OUTPUT and its exit code in $CODE.
    """
    home, work, out = (below / name for name in ("home", "work", "out"))
    for folder in (home, work, out):
        folder.mkdir()
    script = "".join(
        f"eval {shlex.quote(step.command)} >{shlex.quote(str(out / str(number)))} 2>&1 </dev/null\n"
        f"CODE=$?; echo $CODE >{shlex.quote(str(out / f'{number}.exit'))}\n" + (f"OUTPUT={shlex.quote(str(out / str(number)))}; {after}\n" if after else "")
        for number, step in enumerate(steps)
    )
    command = [*without_network(), "bash", "--noprofile", "--norc", "-c", script]
    subprocess.run(command, cwd=at or work, env=environment(home), timeout=TIME_LIMIT, stdin=subprocess.DEVNULL, check=False)
    return [_got(out, number) for number in range(len(steps))]


def _got(out: Path, number: int) -> Got:
    printed, ended = out / str(number), out / f"{number}.exit"
    output = printed.read_text(encoding="utf-8", errors="replace") if printed.exists() else ""
    return Got(output, int(ended.read_text()) if ended.exists() else -1)


def show(step: Step, got: Got) -> str:
    """One step as it would stand in a transcript, with what really came."""
    command = step.command.replace("\n", "\n> ")
    lines = ["…" + line if line.startswith("# ") else line for line in _trim(got.output.splitlines())]
    return "\n".join([f"$ {command}", *lines, *([f"# exit {got.exit}"] if got.exit else [])])


def check(path: Path, below: Path, after: str = "", at: Path | None = None) -> int:
    """Run a transcript file or Markdown page and hold every step to it; how many steps there were. `after`, `at`: as `run`.

    Raises:
        AssertionError: with a diff of every step that printed or returned something else.
    """
    steps = read(path)
    wrong = []
    for step, got in zip(steps, run(steps, below, after, at), strict=True):
        if got.exit == step.exit and matches(step.output, got.output):
            continue
        expected = show(step, Got("\n".join(step.output), step.exit)).splitlines()
        diff = difflib.unified_diff(expected, show(step, got).splitlines(), "expected", "got", lineterm="", n=99)
        wrong.append(f"{path.name}:{step.line}\n" + "\n".join(diff))
    assert not wrong, "\n\n".join(wrong)
    return len(steps)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        told = read(Path(name))
        with tempfile.TemporaryDirectory() as folder:
            print("\n".join(show(step, got) for step, got in zip(told, run(told, Path(folder)), strict=True)))
