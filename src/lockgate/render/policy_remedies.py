"""What to do about the codes of trying a policy before it is in force; see `remedies`."""

from __future__ import annotations

POLICY: dict[str, str] = {
    "cases.malformed": "mend the file at the line and column named, then: lockgate COMMAND",
    "cases.no-policy": "lockgate policy test CASES --policy FILE",
    "cases.unreadable": "name a file of cases that can be read",
    "policy.which": "lockgate policy --help",
}
