"""lockgate's main job on real input, told as somebody would do it: every command is typed, its real output shown, and its answer checked.

    demo/run

The wheel and the image are lockgate's own, built from this tree. No clock is faked: the soak of the demo's policy is a few
seconds, and they are waited for. Everything happens in a new temporary directory, which is left behind and named.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from lockgate import __version__

ROOT = Path(__file__).parent.parent
IMAGE = f"oci:image:{__version__}"
WHEEL = f"lockgate-{__version__}-py3-none-any.whl"
SOAK = 6
"""Seconds in staging before production."""

POLICY = f"""\
version: 1
project: demo
environments:
  packages:                       # where the wheel goes
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
      - built-by:
          builder: https://ci.example.com
          source: git+https://example.com/lockgate@refs/heads/main
          keys: [ci]
  staging:
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
      - built-by:
          builder: https://ci.example.com
          source: git+https://example.com/lockgate@refs/heads/main
          keys: [ci]
  production:
    from: staging
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
      - came-through: {{environment: staging}}
      - soaked: {{in: staging, for: {SOAK}s}}
      - vulnerable: {{refuse: high, max-age: 7d, kev: ignore, sbom-keys: [ci]}}
      - approved:
          duties: {{release-management: 1, security: 1}}
          independent-of: [requester, builder, deployer]
keys:
  release: {{file: release.key.pub}}
  ci: {{file: ci.key.pub}}
"""

TERMINAL = sys.stdout.isatty()
COLOUR = TERMINAL and not os.environ.get("NO_COLOR")
PAINT = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def painted(text: str, *codes: int) -> str:
    return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if COLOUR else text


class Story:
    """The demo's shell: types a command, shows what it prints, and ends everything where the answer is another than it should be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder / "shop"
        self.number = 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE_", "SSH_", "XDG_", "PYTHON"))}
        self.environment = {**kept, "HOME": str(folder / "home"), "TZ": "UTC", "COLUMNS": str(columns())}
        (folder / "home").mkdir()

    def chapter(self, title: str, *lines: str) -> None:
        """A heading, and what it is about."""
        self.number += 1
        print(f"\n{painted(f' {self.number:>2} ', 1, 7)} {painted(title, 1)}")
        for line in lines:
            print(f"     {painted(line, 2)}")
        print(flush=True)

    def types(self, command: str, *says: str, exits: int = 0, at: Path | None = None) -> str:
        """Run one command line; its output, which has to hold each of `says`."""
        print(f"{painted('$', 2)} {painted(command, 1)}", flush=True)
        code, output = self._run(command, at or self.place)
        if code:
            print(painted(f"# exit {code}", 2), flush=True)
        if code != exits:
            fail(f"it ended with {code}, and should have ended with {exits}: {command}")
        for wanted in says:
            if wanted not in " ".join(output.split()):
                fail(f"it did not say {wanted!r}: {command}")
        return output

    def _run(self, command: str, at: Path) -> tuple[int, str]:
        """Exit code and output; on a terminal the command sees one too, so that it looks as it would."""
        with reading_end() as (reader, writer):
            started = subprocess.Popen(["bash", "-c", command], cwd=at, env=self.environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
            os.close(writer)
            said = b""
            # A terminal whose last user has gone ends with an error, a pipe with nothing.
            with contextlib.suppress(OSError):
                while data := os.read(reader, 65536):
                    said += data
                    sys.stdout.buffer.write(data)
                    sys.stdout.flush()
            return started.wait(), PAINT.sub("", said.decode("utf-8", "replace")).replace("\r", "")


@contextlib.contextmanager
def reading_end() -> Iterator[tuple[int, int]]:
    reader, writer = pty.openpty() if TERMINAL else os.pipe()
    if TERMINAL:
        attributes = termios.tcgetattr(writer)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(writer, termios.TCSANOW, attributes)
        fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns(), 0, 0))
    try:
        yield reader, writer
    finally:
        os.close(reader)


def columns() -> int:
    return shutil.get_terminal_size((100, 50)).columns


def fail(why: str) -> NoReturn:
    print(f"\n{painted(' the demo failed ', 1, 7, 31)} {why}", flush=True)
    sys.exit(1)


def decision_of(output: str) -> int:
    """The number of the decision in a gate's answer."""
    found = re.search(r"decision (\d+) ·", output)
    return int(found[1]) if found else fail("no decision is named")


def wait_until(opens: datetime) -> None:
    """Wait, honestly; a line counts down."""
    while (left := (opens - datetime.now(UTC)).total_seconds()) > -1:
        if TERMINAL:
            print(f"\r     {painted(f'waiting until {opens:%H:%M:%S} UTC, {max(left, 0):.0f} s', 2)} ", end="", flush=True)
        time.sleep(min(max(left + 1, 0.05), 0.5))
    print("\r\x1b[K" if TERMINAL else f"     waited until {opens:%H:%M:%S} UTC", flush=True)


def provenance() -> str:
    """What the builder says of how it built: the demo is its own CI."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    source = "git+https://example.com/lockgate@refs/heads/main"
    built = {
        "buildType": "https://ci.example.com/demo/v1",
        "externalParameters": {"source": source},
        "resolvedDependencies": [{"uri": source, "digest": {"gitCommit": done.stdout.strip()}}] if done.returncode == 0 else [],
    }
    return json.dumps({"buildDefinition": built, "runDetails": {"builder": {"id": "https://ci.example.com"}}}, indent=1)


def bill_of_materials() -> str:
    """What the image's wheel asks for, in the versions that are installed here (CycloneDX)."""
    names = sorted({re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in metadata.requires("lockgate") or () if "extra ==" not in each})
    listed = [(name, metadata.version(name)) for name in names]
    components = [{"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"} for name, version in listed]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}, indent=1)


def advisory(number: int, package: str, before: str) -> str:
    """One that was published just now, as OSV has them; made up."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": before}]}
    affected = [{"package": {"ecosystem": "PyPI", "name": package}, "ranges": [span]}]
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"}]
    return json.dumps({"id": f"DEMO-{number}", "modified": now, "published": now, "severity": severity, "affected": affected}, indent=1)


def build(story: Story) -> None:
    story.chapter("Build lockgate's own wheel, and an image that holds it. Twice.", "The same tree gives the same bytes, so anyone can check what was built.")
    for name in ("shop", "again"):
        story.types(f"python demo/build_image.py --out {story.folder / name} --tag {__version__}", "image", at=ROOT)
    story.types("diff -r shop again && echo identical", "identical", at=story.folder)


def begin(story: Story) -> None:
    story.chapter(
        "Begin a gate: one directory, no server.",
        "Ada begins it and is its owner; what verifiers pin goes into lockgate.trust.",
        "The key release signs artifacts and ci says how they were built; the others are people's.",
        "The policy is the demo's own: a few seconds of soak, and two approvals for production.",
    )
    story.types("lockgate init --origin example.com/demo --name Ada", "trust lockgate.trust")
    story.types("for name in release ci bob bob-2; do lockgate key new $name.key; done")
    if shutil.which("ssh-keygen"):
        story.types("ssh-keygen -q -t ed25519 -N '' -C carol@example.com -f carol.key")
    else:
        story.types("lockgate key new carol.key")
    (story.place / "policy.yaml").write_text(POLICY)
    story.types("cat policy.yaml")
    story.types("lockgate policy apply policy.yaml", "version 1 is in force")
    story.chapter(
        "Who may do what. Names stay out of the log.",
        "Ada asks and deploys; Bob and Carol approve.",
        "Bob has two keys and both duties: that will not make him two people.",
    )
    deploys = " ".join(f"--duty {environment}=deploy" for environment in ("packages", "staging", "production"))
    both = "--duty production=approve:release-management --duty production=approve:security"
    story.types(f"lockgate people add Ada {deploys} \\\n    --duty production=request", "is in force")
    story.types(f"lockgate people add Bob --public bob.key.pub --public bob-2.key.pub \\\n    {both}", "is in force")
    story.types("lockgate people add Carol --public carol.key.pub --duty production=approve:security", "is in force")


def sign(story: Story) -> None:
    story.chapter(
        "Unsigned: refused, with the one command that comes next.",
        "Two artifacts are asked about at once, and every line has to hold for both.",
    )
    output = story.types(f"lockgate gate {IMAGE} {WHEEL} --to staging", "FAIL signed-by no signature by release", "FAIL built-by no provenance", exits=1)
    if not any(f"next:  lockgate sign {ref} --key release.key" in output for ref in (IMAGE, WHEEL)):
        fail("what comes next is not the signature")
    story.chapter(
        "Sign and attest both.",
        "As with cosign, but on this disk: the evidence is kept where the artifact is,",
        "in the image's layout and beside the wheel. The image comes with its bill of materials.",
    )
    (story.place / "provenance.json").write_text(provenance())
    (story.place / "bom.json").write_text(bill_of_materials())
    for ref in (IMAGE, WHEEL):
        story.types(f"lockgate sign {ref} --key release.key", "signed")
        story.types(f"lockgate attest {ref} --type slsaprovenance1 --predicate provenance.json --key ci.key", "attested")
    story.types(f"lockgate attest {IMAGE} --sbom bom.json --key ci.key", "attested")
    story.types(f"lockgate verify {IMAGE}", "pass signature", "pass provenance", "pass sbom")


def to_staging(story: Story) -> None:
    story.chapter("Signed and attested: allowed, and deployed.", "Here cp deploys: what is run gets a private, read-only copy of exactly the bytes decided on.")
    story.types(f"lockgate deploy {WHEEL} --to packages -- cp {{ref}} published.whl", "allowed", "deployed packages")
    story.types(f"lockgate deploy {IMAGE} --to staging -- cp -r {{ref}} running-in-staging", "allowed", "deployed staging")


def to_production(story: Story) -> int:
    """From the soak to the deployment; the number of the decision that allowed it."""
    (story.place / "known").mkdir()
    (story.place / "known/1.json").write_text(advisory(1, "something-else", "2.0"))
    story.chapter(
        "Production wants more than a signature: time in staging, two people, and nothing known against what is inside.",
        "Advisories are imported beside the gate; here a made-up one, about something else.",
        "Refused while it soaks, and it says until when: the clock started when the gate recorded the",
        "deployment. Meanwhile approvals can be asked for.",
    )
    story.types("lockgate advisories import known", "1 entry")
    output = story.types(
        f"lockgate gate {IMAGE} --to production", "FAIL soaked", "pass vulnerable", "FAIL approved no open request", "next: lockgate request", exits=1
    )
    opens = re.search(r"opens (\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d)? UTC", output)
    opened = datetime.fromisoformat(f"{opens[1]}{opens[2] or ''}+00:00") if opens else fail("it does not say when it opens")
    if not timedelta(0) < opened - datetime.now(UTC) <= timedelta(seconds=SOAK):
        fail("the soak does not end when it should")
    request = story.types(f"lockgate request {IMAGE} --to production", "requested").split()[-1]
    story.chapter(
        "Soaked, with one approval of two: refused.",
        "An approval is no button: it is Bob's own signature, over these very bytes, this environment",
        "and this policy.",
    )
    story.types(f"lockgate approve {request} --key bob.key --duty release-management", "approved")
    wait_until(opened)
    story.types(f"lockgate gate {IMAGE} --to production", "pass soaked", "FAIL approved 1 of 2 duties: security is missing", exits=1)
    story.chapter(
        "Bob's second key for the second duty: still refused.", "His signature is good, and recorded. Duties are counted over distinct people, not over keys."
    )
    story.types(f"lockgate approve {request} --key bob-2.key --duty security", "approved")
    story.types(f"lockgate gate {IMAGE} --to production", "FAIL approved 1 of 2 duties", exits=1)
    story.chapter("A second person: allowed, and deployed.", "Carol signs with a key that ssh-keygen made; her agent would do as well.")
    story.types(f"lockgate approve {request} --key carol.key", "approved")
    output = story.types(f"lockgate deploy {IMAGE} --to production -- cp -r {{ref}} running-in-production", "allowed", "pass approved", "deployed production")
    story.types("lockgate status", "production", "staging")
    return decision_of(output)


def lands(story: Story) -> None:
    story.chapter(
        "An advisory lands on something inside: what runs is decided again, and refused.",
        "The review was valid, and not one byte has changed. Its permit is gone, and the record says why.",
    )
    (story.place / "known/2.json").write_text(advisory(2, "msgspec", "99.0"))
    story.types("lockgate advisories import known", "2 entries")
    story.types("lockgate recheck", "REFUSED", "DEMO-2 (critical) in pkg:pypi/msgspec@", exits=1)
    story.types(f"lockgate recall {IMAGE}", "runs in production", "REFUSED it runs, and would be refused today")


def afterwards(story: Story, decision: int) -> None:
    story.chapter("One byte of the image is changed: refused.", "Whatever was signed and approved was that for other bytes.")
    largest = max((story.place / "image/blobs/sha256").iterdir(), key=lambda blob: blob.stat().st_size)
    other = "Y" if largest.read_bytes()[5000:5001] == b"X" else "X"
    story.types(f"printf {other} | dd of=$(ls -S image/blobs/sha256/* | head -n 1) bs=1 seek=5000 conv=notrunc status=none")
    story.types(f"lockgate gate {IMAGE} --to production", "FAIL digest the bytes of sha256:", exits=1)
    story.chapter(
        "Prove the decision to somebody who trusts nobody here.",
        "In another directory, with the proof and the pinned root alone: no gate, no network (unshare),",
        "nothing of this account (env -i).",
    )
    story.types(f"lockgate log prove {decision} --out ../elsewhere/decision.proof", "proof of leaf")
    shutil.copy(story.place / "lockgate.trust", story.folder / "elsewhere")
    alone = "unshare -rn " if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0 else ""
    checked = f"{alone}env -i PATH=$PATH lockgate verify decision.proof --trust lockgate.trust"
    story.types(checked, f"proven leaf {decision} of", "outcome allowed", at=story.folder / "elsewhere")
    story.chapter(
        "Replay it: the stored evidence, decided again.", "From the record alone, though the image is spoilt now. Then the whole log is held against itself."
    )
    story.types(f"lockgate log replay {decision}", f"decision {decision}: same")
    story.types("lockgate log check", "everything adds up")


def main() -> None:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="lockgate-demo-"))
    (folder / "elsewhere").mkdir()
    story = Story(folder)
    print("A signature says who signed. lockgate decides whether exactly these bytes may go to production now,")
    print("and leaves a proof of its answer. Every command here is real, and every answer is checked.")
    print(f"It takes half a minute, and everything happens below {folder}.")
    build(story)
    begin(story)
    sign(story)
    to_staging(story)
    decision = to_production(story)
    lands(story)
    afterwards(story, decision)
    (folder / "env").write_text(f"export HOME={folder}/home PATH={Path(sys.executable).parent}:$PATH\ncd {folder}/shop\n")
    print(f"\n{painted(' done ', 1, 7, 32)} in {time.monotonic() - started:.0f} s; every answer was the one it should be.")
    print(f"     look around:  (. {folder}/env; lockgate status; bash)\n     and then:     rm -rf {folder}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
