"""A piece of evidence as it is shown: what it is, what it proves, and by which steps. Nothing is decided on what stands here beside the facts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.facts import Provenance, Rejected, Signature, Summary, Vouched

Name = Literal[
    "format",
    "signer",
    "time",
    "certificate",
    "certificate-log",
    "log",
    "signature",
    "log-content",
    "algorithm",
    "clock",
    "identity",
    "subject",
    "predicate",
    "stronger",
]
"""A step, by its stable name; docs/trust.md has what each one asks."""

STEPS: tuple[Name, ...] = get_args(Name)
"""All steps, in the order they are taken."""


class Step(Noun, frozen=True, kw_only=True):
    """A step, and what came of it.

    Attributes:
        name: which. result: ``pass``; ``fail``; ``skip``, there is nothing to ask, or nobody asks it; ``not-reached``.
        code: why it failed, empty otherwise. said: what it found, or what is wrong, for people; it may be text of whoever made the evidence.
    """

    name: Name
    result: Literal["pass", "fail", "skip", "not-reached"]
    code: str = ""
    said: str = ""


class Time(Noun, frozen=True, kw_only=True):
    """A time the signature existed, and whose word that is: a time-stamping authority's or a log's."""

    at: datetime
    by: Literal["time-stamp", "log"]


class Shown(Noun, frozen=True, kw_only=True):
    """What is known of a certificate's signature.

    Attributes:
        times: when it was made, and by whose word. log, logged: the transparency log's host and the entry's index; empty and -1 for none.
        included: how that is known: by a ``proof`` of inclusion, or by the log's ``promise`` alone; empty for no entry.
        certificate_logs: the hosts of the logs the certificate was shown to; none where that was not asked.
    """

    times: tuple[Time, ...]
    log: str = ""
    logged: int = -1
    included: Literal["", "proof", "promise"] = ""
    certificate_logs: tuple[str, ...] = ()


class Piece(Noun, frozen=True, kw_only=True):
    """A piece of evidence.

    Attributes:
        source: digest of its bytes. media_type: as found. format: which of a policy's formats it is; empty where that cannot be told.
        predicate: the type it claims to be; empty where that cannot be read. name: what people call that type; empty for one not known.
        proves: whether a fact came of it that is not a refusal. code: why it proves nothing; empty where it does, or is of a kind that is not read.
        facts: what it proves, or why it does not. shown: where a certificate signed it, and that verified; None otherwise.
        steps: what was asked of it, in order, and what came of it.
    """

    source: Digest
    media_type: str
    format: str = ""
    predicate: str = ""
    name: str = ""
    proves: bool
    code: str = ""
    facts: tuple[Signature | Provenance | Summary | Vouched | Rejected, ...]
    shown: Shown | None = None
    steps: tuple[Step, ...]
