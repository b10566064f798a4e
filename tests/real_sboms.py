"""Things with known contents, for real programs to make bills of materials of: a virtual environment, a source tree with lock files, an image.

All of it is made by hand, offline; nothing is installed. Where Python's packages are named, their versions are old ones that real advisories are about.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import scanners
from layouts import CONFIG, LAYER, MANIFEST, Layout

PYTHON = {
    "aiohttp": "3.8.0", "certifi": "2022.6.15", "cryptography": "3.3.1", "Django": "3.2", "Flask": "2.2.2", "gunicorn": "20.1.0", "Jinja2": "2.10",
    "lxml": "4.6.2", "numpy": "1.21.0", "paramiko": "2.10.0", "Pillow": "8.0.0", "PyYAML": "5.3", "requests": "2.25.0",
    "setuptools": "65.5.0", "SQLAlchemy": "1.2.17", "starlette": "0.24.0", "tornado": "6.3.1", "Twisted": "22.4.0rc1", "urllib3": "1.25.8", "Werkzeug": "1.0.1",
}  # fmt: skip
"""Name, as its project writes it -> version."""

LOCKS = {
    "requirements.txt": "".join(f"{name}=={version}\n" for name, version in PYTHON.items()),
    "package-lock.json": """\
{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": {
  "": {"name": "shop", "version": "1.0.0", "dependencies": {"lodash": "4.17.20"}},
  "node_modules/lodash": {"version": "4.17.20"}, "node_modules/@babel/core": {"version": "7.0.0-beta.2"}}}
""",
    "go.mod": """\
module example.com/shop

go 1.22

require (
\tgithub.com/gin-gonic/gin v1.7.0
\tgolang.org/x/crypto v0.0.0-20210921155107-089bfa567519
)
""",
    "Cargo.lock": 'version = 3\n\n[[package]]\nname = "time"\nversion = "0.1.40"\nsource = "registry+https://example.com/index"\n',
    "Gemfile.lock": """\
GEM
  remote: https://example.com/
  specs:
    nokogiri (1.13.3-x86_64-linux)
    rack (2.0.1)

PLATFORMS
  ruby

DEPENDENCIES
  rack
""",
    "composer.lock": '{"packages": [{"name": "guzzlehttp/psr7", "version": "1.8.3", "type": "library"}], "packages-dev": []}\n',
}
"""File -> content, of a source tree in six ecosystems."""

LOCKED = {
    "pkg:npm/lodash@4.17.20", "pkg:npm/%40babel/core@7.0.0-beta.2", "pkg:golang/github.com/gin-gonic/gin@v1.7.0",
    "pkg:golang/golang.org/x/crypto@v0.0.0-20210921155107-089bfa567519", "pkg:cargo/time@0.1.40", "pkg:gem/rack@2.0.1", "pkg:gem/nokogiri@1.13.3-x86_64-linux",
    "pkg:composer/guzzlehttp/psr7@1.8.3", *(f"pkg:pypi/{name.lower()}@{version}" for name, version in PYTHON.items()),
}  # fmt: skip
"""What that is, as package URLs."""

DEBIAN = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    "var/lib/dpkg/status": (
        "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u1\n\n"
        "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib (1:1.2.13.dfsg-1)\nVersion: 1:1.2.13.dfsg-1+b1\n"
    ),
}
"""What Debian leaves in an image: two packages that are built from sources of other names, and one of them in another version."""


def metadata(name: str, version: str) -> str:
    """What an installed Python package says of itself."""
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n"


def environment(folder: Path, packages: Mapping[str, str] = PYTHON) -> Path:
    """A virtual environment; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name, version in packages.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(metadata(name, version))
    return folder / "bin" / "python"


def tree(folder: Path) -> Path:
    """The source tree."""
    folder.mkdir()
    for name, text in LOCKS.items():
        (folder / name).write_text(text)
    return folder


def image(folder: Path, packages: Mapping[str, str] = PYTHON, more: Mapping[str, str] | None = None) -> tuple[Layout, str]:
    """An OCI layout with a Debian image of these Python packages and `more` files, under the tag 1; and the image's digest, always the same."""
    python = {f"usr/lib/python3/dist-packages/{name}-{version}.dist-info/METADATA": metadata(name, version) for name, version in packages.items()}
    files = {**DEBIAN, **python, **(more or {})}
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name, text in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    layout, whole = Layout(folder), layer.getvalue()
    inside = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(whole).hexdigest()}"]}
    config = layout.json({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": inside}, CONFIG)
    layers = [layout.blob(gzip.compress(whole, mtime=0), f"{LAYER}+gzip")]
    manifest = layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}, MANIFEST)
    return layout, str(layout.enlist(manifest, "1")["digest"])


def by_cyclonedx_py(folder: Path) -> dict[str, Path]:
    """Bills of materials of the Python packages, in four versions of CycloneDX: of an environment, and of a requirements file."""
    (folder / "requirements.txt").write_text(LOCKS["requirements.txt"])
    sources = {"environment": str(environment(folder / "environment")), "requirements": str(folder / "requirements.txt")}
    found = {}
    for name, version in (("environment", "1.4"), ("requirements", "1.5"), ("requirements", "1.6"), ("environment", "1.7")):
        place = found[f"{name} {version}"] = folder / f"{name}-{version}.cdx.json"
        scanners.cyclonedx(name, "--of=JSON", f"--sv={version}", f"--output-file={place}", sources[name])
    return found


def by_syft(folder: Path, what: str, name: str) -> dict[str, Path]:
    """Bills of materials by syft, in all the JSON it writes: three versions of CycloneDX and three of SPDX."""
    formats = ("cyclonedx-json@1.4", "cyclonedx-json@1.5", "cyclonedx-json@1.6", "spdx-json@2.2", "spdx-json@2.3", "spdx-json@3.0")
    found = {f"{name} {one}": folder / f"{name}-{one.partition('@')[2]}.{'cdx' if one.startswith('cyclonedx') else 'spdx'}.json" for one in formats}
    scanners.syft(what, *(f"{one}={found[f'{name} {one}']}" for one in formats))
    return found
