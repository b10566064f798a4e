"""What every signed event of ours shares: the log it was said in, and what makes it unlike any other."""

from __future__ import annotations

from typing import Annotated

import msgspec

from lockgate.canon import Noun
from lockgate.core.digest import Digest

Nonce = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class Bound(Noun, frozen=True, kw_only=True):
    """What is said in one log, and means nothing in any other.

    Attributes:
        log: RFC 6962 hash of that log's leaf 0, as its root names it: one key may be enrolled in two gates, and what
            was signed for one is none for the other.
    """

    log: Digest
