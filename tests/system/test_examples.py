"""The examples run, from their very files: against a gate, Debian's registry behind a password, and podman with runc or a static file server."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement

import machines
import pipelines
import transcripts
from debian_registry import free_port
from house import ROOT
from machines import LOCKGATE, PASSWORD, PUSHER, TARGETS, Gate, Machine

pytestmark = pytest.mark.usefixtures("containers")

EXAMPLES = ROOT / "examples"
WORKFLOW = EXAMPLES / "github-actions/deploy.yml"
PIPELINE = EXAMPLES / "gitlab/.gitlab-ci.yml"
SHELL = EXAMPLES / "shell/deploy.sh"


class Company(NamedTuple):
    """A registry, a machine that builds, the machine that deploys, its gate, and the repository of what is built."""

    host: str
    hosted: Machine
    deploys: Machine
    gate: Gate
    repository: Path

    def commit(self, page: str) -> str:
        """The repository with another page; the commit."""
        machines.shop(self.repository, page)
        shutil.copytree(self.repository / "www", self.repository / "public", dirs_exist_ok=True)
        for words in (("add", "--all"), ("-c", "user.name=Dora", "-c", "user.email=dora@example.com", "commit", "--quiet", "--message", page or "no page")):
            self.hosted.well("git", "-C", self.repository, *words)
        return self.hosted.well("git", "-C", self.repository, "rev-parse", "HEAD")

    def pushed(self, tag: str) -> str:
        """``HOST/shop@sha256:…`` that the registry serves under a tag, as skopeo sees it."""
        digest = self.deploys.well("skopeo", "inspect", "--format", "{{.Digest}}", f"docker://{self.host}/shop:{tag}")
        return f"{self.host}/shop@{digest}"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a package mirror: lockgate's wheel, those it needs, packed again from this environment, and ``lockgate.txt`` with their hashes."""
    into = tmp_path_factory.mktemp("wheels")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", into], cwd=ROOT, check=True, capture_output=True)
    (own,) = into.glob("*.whl")
    wanted, lines = ["lockgate"], [f"./ci/{own.name} --hash=sha256:{sha256(own)}"]
    for name in wanted:
        needs = [Requirement(each) for each in importlib.metadata.requires(name) or []]
        wanted += [each.name for each in needs if each.name not in wanted and (not each.marker or each.marker.evaluate({"extra": ""}))]
        if name != "lockgate":
            wheel = packed(importlib.metadata.distribution(name), into)
            lines.append(f"{name}=={importlib.metadata.version(name)} --hash=sha256:{sha256(wheel)}")
    (into / "lockgate.txt").write_text("\n".join(lines) + "\n")
    return into


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packed(installed: importlib.metadata.Distribution, into: Path) -> Path:
    """A wheel of what is installed."""
    tag = re.findall(r"^Tag: (.*)$", installed.read_text("WHEEL") or "", re.MULTILINE)[-1]
    files = [
        path for path in installed.files or [] if ".." not in path.parts and path.suffix != ".pyc" and path.name not in {"INSTALLER", "REQUESTED", "RECORD"}
    ]
    (about,) = {path.parts[0] for path in files if path.parts[0].endswith(".dist-info")}
    wheel = into / f"{about.removesuffix('.dist-info')}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in files:
            archive.write(str(path.locate()), str(path))
        archive.writestr(f"{about}/RECORD", "".join(f"{path},,\n" for path in files) + f"{about}/RECORD,,\n")
    return wheel


@pytest.fixture
def company(tmp_path: Path, wheels: Path) -> Iterator[Company]:
    repository = tmp_path / "repository"
    with (
        machines.registry(tmp_path / "registry") as host,
        machines.machine(tmp_path / "hosted", host) as hosted,
        machines.machine(tmp_path / "deploys", host, TARGETS, SHELL.parent, LOCKGATE) as deploys,
    ):
        hosted.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        hosted.well("git", "init", "--quiet", "--initial-branch", "main", repository)
        (repository / "ci").mkdir()
        for path in (wheels / "lockgate.txt", *wheels.glob("lockgate-*.whl")):
            shutil.copy(path, repository / "ci")
        machines.log_in(deploys, host)
        yield Company(host, hosted, deploys, Gate(deploys, "example.com/shop"), repository)


def runners(company: Company, tmp_path: Path, **variables: dict[str, str]) -> pipelines.Runners:
    """Secrets in the environments that may have them, and nowhere else."""
    for_all = {**company.gate.settings, "IMAGE": f"{company.host}/shop", "REGISTRY_USER": PUSHER}
    deploys = {"DEPLOY_KEY": company.gate.key("pipeline")}
    return pipelines.Runners(
        machines={"hosted": company.hosted, "gate": company.deploys},
        repository=company.repository,
        folder=tmp_path / "runners",
        variables={"": for_all, **variables},
        secrets={"build": {"RELEASE_KEY": company.gate.key("release"), "REGISTRY_PASSWORD": PASSWORD}, "staging": deploys, "production": deploys},
    )


def fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url) as said:
            return str(said.read().decode())
    except urllib.error.URLError as err:
        raise err.reason if isinstance(err.reason, Exception) else err from err


EDITS = [
    (WORKFLOW, "permissions: {} # each", "permissions: write-all # each"),
    (WORKFLOW, "contents: read", "contents: write"),
    (WORKFLOW, "11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "v4"),
    (WORKFLOW, '"$PINNED"', "${{ steps.push.outputs.image }}"),
    (WORKFLOW, "needs: build", "need: build"),
    (WORKFLOW, "timeout-minutes: 15", "timeout-minutes: 15\n    timeout-minutes: 20"),
    (PIPELINE, "allow_failure: false # a refusal is red", "allow_failure: true"),
    (PIPELINE, "resource_group: production", "resource-group: production"),
    (PIPELINE, "stage: production", "stage: prod"),
    (PIPELINE, "needs: [build, staging]", "needs: [build, production]"),
]


@pytest.mark.parametrize(("path", "old", "new"), EDITS, ids=lambda value: str(value)[-30:])
def test_a_wrong_edit_is_found(path: Path, old: str, new: str, tmp_path: Path) -> None:
    assert path.read_text().count(old) > 0
    edited = tmp_path / path.name
    edited.write_text(path.read_text().replace(old, new))
    check = pipelines.check_github if path == WORKFLOW else pipelines.check_gitlab
    check(pipelines.read(path))
    with pytest.raises((AssertionError, ValueError)):
        check(pipelines.read(edited))


@pytest.mark.parametrize("path", ["needs.build.outputs.imag", "secrets.OTHER", "runner.temp", "github.sha || 'x'"])
def test_an_expression_that_github_would_leave_empty_is_found(path: str) -> None:
    contexts = {"needs": {"build": {"outputs": {"image": "x"}}}, "secrets": {}, "runner": {"temp": "/tmp"}, "github": {"sha": "0"}}
    assert pipelines.evaluate("a ${{ needs.build.outputs.image }} b", contexts, pipelines.AT_JOB) == "a x b"
    with pytest.raises(AssertionError):
        pipelines.evaluate(f"${{{{ {path} }}}}", contexts, pipelines.AT_JOB)


def answer(port: int | str) -> str:
    """What a container says, once it listens."""
    end = time.monotonic() + 60
    while True:
        try:
            return fetch(f"http://127.0.0.1:{port}/")
        except ConnectionError:
            assert time.monotonic() < end
            time.sleep(0.05)


def open_requests(company: Company) -> list[str]:
    status: Any = company.gate.read("status")
    return [request["id"] for environment in status["environments"] for request in environment["requests"]]


def no_secret(company: Company, *jobs: pipelines.Job) -> None:
    keys = [line for name in ("release", "pipeline") for line in company.gate.key(name).splitlines()[1:-1]]
    assert not [line for line in (*keys, PASSWORD) for job in jobs if line in job.log]
    left = [path for there in (company.hosted, company.deploys) for path in (there.home.parent / "tmp").rglob("*") if path.is_file()]
    assert not [path for path in left if b"PRIVATE KEY" in path.read_bytes()]


def evidence(company: Company, job: pipelines.Job, *more: str) -> tuple[int, dict[str, Any]]:
    """What `lockgate verify` says of the proof that a job kept, to an auditor who has the trust file alone; and the decision beside it."""
    assert job.kept is not None
    folder = job.kept.joinpath(*more)
    assert {path.name for path in folder.iterdir()} == {"decision.json", "decision.proof"}
    auditor = {"XDG_STATE_HOME": str(folder.parent / "auditor")}
    proof = company.deploys.run("lockgate", "verify", "decision.proof", "--trust", company.gate.settings["LOCKGATE_TRUST"], at=folder, **auditor)
    return proof.code, json.loads((folder / "decision.json").read_bytes())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_github(company: Company, tmp_path: Path) -> None:
    staging, production = free_port(), free_port()
    there = runners(company, tmp_path, staging={"PORT": str(staging)}, production={"PORT": str(production)})
    push = functools.partial(pipelines.github, WORKFLOW, there, "push")

    # A push is built, signed and deployed to staging; production is asked for, and entered by nobody.
    commit = company.commit("the first")
    jobs = push(commit)
    assert {name: job.result for name, job in jobs.items()} == {"build": "success", "staging": "success", "production": "skipped"}, jobs
    image = company.pushed(commit)
    assert jobs["build"].outputs == {"image": image}
    first, digest, running = company.deploys.container("shop-staging")
    assert (digest, running, answer(staging)) == (image.rpartition("@")[2], True, "the first")
    (request,) = open_requests(company)
    assert f"lockgate approve {request}" in jobs["staging"].log
    no_secret(company, *jobs.values())

    # Refused: the job is red, its evidence is a proven refusal, it says what comes next, and nothing runs.
    started = functools.partial(pipelines.github, WORKFLOW, there, "workflow_dispatch", commit)
    job = started(image=image)["production"]
    code, refused = evidence(company, job)
    assert (job.result, code, refused["decision"]["outcome"]) == ("failure", 1, "refused")
    assert f"lockgate approve {request}" in job.log and "approved.too-few-people" in job.log
    assert company.deploys.container("shop-production") == ("", "", False)

    # Approved: what runs is what was decided on.
    company.gate.approve(request)
    job = started(image=image)["production"]
    assert job.result == "success", job.log
    code, decided = evidence(company, job)
    assert (code, decided["decision"]["outcome"], decided["pinned"]) == (0, "allowed", [image])
    production_first, digest, running = company.deploys.container("shop-production")
    assert (digest, running, answer(production)) == (image.rpartition("@")[2], True, "the first")
    no_secret(company, job)

    # One that does not answer: staging is red, and runs what it ran; that it failed is recorded.
    company.deploys.environment["PATIENCE"] = "3"
    jobs = push(company.commit(""))
    company.deploys.environment["PATIENCE"] = "30"
    assert (jobs["build"].result, jobs["staging"].result) == ("success", "failure")
    assert "does not answer" in jobs["staging"].log
    assert (company.deploys.container("shop-staging"), answer(staging)) == ((first, image.rpartition("@")[2], True), "the first")
    assert open_requests(company) == [request]

    # The next one enters staging, and production goes on with the first until it is approved; an unsigned one enters nothing.
    commit = company.commit("the second")
    assert push(commit)["staging"].result == "success"
    second = company.pushed(commit)
    assert (company.deploys.container("shop-staging")[1], answer(staging)) == (second.rpartition("@")[2], "the second")
    assert started(image=second)["production"].result == "failure"
    assert company.deploys.container("shop-production") == (production_first, image.rpartition("@")[2], True)
    job = started(image=f"{company.host}/shop:gone")["production"]
    assert (job.result, "ref.not-found" in job.log, [path.name for path in (job.kept or tmp_path).iterdir()]) == ("failure", True, ["decision.json"])
    assert "everything adds up" in company.gate.well("log", "check")


@contextmanager
def served(root: Path) -> Iterator[str]:
    """A static server of ``root/current``; its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root / "current"))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_gitlab(company: Company, tmp_path: Path) -> None:
    roots = {name: tmp_path / f"www-{name}" for name in ("staging", "production")}
    with served(roots["staging"]) as staging, served(roots["production"]) as production:
        urls = {"staging": staging, "production": production}
        there = runners(company, tmp_path, **{name: {"SITE_ROOT": str(roots[name]), "SITE_URL": urls[name]} for name in roots})

        commit = company.commit("the first")
        pipeline = pipelines.GitLab(PIPELINE, there, commit)
        assert {name: job.result for name, job in pipeline.ended.items()} == {"build": "success", "staging": "success", "production": "manual"}, pipeline.ended
        site = (pipeline.ended["build"].kept or tmp_path) / "site.tar"
        name = f"releases/sha256-{sha256(site)}"
        assert (link(roots["staging"]), fetch(staging)) == (name, "the first")
        (request,) = open_requests(company)

        job = pipeline.start("production")
        code, refused = evidence(company, job, "evidence")
        assert (job.result, code, refused["decision"]["outcome"]) == ("failure", 1, "refused")
        assert f"lockgate approve {request}" in job.log
        assert not (roots["production"] / "current").exists()

        company.gate.approve(request)
        job = pipeline.start("production")
        assert job.result == "success", job.log
        code, decided = evidence(company, job, "evidence")
        assert (code, decided["decision"]["outcome"]) == (0, "allowed")
        assert (link(roots["production"]), fetch(production)) == (name, "the first")
        no_secret(company, job, *pipeline.ended.values())

        # The same files give the same archive, whenever they are packed; another branch starts nothing.
        assert sha256((pipeline.start("build").kept or tmp_path) / "site.tar") == sha256(site)
        assert {job.result for job in pipelines.GitLab(PIPELINE, there, commit, "feature").ended.values()} == {"skipped"}

        # Not approved: production serves what it served.
        later = pipelines.GitLab(PIPELINE, there, company.commit("the second"))
        assert (later.ended["staging"].result, fetch(staging)) == ("success", "the second")
        assert (later.start("production").result, fetch(production)) == ("failure", "the first")
        assert "everything adds up" in company.gate.well("log", "check")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[Machine, str]]:
    """A machine, and a registry whose images it may pull."""
    with machines.registry(tmp_path / "registry") as host, machines.machine(tmp_path / "machine", host, TARGETS) as there:
        machines.log_in(there, host)
        yield there, host


def image(there: Machine, host: str, page: str) -> str:
    """Built and pushed; pinned. Nothing of it is left on the machine."""
    machines.shop(there.home / "shop", page)
    there.well("podman", "build", "--quiet", "--tag", f"{host}/shop:1", "shop")
    there.well("podman", "push", "--quiet", "--digestfile", "digest", f"{host}/shop:1")
    there.well("podman", "rmi", "--force", f"{host}/shop:1")
    return f"{host}/shop@{(there.home / 'digest').read_text()}"


def test_podman_replaces_the_container_and_puts_it_back(bare: tuple[Machine, str]) -> None:
    there, host = bare
    port = str(free_port())
    first, second, broken = (image(there, host, page) for page in ("the first", "the second", ""))

    # A first one that does not answer leaves nothing.
    done = there.run("podman.sh", broken, "shop", port, PATIENCE="3")
    assert (done.code, there.container("shop")) == (1, ("", "", False))
    # What names no digest, and what the registry does not have, stop nothing.
    there.well("podman.sh", first, "shop", port)
    before = there.container("shop")
    assert before[1:] == (first.rpartition("@")[2], True)
    for ref in (f"{host}/shop:1", f"{host}/shop@sha256:{'0' * 64}"):
        assert there.run("podman.sh", ref, "shop", port).code != 0
        assert (there.container("shop"), answer(port)) == (before, "the first")
    # Nothing of the image can be written to, and it may do nothing that it does not need.
    assert "Read-only file system" in there.run("podman", "exec", "shop", "/bin/busybox", "touch", "/www/new").err
    assert re.search(r"^CapEff:\s*0+$", there.well("podman", "exec", "shop", "/bin/busybox", "grep", "CapEff", "/proc/1/status"))
    # One that does not answer is gone, and the former one is there, the very container.
    done = there.run("podman.sh", broken, "shop", port, PATIENCE="3")
    assert (done.code, there.container("shop"), answer(port)) == (1, before, "the first")
    assert f"put back: {first}" in done.err
    # One that answers takes its place, and nothing else is left.
    there.well("podman.sh", second, "shop", port)
    assert (there.container("shop")[1:], answer(port)) == ((second.rpartition("@")[2], True), "the second")
    assert there.well("podman", "ps", "--all", "--format", "{{.Names}}") == "shop"


def test_podman_killed_half_way(bare: tuple[Machine, str]) -> None:
    there, host = bare
    port = str(free_port())
    first, broken = (image(there, host, page) for page in ("the first", ""))
    there.well("podman.sh", first, "shop", port)
    before = there.container("shop")
    for how in (signal.SIGTERM, signal.SIGKILL):
        patient = there.environment | {"PATIENCE": "300"}  # it waits until it is killed
        started = subprocess.Popen(["podman.sh", broken, "shop", port], env=patient, executable=TARGETS / "podman.sh", stderr=subprocess.DEVNULL)
        machines.until(lambda: (shop := there.container("shop"))[0] != before[0] and shop[2])
        started.send_signal(how)
        assert started.wait(60) != 0
        if how == signal.SIGTERM:
            assert (there.container("shop"), answer(port)) == (before, "the first")
    # Nobody could put it back: the next deployment does, before it does anything.
    assert there.container("shop-former") == (before[0], before[1], False)
    assert there.run("podman.sh", broken, "shop", port, PATIENCE="3").code == 1
    assert (there.container("shop"), answer(port)) == (before, "the first")


def test_podman_runs_an_image_from_a_layout(bare: tuple[Machine, str]) -> None:
    there, host = bare
    port = str(free_port())
    ref = image(there, host, "from a layout")
    there.well("skopeo", "copy", "--quiet", "--preserve-digests", f"docker://{ref}", "oci:layout_")
    there.well("podman.sh", there.home / "layout_", "shop", port)
    assert (there.container("shop")[1:], answer(port)) == ((ref.rpartition("@")[2], True), "from a layout")


def archive(folder: Path, name: str, page: str) -> Path:
    """A tar with one page."""
    (folder / f"{name}-files").mkdir()
    (folder / f"{name}-files/index.html").write_text(page)
    path = folder / f"{name}.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(folder / f"{name}-files", ".")
    return path


def link(root: Path) -> str:
    """Where ``current`` leads."""
    return str((root / "current").readlink())


def files(*words: str | Path, patience: int = 30) -> int:
    return subprocess.run([TARGETS / "files.sh", *words], stderr=subprocess.DEVNULL, check=False, env={**os.environ, "PATIENCE": str(patience)}).returncode


def test_files_are_switched_at_once(tmp_path: Path) -> None:
    first, second, none = (archive(tmp_path, page or "none", page) for page in ("first", "second", ""))
    (tmp_path / "none-files/index.html").unlink()
    with tarfile.open(none, "w") as tar:
        tar.add(tmp_path / "none-files", ".")
    root = tmp_path / "www"
    with served(root) as url:
        # A first one that is not served leaves nothing to serve.
        assert files(none, root, url, patience=1) == 1
        assert not os.path.lexists(root / "current")
        assert files(first, root, url) == 0
        # Whoever reads while it is switched reads the one or the other, and never nothing.
        read: list[str] = []
        stop = threading.Event()

        def reads() -> None:
            while not stop.is_set():
                read.append(fetch(url))

        reader = threading.Thread(target=reads)
        reader.start()
        codes = [files(each, root, url) for each in (second, first, second)]
        stop.set()
        reader.join()
        assert (codes, set(read), fetch(url)) == ([0, 0, 0], {"first", "second"}, "second")
        # What is not served is turned back.
        there = link(root)
        assert there == f"releases/sha256-{sha256(second)}"
        assert (files(none, root, url, patience=1), link(root)) == (1, there)
        assert (files(first, root, "http://127.0.0.1:9/", patience=1), link(root)) == (1, there)
        # What was altered since it was unpacked is not served again.
        (root / f"releases/sha256-{sha256(first)}/index.html").write_text("altered")
        assert (files(first, root, url), fetch(url)) == (1, "second")
    assert {path.name for path in (root / "releases").iterdir()} == {f"sha256-{sha256(each)}" for each in (first, second, none)}


def test_shell_with_both_targets(company: Company, tmp_path: Path) -> None:
    gate, port, root = company.gate, str(free_port()), tmp_path / "www"
    settings = {**gate.settings, "LOCKGATE_KEY": str(gate.place / "pipeline.key"), "EVIDENCE": str(tmp_path / "evidence")}
    pinned = image(company.deploys, company.host, "by hand")
    site = archive(tmp_path, "site", "by hand, too")
    with served(root) as url:
        for ref, command in ((f"{company.host}/shop:1", ("podman.sh", "{ref}", "shop", port)), (f"file:{site}", ("files.sh", "{ref}", root, url))):
            done = company.deploys.run("deploy.sh", ref, "staging", *command, at=None, **settings)
            assert (done.code, "signed-by.no-signature" in done.err, "lockgate sign" in done.err) == (1, True, True)
            gate.well("sign", ref, "--key", "release.key")
            done = company.deploys.run("deploy.sh", ref, "staging", *command, at=None, **settings)
            assert done.code == 0, done
        assert (fetch(url), answer(port), company.deploys.container("shop")[1]) == ("by hand, too", "by hand", pinned.rpartition("@")[2])
    kept = sorted((tmp_path / "evidence").iterdir())
    outcomes = [json.loads((each / "decision.json").read_bytes())["decision"]["outcome"] for each in kept if (each / "decision.proof").exists()]
    assert sorted(outcomes) == ["allowed", "allowed", "refused", "refused"]
    # An error is no decision, and ends as lockgate did.
    done = company.deploys.run("deploy.sh", f"{company.host}/shop:gone", "staging", "podman.sh", "{ref}", "shop", port, at=None, **settings)
    assert (done.code, "ref.not-found" in done.err) == (3, True)


def test_the_page_runs(tmp_path: Path) -> None:
    page = tmp_path / "examples.md"
    page.write_text((ROOT / "docs/examples.md").read_text().replace("```sh-session\n", "```console\n"))
    (tmp_path / "run").mkdir()
    assert transcripts.check(page, tmp_path / "run", at=ROOT) > 4
