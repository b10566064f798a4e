"""SLSA provenance v1 (slsa.dev/spec/v1.0/provenance) -> `Provenance`: which builder built it, from which source.

The mapping, whole; what a predicate does not say in one of these forms stays empty, and an empty source matches no
policy:

    builder        runDetails.builder.id
    finished_at    runDetails.metadata.finishedOn
    repository,    1  buildDefinition.externalParameters.workflow: {repository, ref}     GitHub Actions' build types
    ref            2  buildDefinition.externalParameters.source: {uri: "…@ref"}          container-based and others
                   3  buildDefinition.externalParameters.source: "…[@ref]"               GitLab and others
                   both workflow and source: neither is taken, for nobody says which one was built
    commit         digest.gitCommit, or else digest.sha1, of the resolvedDependencies whose uri is that source (and of
                   form 2's own digest); where they name two commits, none is taken

A repository that begins with ``https://`` is written ``git+https://``, as the uri of its dependency is (SPDX download
location). In forms 2 and 3 the ref begins after the last ``@``. A repository or ref that itself holds ``@`` or white
space could read as another pair in ``repository@ref``, so that neither is taken.

``externalParameters`` is what the *builder* vouches for; whether this key may speak for this builder is the policy's to
say (`built-by`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.facts import Provenance
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
MAX_DEPENDENCIES = 4096
_COMMIT = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\Z").match
_APART = re.compile(r"[\s@]").search


def read(predicate: dict[str, Any], subject: Digest, keys: Sequence[Fingerprint], source: Digest) -> Provenance:
    """The fact this predicate is.

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
        external = foreign.within(definition, "externalParameters")
        repository, ref, digests = _source(external)
        return Provenance(
            subject=subject,
            keys=tuple(keys),
            source=source,
            repository=repository,
            ref=ref,
            builder=foreign.text(foreign.within(details, "builder"), "id"),
            commit=_commit(definition, repository, ref, digests),
            finished_at=foreign.instant(foreign.within(details, "metadata"), "finishedOn"),
        )
    except ValueError as err:
        raise EvidenceError("slsa.malformed", f"this is no SLSA provenance v1: {err}") from None


def _source(external: dict[str, Any]) -> tuple[str, str, list[Any]]:
    """Repository, ref, and the digests that stand beside them; empty where they are not said in a known form."""
    workflow, source = external.get("workflow"), external.get("source")
    if (workflow is None) == (source is None):
        return "", "", []
    if workflow is not None:
        fields = foreign.mapping(workflow, "workflow")
        return (*_pair(foreign.optional_text(fields, "repository"), foreign.optional_text(fields, "ref")), [])
    digests: list[Any] = []
    if isinstance(source, dict):
        uri, digests = foreign.optional_text(source, "uri"), [source.get("digest")]
    else:
        uri = foreign.optional_text(external, "source")
    before, at, after = uri.rpartition("@")
    return (*(_pair(before, after) if at else _pair(uri, "")), digests)


def _pair(repository: str, ref: str) -> tuple[str, str]:
    if not repository or _APART(repository) or _APART(ref):
        return "", ""
    return ("git+" + repository if repository.startswith("https://") else repository), ref


def _commit(definition: dict[str, Any], repository: str, ref: str, digests: list[Any]) -> str:
    """The one commit of that source; empty where none or several are named."""
    dependencies = foreign.items(definition, "resolvedDependencies")
    if len(dependencies) > MAX_DEPENDENCIES:
        raise ValueError(f"it has {len(dependencies)} resolved dependencies; at most {MAX_DEPENDENCIES} are read")
    wanted = {f"{repository}@{ref}", repository} if repository else set()
    for one in dependencies:
        dependency = foreign.mapping(one, "a resolved dependency")
        uri = dependency.get("uri")
        if isinstance(uri, str) and ("git+" + uri if uri.startswith("https://") else uri) in wanted:
            digests = [*digests, dependency.get("digest")]
    named = {digest.get("gitCommit") or digest.get("sha1") for digest in digests if isinstance(digest, dict)} - {None}
    if len(named) != 1:
        return ""
    commit = named.pop()
    return commit if isinstance(commit, str) and _COMMIT(commit) else ""
