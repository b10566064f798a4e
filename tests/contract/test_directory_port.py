from __future__ import annotations

from pathlib import Path

import pytest

from fakes.memory_directory import MemoryDirectory
from lockgate.adapters.store.directory import FileDirectory
from lockgate.core.ports import Directory
from lockgate.errors import UsageError


@pytest.fixture(params=["memory", "file"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    return MemoryDirectory() if request.param == "memory" else FileDirectory(tmp_path / "gate" / "people.json")


class TestDirectory:
    def test_a_new_one_is_empty(self, directory: Directory) -> None:
        assert directory.names() == {}

    def test_names_are_set_changed_and_erased(self, directory: Directory) -> None:
        directory.set("p-one", "Zoë Ångström 王")
        directory.set("p-two", "Bob")
        directory.set("p-two", "Robert")
        assert directory.names() == {"p-one": "Zoë Ångström 王", "p-two": "Robert"}
        directory.set("p-one", None)
        directory.set("p-never", None)
        assert directory.names() == {"p-two": "Robert"}

    @pytest.mark.parametrize("name", ["", "a\nb", "\x1b[31mred", "x" * 201, "a\u202eb"])
    def test_what_would_trouble_a_terminal_is_no_name(self, directory: Directory, name: str) -> None:
        with pytest.raises(UsageError) as err:
            directory.set("p-one", name)
        assert err.value.code == "directory.bad-name"
        assert directory.names() == {}
