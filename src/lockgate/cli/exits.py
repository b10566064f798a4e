"""Exit codes, and how an error is told.

0  allowed, done, verified
1  refused; does not verify
2  usage: what was asked makes no sense as it stands
3  could not decide: something could not be read, and nothing failed
4  could not record, or what is recorded must not be believed
"""

from __future__ import annotations

import sys

from lockgate.errors import LockgateError

OK, REFUSED, USAGE, UNDECIDED, UNRECORDED = 0, 1, 2, 3, 4

OUTCOMES = {"allowed": OK, "refused": REFUSED, "undecided": UNDECIDED}


def failed(err: LockgateError) -> int:
    """Print an error with its remedy; returns the exit code."""
    from lockgate.render.remedies import remedy_for

    remedy = err.remedy or remedy_for(err.code)
    if _wants_json():
        from lockgate.render.machine import error_json

        sys.stdout.write(error_json(err, remedy))
        return err.exit_code
    sys.stderr.write(f"error  {err.message} [{err.code}]\n")
    if remedy:
        sys.stderr.write(f"next:  {remedy}\n")
    return err.exit_code


def _wants_json() -> bool:
    """Whether ``--format json`` was asked for: the error may come before options are parsed."""
    arguments = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    return "--format=json" in arguments or any(pair == ("--format", "json") for pair in zip(arguments, arguments[1:], strict=False))
