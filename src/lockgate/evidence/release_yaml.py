"""A release as a file: which artifacts go together, and the configuration they run with.

version: 1
artifacts:
  - web: registry.example.com/shop/web:1.4     with a name, by which a deployment's command calls it
  - oci:images/worker:1.4                      or without one
config: [app.toml, limits.toml]                or none, said outright

Paths are relative to the file (`at`).
"""

from __future__ import annotations

import re
from typing import NoReturn

from lockgate.canon import Noun
from lockgate.core.digest import is_registry
from lockgate.errors import PolicyError
from lockgate.evidence import yaml_tree
from lockgate.evidence.yaml_tree import Items, Mapping, Node, Place, Scalar

MAX_FILE = yaml_tree.MAX_BYTES
MAX_ARTIFACTS = 64

_NAME = re.compile(r"(?![0-9]+\Z)[a-z0-9][a-z0-9-]{0,63}\Z").match
_FIELDS = ("version", "artifacts", "config")


class NamedRef(Noun, frozen=True, kw_only=True):
    """One artifact. `name` is empty where it has none."""

    ref: str
    name: str = ""


class ReleaseFile(Noun, frozen=True, kw_only=True):
    """A whole release, paths as written. `config` is empty for ``none``."""

    artifacts: tuple[NamedRef, ...]
    config: tuple[str, ...]


def parse_release(data: bytes, filename: str) -> ReleaseFile:
    """The release in this file, at most 256 KiB of UTF-8.

    Raises:
        PolicyError: ``release-file.malformed``; the message begins with ``file:line:column``.
    """
    try:
        return _release(yaml_tree.parse(data, filename))
    except PolicyError as err:
        raise PolicyError("release-file.malformed", err.message) from None


def at(folder: str, ref: str) -> str:
    """A reference whose path is relative to `folder`, from here; one in a registry, or with an absolute path, as it is."""
    scheme, colon, rest = ref.partition(":")
    if not colon or scheme not in {"oci", "file"}:
        scheme, colon, rest = "", "", ref
    if is_registry(ref) or rest.startswith("/") or folder == ".":
        return ref
    here = "" if colon or folder.startswith(("/", ".")) else "./"  # never read as a host
    return f"{scheme}{colon}{here}{folder}/{rest}"


def _release(root: Node) -> ReleaseFile:
    if not isinstance(root, Mapping):
        _refuse(root.place, "a release is a mapping: version, artifacts and config")
    for key, (place, _) in root.pairs.items():
        if key not in _FIELDS:
            _refuse(place.place, f"a release has no {key[:60]!r}: it has version, artifacts and config")
    for key in _FIELDS:
        if key not in root.pairs:
            _refuse(root.place, f"a release says its {key}, and this one does not" + ("; where it has none: config: none" if key == "config" else ""))
    version = root.pairs["version"][1]
    if not isinstance(version, Scalar) or (version.text, version.plain) != ("1", True):
        _refuse(version.place, "the version of this format is 1")
    return ReleaseFile(artifacts=_artifacts(root.pairs["artifacts"][1]), config=_config(root.pairs["config"][1]))


def _artifacts(node: Node) -> tuple[NamedRef, ...]:
    if not isinstance(node, Items) or not 1 <= len(node.nodes) <= MAX_ARTIFACTS:
        _refuse(node.place, f"artifacts is a list of 1 to {MAX_ARTIFACTS} references")
    found: list[NamedRef] = []
    for each in node.nodes:
        if isinstance(each, Mapping):
            if len(each.pairs) != 1:
                _refuse(each.place, "an artifact is REF, or NAME: REF")
            ((name, (place, value)),) = each.pairs.items()
            if not _NAME(name):
                _refuse(place.place, f"{name[:60]!r} is no artifact's name: lower-case letters, digits and -, and not digits alone")
            if any(one.name == name for one in found):
                _refuse(place.place, f"another artifact is called {name} already")
            found.append(NamedRef(ref=_text(value, "a reference"), name=name))
        else:
            found.append(NamedRef(ref=_text(each, "a reference")))
    return tuple(found)


def _config(node: Node) -> tuple[str, ...]:
    if isinstance(node, Scalar) and node.text == "none":
        return ()
    if not isinstance(node, Items) or not node.nodes:
        _refuse(node.place, "config is a list of files, or none")
    return tuple(_text(each, "a file") for each in node.nodes)


def _text(node: Node, what: str) -> str:
    if not isinstance(node, Scalar) or not node.text or not node.text.isprintable():
        _refuse(node.place, f"this should be {what}, in one line")
    return node.text


def _refuse(place: Place, text: str) -> NoReturn:
    raise PolicyError("release-file.malformed", f"{place}: {text}")
