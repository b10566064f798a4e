"""In CI a skipped system test fails, however it skips; elsewhere it only says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "system" / "conftest.py"
SKIPS = {
    "call": "import pytest\ndef test_it():\n    pytest.skip('no server')\n",
    "mark": "import pytest\n@pytest.mark.skipif(True, reason='no server')\ndef test_it():\n    pass\n",
    "fixture": "import pytest\n@pytest.fixture\ndef server():\n    pytest.skip('no server')\ndef test_it(server):\n    pass\n",
    "module": "import pytest\npytest.skip('no server', allow_module_level=True)\n",
    "import": "import pytest\npytest.importorskip('no_such_module_at_all', reason='no server')\n",
}


def run(folder: Path, source: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_made_up.py").write_text(source + "\ndef test_other():\n    pass\n")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = system\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)]
    return subprocess.run(command, cwd=folder, env=environment | ({"CI": "true"} if ci else {}), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("way", SKIPS)
def test_a_skip_fails_in_ci(tmp_path: Path, way: str) -> None:
    done = run(tmp_path, SKIPS[way], ci=True)
    assert done.returncode in {1, 2}, done.stdout
    assert "no server" in done.stdout


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPS["call"], ci=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout
