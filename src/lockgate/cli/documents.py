"""Policies, rosters and roots as text: what an owner reads before signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.core.identity import Root
    from lockgate.core.promotion import DocumentKind


def as_text(ports: Ports, kind: DocumentKind, digest: str) -> str:
    """A document by its digest, as lines.

    Raises:
        UnreadableError: ``blob.missing`` and its like. EvidenceError: ``policy.malformed``, ``roster.malformed``, ``root.malformed``.
    """
    from lockgate.evidence import history
    from lockgate.evidence.policy_yaml import dump_policy
    from lockgate.render.standing import people_lines
    from lockgate.render.words import Sheet

    data = ports.blobs.get(digest)
    match kind:
        case "policy":
            return dump_policy(history.read_policy(data))
        case "roster":
            return "\n".join(people_lines(history.read_roster(data), Sheet(names=ports.directory.names())))
        case "root":
            return root_text(history.read_root(data))


def root_text(root: Root) -> str:
    """A root as lines: every field of it, since owners approve what they read here."""
    from lockgate.core.identity import Witnesses, fingerprint
    from lockgate.render.words import plain, when

    lines = [f"root version {root.version}, until {when(root.expires)}", f"owners, of whom {root.threshold} must approve:"]
    lines += [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in root.owners]
    lines += [f"log key     {plain(root.log)}", f"permit key  {fingerprint(root.permit)}", f"genesis     {root.genesis}", f"previous    {root.previous}"]
    lines.append(f"witnesses   {root.witnesses.quorum} of these must cosign:" if root.witnesses != Witnesses() else "witnesses   none")
    return "\n".join([*lines, *(f"  {plain(key)}" for key in root.witnesses.keys)])
