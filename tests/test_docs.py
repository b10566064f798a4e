"""Docs that cannot go stale: everything a user can meet has its heading, every link leads somewhere, every console block runs.

The rules are functions over text, shown to fail on made-up text at the end of this file.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

import transcripts
from house import ROOT, sources
from lockgate.core import events, requirements
from lockgate.errors import LockgateError

DOCS = ROOT / "docs"
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
FILE_SUFFIXES = (".db", ".json", ".key", ".md", ".pub", ".toml", ".trust", ".txt", ".vkey", ".yaml")
NO_CODES = {
    "append": "failpoints of the sequencer",
    "crates": "the name of an ecosystem",
    "docker": "the name of a registry",
    "create": "failpoints of a new ledger",
    "lockgate": "modules and files",
}
REMEDIES = "lockgate.render.remedies"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
FENCED = re.compile(r"^[ ]*(```+|~~~+).*?^[ ]*\1[ ]*$", re.MULTILINE | re.DOTALL)


def codes(modules: Mapping[str, str]) -> dict[str, str]:
    """Every literal ``<subject>.<reason>`` in the source -> a place it stands at: those are the codes, stable and documented."""
    found: dict[str, str] = {}
    for module, source in modules.items():
        if module == REMEDIES:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                code = node.value
                if not code.endswith(FILE_SUFFIXES) and code.partition(".")[0] not in NO_CODES:
                    found.setdefault(code, f"{module}:{node.lineno}")
    return found


def built_codes(modules: Mapping[str, str]) -> Iterator[str]:
    """Errors and verdicts whose code is put together at run time, so that nothing could find it."""
    for module, source in modules.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and _is_code_taker(node.func):
                code = next((word.value for word in node.keywords if word.arg == "code"), node.args[0] if node.args else None)
                if isinstance(code, ast.JoinedStr | ast.BinOp):
                    yield f"{module}:{node.lineno}: {ast.unparse(code)}"


def _is_code_taker(function: ast.expr) -> bool:
    name = function.id if isinstance(function, ast.Name) else ""
    return name in {"Fail", "Unknown", "Unreadable"} or any(name == one.__name__ for one in tree(LockgateError))


def tree(error: type[LockgateError]) -> Iterator[type[LockgateError]]:
    """An exception and all below it."""
    yield error
    for below in error.__subclasses__():
        yield from tree(below)


def headings(text: str) -> list[str]:
    """The headings of a page, without ``#`` and backticks; fenced blocks have none."""
    return [line.lstrip("#").replace("`", "").strip() for line in FENCED.sub("", text).splitlines() if re.match(r"#{1,6} ", line)]


def page(path: Path) -> list[str]:
    """The headings of a page; none where there is no such page."""
    return headings(path.read_text(encoding="utf-8")) if path.exists() else []


def pages() -> list[Path]:
    """Every Markdown page for people."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "changes").glob("*.md")])


def dead_links(text: str, folder: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    return [target for target in LINK.findall(FENCED.sub("", text)) if not re.match(r"[a-z]+:", target) and not (folder / target).exists()]


@functools.cache
def commands() -> dict[str, click.Command]:
    """``lockgate policy check`` -> its command, groups included, hidden ones not."""
    from lockgate.cli.main import cli

    def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
        yield path, command
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=path)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None, f"{path} lists {name} and has no such command"
                if not below.hidden:
                    yield from walk(below, f"{path} {name}")

    return dict(walk(cli, "lockgate"))


def settings(source: str) -> list[str]:
    """The environment variables that config.py reads, sorted."""
    words = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(word for word in words if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", word))


def missing(wanted: Mapping[str, object] | list[str] | set[str], have: list[str]) -> list[str]:
    """What of `wanted` is not among `have`."""
    return sorted(set(wanted) - set(have))


def test_every_code_has_its_heading_and_no_heading_is_stale() -> None:
    documented = [(path.stem, heading) for path in sorted((DOCS / "codes").glob("*.md")) for heading in page(path) if CODE.fullmatch(heading)]
    assert missing(codes(sources()), [code for _, code in documented]) == []
    assert missing([code for _, code in documented], list(codes(sources()))) == []
    assert [(stem, code) for stem, code in documented if code.partition(".")[0] != stem] == []
    assert [code for code, times in Counter(code for _, code in documented).items() if times > 1] == []


def test_every_code_has_a_remedy_and_no_remedy_is_stale() -> None:
    from lockgate.render.remedies import REMEDIES

    assert missing(codes(sources()), list(REMEDIES)) == []
    assert missing(list(REMEDIES), list(codes(sources()))) == []
    assert [code for code, remedy in REMEDIES.items() if not remedy.strip()] == []


def test_no_code_is_put_together_at_run_time() -> None:
    assert list(built_codes(sources())) == []


@pytest.mark.parametrize("kind", requirements.KINDS)
def test_a_requirement_is_one_id_in_code_test_and_docs(kind: str) -> None:
    name = kind.replace("-", "_")
    assert (ROOT / f"src/lockgate/core/requirements/{name}.py").exists()
    assert (ROOT / f"tests/core/requirements/test_{name}.py").exists()
    assert page(DOCS / f"requirements/{kind}.md")[:1] == [kind]


def test_every_requirement_file_is_listed() -> None:
    files = {path.stem.replace("_", "-") for path in (ROOT / "src/lockgate/core/requirements").glob("*.py")} - {"--init--", "base"}
    assert files == set(requirements.KINDS)


def test_every_event_has_its_heading() -> None:
    assert missing(events.KINDS, page(DOCS / "events.md")) == []


def test_every_command_has_its_heading_and_help() -> None:
    assert missing(commands(), page(DOCS / "cli.md")) == []
    assert [path for path, command in commands().items() if not command.help] == []


def test_no_documented_command_is_gone() -> None:
    assert missing([heading for heading in page(DOCS / "cli.md") if heading.startswith("lockgate")], list(commands())) == []


SHARED = {"--help", "--gate", "--trust", "--format", "--key"}
"""Options that the docs tell of once, for all commands."""


def sections(text: str) -> dict[str, str]:
    """Heading -> what stands below it, of the commands' page."""
    return dict(re.findall(r"^### (lockgate[^\n]*)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))


def shapes(section: str) -> set[str]:
    """The options that a section names, in its block or in its text, with their values: ``--to ENV``."""
    return {f"{name} {value}".strip() for name, value in re.findall(r"(--[a-z][a-z-]*)(?: ([A-Z][A-Z/=|]*|[a-z|]+\|[a-z|]+))?", section)}


def test_the_docs_show_each_option_of_a_command_and_no_other() -> None:
    text, wrong = (DOCS / "cli.md").read_text(encoding="utf-8"), []
    for path, command in commands().items():
        options = [one for one in command.params if isinstance(one, click.Option)]
        own = {max(one.opts, key=len): one for one in options}
        shown = shapes(sections(text)[path])
        named = {each.split()[0] for each in shown}
        wrong += [f"{path}: {name} is not shown" for name in own if name not in named | SHARED]
        if not isinstance(command, click.Group) and (fenced := re.search(r"^```\n(.*?)^```", sections(text)[path], re.MULTILINE | re.DOTALL)):
            wrong += [f"{path}: {name} is no option" for name in {each.split()[0] for each in shapes(fenced[1])} - set(own)]
            values = {name: value for name, _, value in (each.partition(" ") for each in shapes(fenced[1]))}
            given = {name: one.metavar or "|".join(getattr(one.type, "choices", ())) for name, one in own.items() if not one.is_flag}
            wrong += [f"{path}: {name} takes {given[name]}, not {value}" for name, value in values.items() if value and given.get(name, value) != value]
            line = next(line for line in fenced[1].splitlines() if line.startswith(path))
            wrong += [f"{path}: {one.make_metavar(click.Context(command))} is not shown" for one in arguments(command) if not told(one, line)]
        elif not isinstance(command, click.Group):
            wrong += [f"{path}: {one.name} is not shown" for one in arguments(command)]
    assert wrong == []


def arguments(command: click.Command) -> list[click.Argument]:
    return [one for one in command.params if isinstance(one, click.Argument)]


def told(argument: click.Argument, line: str) -> bool:
    """Whether a synopsis has this argument's word."""
    word = (argument.metavar or str(argument.name)).removeprefix("-- ").upper().replace("{REF}", "{ref}")
    return any(each in line for each in (word, *word.split("|")))


def test_shared_options_are_in_the_table() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(--[a-z]+)", text, re.MULTILINE)) | {"--help"}
    assert table == SHARED


def test_help_docs_and_program_have_the_same_exit_codes() -> None:
    from lockgate.cli import exits
    from lockgate.cli.main import cli

    program = {code for name, code in vars(exits).items() if name.isupper() and isinstance(code, int)}
    assert {int(code) for code in re.findall(r"^ +([0-9]+)  ", cli.help or "", re.MULTILINE)} == program
    assert {int(code) for code in re.findall(r"^([0-9]+) +[a-z]", exits.__doc__ or "", re.MULTILINE)} == program
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert {int(code) for code in re.findall(r"^\| \[?([0-9]+)\]?[( ]", text, re.MULTILINE)} == program


def test_the_docs_have_the_commands_in_the_order_of_the_help() -> None:
    from lockgate.cli.main import COMMANDS

    found = [heading for heading in page(DOCS / "cli.md") if heading in COMMANDS or (len(heading.split()) == 2 and heading.startswith("lockgate "))]
    assert found == [word for title, section in COMMANDS.items() for word in (title, *(f"lockgate {name}" for name in section))]


def test_every_command_has_a_hostile_transcript() -> None:
    leaves = [path for path, command in commands().items() if not isinstance(command, click.Group)]
    refused = [step.command for path in (ROOT / "tests/cli").glob("*.txt") for step in transcripts.read(path) if step.exit]
    assert [path for path in leaves if not any(re.search(rf"\b{path}\b", command) for command in refused)] == []


def test_every_setting_is_documented() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert [name for name in settings((ROOT / "src/lockgate/config.py").read_text(encoding="utf-8")) if f"`{name}`" not in text] == []


def test_every_exit_code_has_its_heading() -> None:
    exits = {0} | {error.exit_code for error in tree(LockgateError)}
    assert missing({f"Exit {number}" for number in exits}, [" ".join(heading.split()[:2]) for heading in page(DOCS / "cli.md")]) == []


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert dead_links(path.read_text(encoding="utf-8"), path.parent) == []


@pytest.mark.parametrize("path", [path for path in pages() if transcripts.read(path)], ids=lambda path: str(path.relative_to(ROOT)))
def test_console_blocks_run(path: Path, tmp_path: Path) -> None:
    in_the_clone = path in {ROOT / "README.md", DOCS / "trust.md"}  # they take the clone's own script and example
    assert transcripts.check(path, tmp_path, at=ROOT if in_the_clone else None) > 0


def test_no_two_pages_share_a_log_or_a_directory() -> None:
    """In one account the second page would be told that it is another log than the one that was seen."""
    found = [word for path in pages() for word in set(re.findall(r"--origin \S+|^mkdir \S+|--out ~\S+", path.read_text(encoding="utf-8"), re.MULTILINE))]
    assert [word for word, times in Counter(found).items() if times > 1 and "NAME" not in word] == []


def test_no_page_runs_what_its_readers_do_not_see() -> None:
    assert [str(path) for path in pages() if re.search(r"<!--[^>]*^\$ ", path.read_text(encoding="utf-8"), re.MULTILINE)] == []


def test_the_readme_shows_a_transcript() -> None:
    assert transcripts.read(ROOT / "README.md")


def test_codes_are_found_wherever_they_stand() -> None:
    source = """
raise EvidenceError("a.raised", f"{x}")
Fail(code="a.verdict" if x else "a.other")
TABLE = {28: "log.full"}
def f(code="a.default"): return "a.returned"
open("ledger.db"); crash("append.signed"); print("Not a.code", "lockgate.trust", "a.b.c", "A.b")
"""
    assert set(codes({"lockgate.core.a": source})) == {"a.raised", "a.verdict", "a.other", "log.full", "a.default", "a.returned"}
    assert codes({REMEDIES: '{"a.only-here": "x"}'}) == {}


@pytest.mark.parametrize("source", ['EvidenceError(f"{a}.b", "m")', 'Fail(code="a." + b)', 'Unreadable(code=f"a.{b}")'])
def test_a_built_code_is_found(source: str) -> None:
    assert len(list(built_codes({"lockgate.core.a": source}))) == 1


def test_settings_are_found() -> None:
    assert settings('os.environ.get("LOCKGATE_KEY", "")\nos.environ["XDG_STATE_HOME"]\n"KEY of nothing"') == ["LOCKGATE_KEY", "XDG_STATE_HOME"]


def test_headings_are_not_taken_from_code() -> None:
    assert headings("# A `b`\n```sh\n# no\n```\ntext\n## c.d\n#no\n") == ["A b", "c.d"]


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    text = "[a](there.md) [b](gone.md#x) [c](https://example.com) [d](#here)\n```\n[e](code.md)\n```\n"
    assert dead_links(text, tmp_path) == ["gone.md"]
