"""Runs a GitHub workflow or a GitLab pipeline from its very YAML, as their runners would: jobs in order, each step in a shell of its own.

Only what the examples use is known. A key, an expression or an action that is not known here is an error, so that no edit passes
unnoticed; so is an expression in a place where GitHub does not evaluate it, or inside of a script, where it would be an injection.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from machines import Done, Machine

Values = Mapping[str, str]


class Loader(yaml.SafeLoader):
    """YAML 1.2's booleans, so that ``on`` is a word; and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key) for key, _ in node.value]
        if len(set(names)) != len(names):
            raise AssertionError(f"a key stands twice: {names}")
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"] for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def read(path: Path) -> dict[str, Any]:
    """A YAML file's one mapping."""
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)
    return found


def known(found: Mapping[str, Any], what: str, needed: str, others: str = "") -> None:
    """Fail on a key of `found` that is not named, and on one of `needed` that is missing."""
    wrong = (set(found) - set((needed + " " + others).split())) | (set(needed.split()) - set(found))
    assert not wrong, f"{what}: {sorted(wrong)}"


@dataclass
class Job:
    """How a job ended.

    Attributes:
        result: ``success``, ``failure``, ``skipped`` or ``manual``.
        log: everything its steps wrote. outputs: what it hands on. kept: a folder with what it uploaded.
    """

    result: str = "skipped"
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    kept: Path | None = None

    def ran(self, done: Done) -> None:
        self.log += done.out + done.err
        self.result = "failure" if done.code else self.result


@dataclass(kw_only=True)
class Runners:
    """What an owner of the repository has set up.

    Attributes:
        machines: runner label or tag -> its machine. repository: a git repository to check out. folder: for workspaces.
        variables, secrets: environment (empty for all) -> name -> value.
    """

    machines: Mapping[str, Machine]
    repository: Path
    folder: Path
    variables: Mapping[str, Values]
    secrets: Mapping[str, Values]

    def place(self, name: str) -> Path:
        """A new folder."""
        self.folder.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def checkout(self, there: Machine, into: Path, commit: str) -> None:
        there.well("git", "clone", "--quiet", self.repository, into)
        there.well("git", "-C", into, "checkout", "--quiet", commit)


def scoped(by_environment: Mapping[str, Values], environment: str) -> dict[str, str]:
    return {**by_environment.get("", {}), **(by_environment.get(environment, {}) if environment else {})}


def in_order(jobs: Mapping[str, Any], after: Mapping[str, list[str]]) -> Iterator[str]:
    """Names of jobs, each after those it needs."""
    left = list(jobs)
    while left:
        ready = [name for name in left if not set(after[name]) & set(left)]
        assert ready, f"these wait for each other: {left}"
        yield from ready
        left = [name for name in left if name not in ready]


# GitHub

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
AT_JOB = {"github", "needs", "vars", "secrets", "inputs"}
"""What ``jobs.<id>.env`` may look at; a job's ``if`` may look at no secrets, and a step at `AT_STEP`."""
AT_STEP = AT_JOB | {"env", "runner", "steps"}
RUNNER_LABELS = {"ubuntu-24.04": "hosted", "self-hosted gate": "gate"}


def check_github(flow: Mapping[str, Any]) -> None:
    """What GitHub's workflow syntax says of the keys that are used, and what a careful owner adds."""
    known(flow, "workflow", "name on permissions jobs", "defaults")
    assert flow["permissions"] == {}
    assert flow.get("defaults", {}) == {"run": {"shell": "bash"}}
    known(flow["on"], "on", "", "push workflow_dispatch")
    known(flow["on"]["push"], "push", "branches")
    for name, given in flow["on"]["workflow_dispatch"]["inputs"].items():
        known(given, name, "description required type")
    for name, job in flow["jobs"].items():
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name)
        known(job, name, "runs-on environment permissions timeout-minutes steps", "if needs outputs env concurrency")
        known(job["permissions"], f"{name}: permissions", "", "contents")
        assert set(job["permissions"].values()) <= {"read"}
        if "concurrency" in job:
            known(job["concurrency"], f"{name}: concurrency", "group cancel-in-progress")
        for step in job["steps"]:
            known(step, f"{name}: step", "uses" if "uses" in step else "name run", "name id if with env")
            assert step.get("uses", CHECKOUT) in {CHECKOUT, UPLOAD}
            assert "${{" not in step.get("run", ""), f"{name}: an expression in a script"


def evaluate(text: str, contexts: Mapping[str, Any], allowed: set[str]) -> str:
    """A value with its expressions replaced: paths such as ``needs.build.outputs.image`` alone. What is not there is an error."""

    def look(match: re.Match[str]) -> str:
        found: Any = contexts
        first, *_ = path = match[1].split(".")
        assert first in allowed, f"{match[1]} cannot be looked at here"
        for part in path:
            assert part in found, f"there is no {match[1]}"
            found = found[part]
        return str(found)

    return EXPRESSION.sub(look, text)


def holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """``github.x == 'text'``."""
    found = re.fullmatch(r"github\.(\w+) == '([^']*)'", condition)
    assert found, f"not known here: {condition}"
    return bool(contexts["github"][found[1]] == found[2])


def pairs(path: Path) -> dict[str, str]:
    """The ``name=value`` lines of GITHUB_OUTPUT."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def github(path: Path, runners: Runners, event: str, commit: str, **inputs: str) -> dict[str, Job]:
    """Everything that an event on branch main starts; name of a job -> how it ended."""
    flow = read(path)
    check_github(flow)
    assert event in flow["on"] and set(inputs) == set((flow["on"][event] or {}).get("inputs", {}))
    needs = {name: [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", []) for name, job in flow["jobs"].items()}
    ended: dict[str, Job] = {}
    for name in in_order(flow["jobs"], needs):
        ended[name] = Job()
        contexts = {
            "github": {"event_name": event, "sha": commit, "run_id": "4711", "run_attempt": "1"},
            "inputs": inputs,
            "needs": {one: {"outputs": ended[one].outputs} for one in needs[name]},
            "vars": scoped(runners.variables, flow["jobs"][name]["environment"]),
            "secrets": scoped(runners.secrets, flow["jobs"][name]["environment"]),
        }
        if all(ended[one].result == "success" for one in needs[name]) and holds(flow["jobs"][name].get("if", f"github.event_name == '{event}'"), contexts):
            GitHubJob(flow["jobs"][name], runners, contexts, ended[name]).run()
    return ended


class GitHubJob:
    """One job on one machine, in a workspace of its own."""

    def __init__(self, job: Mapping[str, Any], runners: Runners, contexts: dict[str, Any], ended: Job) -> None:
        labels = job["runs-on"] if isinstance(job["runs-on"], str) else " ".join(job["runs-on"])
        self.job, self.runners, self.ended = job, runners, ended
        self.machine = runners.machines[RUNNER_LABELS[labels]]
        self.work, self.temp = runners.place("workspace"), runners.place("temp")
        self.contexts = {**contexts, "runner": {"temp": str(self.temp)}, "steps": {}, "env": {}}
        self.path: list[str] = []
        self.contexts["env"] = {key: evaluate(value, self.contexts, AT_JOB) for key, value in job.get("env", {}).items()}

    def run(self) -> None:
        self.ended.result = "success"
        for step in self.job["steps"]:
            assert step.get("if", "always()") == "always()"
            if self.ended.result == "success" or "if" in step:
                with_ = {key: evaluate(str(value), self.contexts, AT_STEP) for key, value in step.get("with", {}).items()}
                if step.get("uses") == CHECKOUT:
                    assert self.job["permissions"] == {"contents": "read"} and with_ == {"persist-credentials": "False"}
                    self.runners.checkout(self.machine, self.work, self.contexts["github"]["sha"])
                elif step.get("uses") == UPLOAD:
                    self.upload(with_)
                else:
                    self.script(step)
        if self.ended.result == "success":
            self.ended.outputs = {key: evaluate(value, self.contexts, AT_STEP) for key, value in self.job.get("outputs", {}).items()}

    def script(self, step: Mapping[str, Any]) -> None:
        """`run` in a new bash, with what the runner sets; nothing else comes along from step to step."""
        files = {name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")}
        for each in files.values():
            each.write_text("")
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        environment = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": self.contexts["github"]["sha"],
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": self.contexts["github"]["event_name"],
            "GITHUB_WORKSPACE": str(self.work),
            "RUNNER_TEMP": str(self.temp),
            **{name: str(each) for name, each in files.items()},
            "PATH": ":".join([*reversed(self.path), self.machine.environment["PATH"]]),
            **self.contexts["env"],
            **{key: evaluate(value, self.contexts, AT_STEP) for key, value in step.get("env", {}).items()},
        }
        self.ended.ran(self.machine.run("bash", "--noprofile", "--norc", "-eo", "pipefail", script, at=self.work, **environment))
        assert files["GITHUB_ENV"].read_text() == "", "not known here"
        self.ended.log += files["GITHUB_STEP_SUMMARY"].read_text()
        self.path += files["GITHUB_PATH"].read_text().split()
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": pairs(files["GITHUB_OUTPUT"])}

    def upload(self, with_: Values) -> None:
        known(with_, "upload-artifact", "name path if-no-files-found retention-days")
        assert with_["if-no-files-found"] == "error"
        if not (Path(with_["path"]).is_dir() and any(Path(with_["path"]).iterdir())):
            self.ended.result, self.ended.log = "failure", self.ended.log + "no files were found\n"
            return
        self.ended.kept = Path(shutil.copytree(with_["path"], self.runners.place("kept") / with_["name"]))


# GitLab

GLOBAL = {"stages", "workflow"}
JOB = "extends stage tags needs variables before_script when allow_failure environment resource_group artifacts"


def check_gitlab(pipeline: Mapping[str, Any]) -> dict[str, Any]:
    """The jobs, those they extend merged in, after a look at the keys that GitLab's CI/CD YAML reference knows and that are used."""
    known({name: 1 for name in pipeline if name in GLOBAL}, "pipeline", "stages workflow")
    for rule in pipeline["workflow"]["rules"]:
        known(rule, "rule", "if")
    jobs = {}
    for name, job in pipeline.items():
        if name in GLOBAL:
            continue
        whole = {**pipeline[job["extends"]], **job} if "extends" in job else dict(job)
        whole["variables"] = {**pipeline.get(job.get("extends", ""), {}).get("variables", {}), **job.get("variables", {})}
        known(whole, name, "" if name.startswith(".") else "script stage environment", f"script {JOB}")
        if name.startswith("."):
            continue
        known(whole["environment"], f"{name}: environment", "name", "action")
        known(whole.get("artifacts", {"paths": [], "expire_in": ""}), f"{name}: artifacts", "paths expire_in", "when")
        known(whole["variables"], f"{name}: variables", "", "GIT_STRATEGY")
        assert whole["stage"] in pipeline["stages"]
        assert all(pipeline["stages"].index(pipeline[one]["stage"]) < pipeline["stages"].index(whole["stage"]) for one in whole.get("needs", []))
        assert whole.get("when", "on_success") in {"on_success", "manual"}
        assert "when" not in whole or whole["allow_failure"] is False, "a manual job may fail unseen"
        jobs[name] = whole
    return jobs


def allowed(rules: list[Mapping[str, str]], variables: Values) -> bool:
    """``$A == $B``."""
    for rule in rules:
        found = re.fullmatch(r"\$(\w+) == \$(\w+)", rule["if"])
        assert found, f"not known here: {rule}"
        if variables.get(found[1], "") == variables.get(found[2], ""):
            return True
    return False


class GitLab:
    """A pipeline for one commit of branch main, whose manual jobs wait to be started."""

    def __init__(self, path: Path, runners: Runners, commit: str, branch: str = "main") -> None:
        pipeline = read(path)
        self.jobs, self.runners, self.commit = check_gitlab(pipeline), runners, commit
        self.ended = {name: Job() for name in self.jobs}
        self.predefined = {"CI": "true", "GITLAB_CI": "true", "CI_COMMIT_SHA": commit, "CI_COMMIT_BRANCH": branch, "CI_DEFAULT_BRANCH": "main"}
        self.predefined["CI_COMMIT_TIMESTAMP"] = "2026-11-22T20:14:03+00:00"
        if allowed(pipeline["workflow"]["rules"], self.predefined):
            for name in in_order(self.jobs, {name: job.get("needs", []) for name, job in self.jobs.items()}):
                self.start(name, by_hand=False)

    def start(self, name: str, *, by_hand: bool = True) -> Job:
        """Start, or start again, a job."""
        job, ended = self.jobs[name], Job()
        self.ended[name] = ended
        needed = [self.ended[one] for one in job.get("needs", [])]
        if any(one.result != "success" for one in needed):
            return ended
        if job.get("when") == "manual" and not by_hand:
            ended.result = "manual"
            return ended
        (there,) = [self.runners.machines[tag] for tag in job.get("tags", ["hosted"])]
        work = self.runners.place("project")
        if job["variables"].get("GIT_STRATEGY") != "none":
            self.runners.checkout(there, work, self.commit)
        for each in needed:
            if each.kept:
                shutil.copytree(each.kept, work, dirs_exist_ok=True)
        ended.result = "success"
        # As the shell executor does: the lines in one bash, in a pipe, where the last one's exit status counts.
        lines = "\n".join([*job.get("before_script", []), *job["script"]])
        ended.ran(there.run("bash", "-c", 'set -eo pipefail; : | eval "$SCRIPT"; exit 0', at=work, SCRIPT=lines, **self.environment(job, work)))
        self.keep(job, ended, work)
        return ended

    def environment(self, job: Mapping[str, Any], work: Path) -> dict[str, str]:
        """Variables, and those of the kind file as paths, of files that everybody may read."""
        name, files = job["environment"]["name"], self.runners.place("variables")
        for key, value in (secrets := scoped(self.runners.secrets, name)).items():
            (files / key).write_text(value)
        paths = {key: str(files / key) for key in secrets}
        return {**self.predefined, "CI_PROJECT_DIR": str(work), "CI_ENVIRONMENT_NAME": name, **scoped(self.runners.variables, name), **paths}

    def keep(self, job: Mapping[str, Any], ended: Job, work: Path) -> None:
        """The artifacts, where the job has some and they are kept however it ended, or it ended well."""
        wanted = job.get("artifacts", {})
        if ended.result == "success" or wanted.get("when") == "always":
            ended.kept = self.runners.place("kept")
            for path in wanted.get("paths", []):
                if not (work / path).exists():
                    ended.log += f"{path}: no matching files\n"
                elif (work / path).is_dir():
                    shutil.copytree(work / path, ended.kept / path)
                else:
                    shutil.copy(work / path, ended.kept / path)
