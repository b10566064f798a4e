"""SLSA provenance v1 and v0.2 -> one `Provenance`: which builder built it, from which source.

The mapping, whole; what a predicate does not say in one of these forms stays empty, and an empty source matches no
policy (slsa.dev/spec/v1.0/provenance, slsa.dev/provenance/v0.2):

                   v1                                                   v0.2
    builder        runDetails.builder.id                                builder.id
    finished_at    runDetails.metadata.finishedOn                       metadata.buildFinishedOn
    materials      buildDefinition.resolvedDependencies                 materials
    repository,    buildDefinition.externalParameters:                  invocation.configSource.uri: "…[@ref]"
    ref            1  workflow: {repository, ref}             GitHub Actions
                   2  buildConfigSource: {repository, ref}    Google Cloud Build
                   3  source: {uri: "…[@ref]"}                container-based and others
                   4  source: "…[@ref]"                       GitLab and others
    entry_point    1, 2  path; 3  configPath                            invocation.configSource.entryPoint
    commit         digest.gitCommit, or else digest.sha1, of the materials whose uri is that source (and of the digest that
                   stands beside the source itself: form 3, v0.2); where they name two commits, none is taken
    level          what the builder's own name claims: "…_slsa3.yml" of a GitHub workflow; neither version has a field for it

Of workflow, buildConfigSource and source at most one is there, else none is taken, for nobody says which one was built. A
repository that begins with ``https://`` is written ``git+https://``, as the uri of its dependency is (SPDX download
location). Where repository and ref are one text, the ref begins after the last ``@``. A repository or ref that itself holds
``@`` or white space could read as another pair in ``repository@ref``, so that neither is taken.

What stands here is what the *builder* vouches for; whether this key may speak for this builder is the policy's to
say (`built-by`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from lockgate.core.digest import Digest
from lockgate.core.facts import Material, Provenance
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
PREDICATE_TYPE_V02 = "https://slsa.dev/provenance/v0.2"
PREDICATE_TYPES = frozenset({PREDICATE_TYPE, PREDICATE_TYPE_V02})
"""What `of` reads."""

MAX_DEPENDENCIES = 4096
MAX_DIGESTS = 8
"""How many digests of one dependency are kept."""

_COMMIT = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\Z").match
_APART = re.compile(r"[\s@]").search
_CLAIMED = re.compile(r"https://github\.com/[^/@]+/[^/@]+/\.github/workflows/[^/@]+_slsa([1-4])\.ya?ml@[^@]+\Z").match


class _Source(NamedTuple):
    """Where it was built from, and the digests that stand beside that; empty where it is not said in a known form."""

    repository: str = ""
    ref: str = ""
    entry_point: str = ""
    digests: tuple[object, ...] = ()


def of(predicate_type: str, predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Provenance:
    """The fact a predicate of one of `PREDICATE_TYPES` is. Arguments and error as `read`."""
    return (read_v02 if predicate_type == PREDICATE_TYPE_V02 else read)(predicate, subject, keys, source)


def read(predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Provenance:
    """The fact this predicate of v1 is.

    Args:
        predicate: of a Statement whose signature verified.
        subject: the artifact it is about.
        keys: who signed it, sorted.
        source: digest of the evidence bytes.

    Raises:
        EvidenceError: ``slsa.malformed``.
    """
    try:
        definition = foreign.within(predicate, "buildDefinition")
        details = foreign.within(predicate, "runDetails")
        return _fact(
            subject=subject,
            keys=tuple(keys),
            source=source,
            builder=foreign.text(foreign.within(details, "builder"), "id"),
            built_from=_external(foreign.within(definition, "externalParameters")),
            materials=foreign.items(definition, "resolvedDependencies"),
            finished=(foreign.within(details, "metadata"), "finishedOn"),
        )
    except ValueError as err:
        raise EvidenceError("slsa.malformed", f"this is no SLSA provenance v1: {err}") from None


def read_v02(predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Provenance:
    """The fact this predicate of v0.2 is. Arguments and error as `read`."""
    try:
        config = foreign.within(foreign.within(predicate, "invocation"), "configSource")
        uri = foreign.optional_text(config, "uri")
        return _fact(
            subject=subject,
            keys=tuple(keys),
            source=source,
            builder=foreign.text(foreign.within(predicate, "builder"), "id"),
            built_from=_Source(*_split(uri), foreign.optional_text(config, "entryPoint"), (config.get("digest"),)) if uri else _Source(),
            materials=foreign.items(predicate, "materials"),
            finished=(foreign.within(predicate, "metadata"), "buildFinishedOn"),
        )
    except ValueError as err:
        raise EvidenceError("slsa.malformed", f"this is no SLSA provenance v0.2: {err}") from None


def _fact(
    *,
    subject: Digest,
    keys: tuple[Fingerprint, ...],
    source: Digest,
    builder: str,
    built_from: _Source,
    materials: list[Any],
    finished: tuple[dict[str, Any], str],
) -> Provenance:
    if len(materials) > MAX_DEPENDENCIES:
        raise ValueError(f"it has {len(materials)} dependencies or materials; at most {MAX_DEPENDENCIES} are read")
    listed = [foreign.mapping(one, "a dependency") for one in materials]
    claimed = _CLAIMED(builder)
    return Provenance(
        subject=subject,
        keys=keys,
        source=source,
        builder=builder,
        repository=built_from.repository,
        ref=built_from.ref,
        commit=_commit(listed, built_from),
        entry_point=built_from.entry_point,
        level=f"SLSA_BUILD_LEVEL_{claimed[1]}" if claimed else "",
        materials=tuple(_material(one) for one in listed),
        finished_at=foreign.instant(*finished),
    )


def _external(external: dict[str, Any]) -> _Source:
    said = [name for name in ("workflow", "buildConfigSource", "source") if external.get(name) is not None]
    if len(said) != 1:
        return _Source()
    (name,) = said
    if name != "source":
        fields = foreign.mapping(external[name], name)
        pair = _pair(foreign.optional_text(fields, "repository"), foreign.optional_text(fields, "ref"))
        return _Source(*pair, foreign.optional_text(fields, "path"))
    if isinstance(external[name], dict):
        fields = external[name]
        return _Source(*_split(foreign.optional_text(fields, "uri")), _shown(external.get("configPath")), (fields.get("digest"),))
    return _Source(*_split(foreign.optional_text(external, name)))


def _split(uri: str) -> tuple[str, str]:
    before, at, after = uri.rpartition("@")
    return _pair(before, after) if at else _pair(uri, "")


def _pair(repository: str, ref: str) -> tuple[str, str]:
    if not repository or _APART(repository) or _APART(ref):
        return "", ""
    return _git(repository), ref


def _git(uri: str) -> str:
    return "git+" + uri if uri.startswith("https://") else uri


def _commit(materials: list[dict[str, Any]], built_from: _Source) -> str:
    """The one commit of that source; empty where none or several are named."""
    repository, ref, _, digests = built_from
    wanted = {f"{repository}@{ref}", repository} if repository else set()
    beside = [one.get("digest") for one in materials if isinstance(uri := one.get("uri"), str) and _git(uri) in wanted]
    commits = [digest.get("gitCommit") or digest.get("sha1") for digest in (*digests, *beside) if isinstance(digest, dict)]
    first, *others = [commit for commit in commits if commit is not None] or [None]
    return first if isinstance(first, str) and _COMMIT(first) and all(other == first for other in others) else ""


def _material(one: dict[str, Any]) -> Material:
    digests = one.get("digest")
    named = [f"{name}:{value}" for name, value in sorted(digests.items()) if _shown(name) and _shown(value)] if isinstance(digests, dict) else []
    return Material(uri=_shown(one.get("uri")), digests=tuple(named[:MAX_DIGESTS]))


def _shown(value: object) -> str:
    """Text that may stand in a fact; empty for anything else, because nothing is decided by it."""
    return value if isinstance(value, str) and len(value) <= foreign.MAX_TEXT and value.isprintable() else ""
