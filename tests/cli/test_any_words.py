"""Whatever words are typed: an exit code from the table, nothing that steers a terminal, and no mistake of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command_line import call, leaves, move_to
from layouts import Layout


@pytest.fixture(scope="module", autouse=True)
def _somewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        move_to(tmp_path_factory.mktemp("any"), patch)
        Layout(Path("image")).image(b"x", tag="1")
        assert call("init", "--origin", "example.com/any").code == 0
        assert call("key", "new", "k.key").code == 0
        assert call("policy", "show", "--starter", "--key", "k.key").code == 0
        Path("policy.yaml").write_text(call("policy", "show", "--starter", "--key", "k.key").out)
        assert call("policy", "apply", "policy.yaml").code == 0
        yield


OPTIONS = [
    "--to",
    "--key",
    "--gate",
    "--trust",
    "--format",
    "json",
    "--config",
    "--request",
    "--platform",
    "--duty",
    "--expires",
    "--prepare",
    "--signature",
    "--what",
    "--last",
    "--about",
    "--out",
    "--public",
    "--type",
    "--predicate",
    "--threshold",
    "--owner",
    "--days",
    "--starter",
    "--advise",
    "--from",
    "--write-policy",
    "bash",
    "--idempotency-key",
    "--",
    "-h",
    "--help",
    "--as",
    "--write-trust",
    "--name",
    "--origin",
    "approval",
    "none",
]
VALUES = [
    "image",
    "oci:image:1",
    "oci:image",
    "oci:",
    "file:",
    "@sha256:",
    "image@sha256:00",
    ".",
    "..",
    "/",
    "-",
    "policy.yaml",
    "k.key",
    "k.key.pub",
    "staging",
    "production",
    "house",
    "0",
    "1",
    "-1",
    "99999999999999999999",
    "r-aaaaaaaaaa",
    "p-aaaaaaaaaaaaaaaa",
    "lockgate.trust",
    ".lockgate",
    "a/b/c",
    "72h",
    "SHA256:x",
    "/dev/null",
    "/dev/zero",
    "/proc/self/mem",
    "staging=deploy",
    "linux/amd64",
    "https://x",
]
WORDS = st.sampled_from(OPTIONS) | st.sampled_from(["", *VALUES]) | st.text(max_size=6) | st.text("a/:@=-.", max_size=8)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([path for path in leaves() if path != ("deploy",)]), st.lists(WORDS, max_size=7))
def test_any_words(path: tuple[str, ...], words: list[str]) -> None:
    said = call(*path, *words)
    assert said.code in {0, 1, 2, 3, 4}
    assert "internal.bug" not in said.out + said.err, said
    assert all(line.isprintable() for line in (said.out + said.err).split("\n"))


@given(st.lists(WORDS, max_size=5))
def test_any_words_without_a_command(words: list[str]) -> None:
    said = call(*words)
    assert said.code in {0, 1, 2, 3, 4}
    assert "internal.bug" not in said.out + said.err, said
