"""Where a deployment's command finds what was decided on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

import pytest

from build import digest, key
from lockgate.app import deploy, gate
from lockgate.app.placing import ConfigFile, below, placed, require_whole
from lockgate.core.digest import Ref, short
from lockgate.core.model import Release, config_digest
from lockgate.errors import UsageError
from world import World

Fails = Callable[..., str]
FILES = (ConfigFile(name="app.conf", place="/here/app.conf"), ConfigFile(name="b/db.conf", place="/here/b/db.conf"))
ONE, TWO = ("",), ("web", "")


@pytest.mark.parametrize(
    ("command", "names", "files", "code"),
    [
        (["run"], ONE, (), "deploy.no-ref"),
        (["run", "{config}"], ONE, FILES, "deploy.no-ref"),
        (["run", "{ref}"], ONE, FILES, "deploy.no-config"),
        (["run", "{ref}", "{config}"], ONE, (), "deploy.no-config"),
        (["run", "{ref}"], TWO, (), "deploy.which-ref"),
        (["run", "{ref.web}"], TWO, (), "deploy.no-ref"),
        (["run", "{ref.1}"], TWO, (), "deploy.no-ref"),
        (["run", "{ref.web}", "{ref.3}"], TWO, (), "deploy.unknown-ref"),
        (["run", "{ref.0}", "{ref.2}"], TWO, (), "deploy.unknown-ref"),
        (["run", "{ref.02}"], TWO, (), "deploy.unknown-ref"),
        (["run", "{ref.db}", "{refs}"], TWO, (), "deploy.unknown-ref"),
        (["run", "--all={refs}"], TWO, (), "deploy.which-ref"),
        (["run", "{ref.web}"], ONE, (), "deploy.unknown-ref"),
        (["run", "{REF}", "{ref }", "{ref.}"], ONE, (), "deploy.no-ref"),
        (["run", "{ref}", "{config}"], ONE, (ConfigFile(name="../a", place="../a"), ConfigFile(name="a", place="a")), "config.twice"),
        (["run", "{ref}", "{config}"], ONE, (ConfigFile(name="/a/b", place="/a/b"), ConfigFile(name="a", place="a")), "config.twice"),
    ],
)
def test_what_is_left_out_or_is_not_there(fails: Fails, command: list[str], names: tuple[str, ...], files: tuple[ConfigFile, ...], code: str) -> None:
    assert fails(require_whole, command, names, files) == code


@pytest.mark.parametrize(
    ("command", "names", "files", "words"),
    [
        (["run"], ONE, (), "CMD {ref}"),
        (["run", "{ref}"], ONE, FILES, "CMD {ref} {config}"),
        (["run", "{ref.web}"], TWO, (), "CMD {refs}"),
        (["run", "{ref}", "{config}"], TWO, FILES, "CMD {refs} {config}"),
        (["run", "{ref.db}"], TWO, (), "CMD {refs}"),
    ],
)
def test_the_remedy_is_a_command_that_would_be_whole(command: list[str], names: tuple[str, ...], files: tuple[ConfigFile, ...], words: str) -> None:
    with pytest.raises(UsageError) as err:
        require_whole(command, names, files)
    assert err.value.remedy == f"lockgate deploy REF --to ENV -- {words}"
    require_whole(words.split(), names, files)


@pytest.mark.parametrize(
    ("command", "names", "files"),
    [
        (["run", "{ref}", "{ref}"], ONE, ()),
        (["run", "{ref.1}"], ONE, ()),
        (["run", "--image={ref.web}:{ref.2}"], TWO, ()),
        (["{refs}"], TWO, ()),
        (["run", "{refs}", "{config}/app.conf", '{"json": {}}'], TWO, FILES),
    ],
)
def test_what_is_whole(command: list[str], names: tuple[str, ...], files: tuple[ConfigFile, ...]) -> None:
    require_whole(command, names, files)


@pytest.mark.parametrize(("name", "there"), [("a.conf", "a.conf"), ("/etc/a.conf", "etc/a.conf"), ("../../a", "a"), ("b/a", "b/a"), ("//a", "a")])
def test_where_a_copy_stands(name: str, there: str) -> None:
    assert below(name) == PurePath(there)


def test_what_the_words_become(world: World) -> None:
    one, two = world.source.put("a", b"a"), digest("in a registry")
    config = config_digest({"app.conf": digest("/here/app.conf"), "b/db.conf": digest("/here/b/db.conf")})
    resolved = gate.Resolved(
        release=Release(artifacts=tuple(sorted((one, two))), config=config),
        places={one: Ref(scheme="file", path="a"), two: Ref(scheme="registry", path="example.com/shop/web", tag="1")},
    )
    into = PurePath("/scratch")
    copy, pinned = f"/scratch/{short(one)}", f"example.com/shop/web@{two}"
    words = placed(world.ports, ["run", "{refs}", "x={ref.1}", "{ref.web}", "{config}/app.conf", "{ref}.."], ("", "web"), FILES, config, resolved, into)
    assert words == ["run", copy, pinned, f"x={copy}", pinned, "/scratch/config/app.conf", f"{copy}.."]


def test_a_tag_that_moves_meanwhile_does_not_matter(world: World) -> None:
    """It is looked up once; what the command is given names the digest that was decided on."""
    decided_on = world.artifact("example.com/shop", data=b"as it was")

    def moved(_: gate.Gated) -> None:
        world.artifact("example.com/shop", data=b"as it is now")

    done = deploy.deploy(world.ports, world.ask("staging", refs=("example.com/shop:1",)), ["run", "{ref}"], key("dora"), moved)
    world.caught_up()
    assert (done.outcome, world.runner.ran[-1]) == ("deployed", ["run", f"example.com/shop@{decided_on}"])
    assert done.gated.release.artifacts == (decided_on,)


class TestConfiguration:
    def test_the_command_gets_what_was_hashed_or_nothing_is_run(self, world: World, fails: Fails) -> None:
        """Exchanged between the question and the command: it is noticed as it is copied."""
        config = config_digest({"app.conf": digest("/here/app.conf")})
        how = deploy.How(files=FILES[:1])
        command = ["run", "{ref}", "{config}"]
        done = deploy.deploy(world.ports, world.ask("staging", config=config), command, key("dora"), lambda _: None, how)
        assert (done.outcome, world.runner.ran[-1][2]) == ("deployed", "/scratch/config")
        world.caught_up()
        ran = len(world.runner.ran)
        world.scratch.changed["/here/app.conf"] = "something else"
        assert fails(deploy.deploy, world.ports, world.ask("staging", config=config), command, key("dora"), print, how) == "config.changed"
        assert len(world.runner.ran) == ran


class TestSeveral:
    def test_a_release_of_two_is_one_deployment(self, world: World) -> None:
        world.artifact("other")
        ask = world.ask("staging", refs=("file:shop", "file:other"))
        how = deploy.How(names=("web", ""))
        done = deploy.deploy(world.ports, ask, ["run", "{ref.web}", "{ref.2}"], key("dora"), lambda _: None, how)
        world.caught_up()
        assert done.outcome == "deployed"
        assert world.runner.ran[-1] == ["run", f"/scratch/{short(digest('shop'))}", f"/scratch/{short(digest('other'))}"]
        assert done.gated.release.artifacts == tuple(sorted((digest("shop"), digest("other"))))

    def test_the_event_tells_where_it_came_from(self, world: World) -> None:
        from build import BUILDER, COMMIT, REF, REPOSITORY
        from lockgate.app import report
        from lockgate.core import events

        done = world.deploy("staging")
        event = report.show(world.ports, done.index).event
        assert isinstance(event, events.Deployed)
        assert event.evidence == done.gated.decision.evidence
        assert [(one.builder, one.source, one.commit) for one in event.built] == [(BUILDER, f"{REPOSITORY}@{REF}", COMMIT)]
