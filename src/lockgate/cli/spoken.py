"""A deployer's command as it is told again: what it names a secret is left out, for what lockgate says stands in the logs of pipelines."""

from __future__ import annotations

import re
from collections.abc import Sequence

LEFT_OUT = "SECRET"
"""What stands for it: a word in capitals, which is the user's to fill."""

_NAMES = r"(?i:passw|passphrase|passcode|secret|token|bearer|credential|authorization|api[-_]?key|private[-_]?key)"
_ASSIGNED = re.compile(rf"(\S*?{_NAMES}[^\s=]{{0,64}}=)\S").match
_OPTION = re.compile(rf"-\S*{_NAMES}[^\s=]{{0,64}}\Z").match
_NAMED, _SEVERAL, _LOGIN = (re.compile(each).search for each in (_NAMES, r"\s", r"://[^\s/]*@"))
_PLACE = re.compile(r"\{(ref|refs|config)[^{}\s]*\}").search


def spoken(command: Sequence[str]) -> list[str]:
    """The words of a command, the first as it is; those that hold what is named a password, token or the like only as far as its name."""
    told, named = list(command[:1]), False
    for word in command[1:]:
        assigned = _ASSIGNED(word)
        if _PLACE(word):
            told.append(word)
        elif assigned:
            told.append(assigned[1] + LEFT_OUT)
        elif (named and not word.startswith("-")) or _LOGIN(word) or (_NAMED(word) and _SEVERAL(word)):
            told.append(LEFT_OUT)
        else:
            told.append(word)
        named = bool(_OPTION(word))
    return told
