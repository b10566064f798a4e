"""What a command names a secret is not told again; everything else is."""

from __future__ import annotations

import time

import pytest

from lockgate.cli.spoken import spoken


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["kubectl", "create", "secret", "{ref}"], ["kubectl", "create", "secret", "{ref}"]),
        (["up", "--password=hunter2", "{ref}"], ["up", "--password=SECRET", "{ref}"]),
        (["up", "--db-password", "hunter2", "{ref}"], ["up", "--db-password", "SECRET", "{ref}"]),
        (["helm", "--set=db.password=hunter2", "{ref}"], ["helm", "--set=db.password=SECRET", "{ref}"]),
        (["env", "API_TOKEN=hunter2", "up", "{ref}"], ["env", "API_TOKEN=SECRET", "up", "{ref}"]),
        (["curl", "-H", "Authorization: Bearer hunter2", "-T", "{ref}"], ["curl", "-H", "SECRET", "-T", "{ref}"]),
        (["sh", "-c", 'up --token hunter2 "$0"', "{ref}"], ["sh", "-c", "SECRET", "{ref}"]),
        (["put", "https://me:hunter2@example.com/", "{ref}"], ["put", "SECRET", "{ref}"]),
        (["up", "--token-file", "{config}/token", "--secret-file={config}/x"], ["up", "--token-file", "{config}/token", "--secret-file={config}/x"]),
        (["up", "--token", "--verbose", "{ref}"], ["up", "--token", "--verbose", "{ref}"]),
        (["./token=tool", "sh", "-c", "exit 7"], ["./token=tool", "sh", "-c", "exit 7"]),
        ([], []),
    ],
)
def test_what_is_named_a_secret_is_left_out(typed: list[str], told: list[str]) -> None:
    assert spoken(typed) == told


@pytest.mark.parametrize("word", ["a " * 60_000, "token" * 20_000, "://" + ":" * 100_000, "-" + "secret" * 20_000])
def test_a_long_word_takes_no_time(word: str) -> None:
    started = time.process_time()
    spoken(["sh", "-c", word])
    assert time.process_time() - started < 5
