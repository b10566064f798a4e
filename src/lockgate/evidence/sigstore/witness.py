"""Witnesses of a transparency log: a demand of whoever verifies, since a trusted root has no word for them.

`known` is the one reader of such a demand, for a policy and for a command line; `required` holds a checkpoint against it.
"""

from __future__ import annotations

from functools import lru_cache

from lockgate.core.identity import Witnesses
from lockgate.errors import EvidenceError, LedgerError, UsageError
from lockgate.evidence.sigstore.trust import Log
from lockgate.ledger.cosignature import Cosigned, cosigned, parse_cosigner
from lockgate.ledger.note import Note, VerifierKey

MAX_WITNESSES = 64


@lru_cache(maxsize=16)
def known(witnesses: Witnesses) -> tuple[VerifierKey, ...]:
    """The witnesses' keys.

    Raises:
        UsageError: ``witness.malformed``; ``witness.twice`` where two of them are one key; ``witness.quorum`` where it is not from 1 to
            their number: witnesses of whom none is needed were meant otherwise.
    """
    if not 0 < witnesses.quorum <= len(witnesses.keys) <= MAX_WITNESSES and witnesses != Witnesses():
        raise UsageError("witness.quorum", f"{witnesses.quorum} of {len(witnesses.keys)} witnesses: name 1 to {MAX_WITNESSES}, and how many of them are enough")
    try:
        found = tuple(map(parse_cosigner, witnesses.keys))
    except LedgerError as err:
        raise UsageError("witness.malformed", err.message) from None
    if len({one.public for one in found}) != len(found):
        raise UsageError("witness.twice", "two of the witnesses are one key: it would count twice")
    return found


def required(note: Note, log: Log, witnesses: Witnesses) -> tuple[Cosigned, ...]:
    """Who cosigned a checkpoint that `log` signed, and that they are enough.

    Raises:
        EvidenceError: ``log-entry.cosignature-forged``; ``log-entry.too-few-witnesses``. UsageError: as `known`.
    """
    others = [one for one in known(witnesses) if not log.key.spki.endswith(one.public)]  # no log is its own witness
    try:
        found = cosigned(note, others)
    except LedgerError as err:
        raise EvidenceError("log-entry.cosignature-forged", f"under the checkpoint of {log.host}: {err.message}") from None
    if len(found) < witnesses.quorum:
        raise EvidenceError(
            "log-entry.too-few-witnesses",
            f"{len(found)} of the {len(witnesses.keys)} witnesses cosigned the checkpoint of {log.host}, and {witnesses.quorum} have to",
        )
    return found
