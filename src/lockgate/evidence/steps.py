"""The steps a verifier takes, told by the verifier itself: which held, by what, and at which one a piece of evidence failed.

A `Walk` is handed down into the code that verifies; each part of it says under which step it works (`Walk.at`) and, where that is worth
being told, what it found (`Walk.note`). Nothing is decided by it. `core.examined.STEPS` has them in the order in which they are taken:
that of the Sigstore client specification for what a certificate signed, of which what a key signed takes some.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lockgate.core.examined import STEPS, Name, Step
from lockgate.errors import EvidenceError

BY_KEY: frozenset[Name] = frozenset({"format", "signature", "algorithm", "subject", "predicate"})
"""Steps that are taken of what a key signed, where nothing but the key is asked for."""

BY_CERTIFICATE: frozenset[Name] = frozenset(STEPS) - {"stronger"}
"""Those that are taken of what a certificate signed."""


class Walk:
    """The steps taken so far. One is made for each piece of evidence, and for each trusted root it is tried under."""

    def __init__(self, taken: Sequence[Step] = ()) -> None:
        self.taken = list(taken)
        self._now: list[str] = []
        self._found: dict[Name, list[str]] = {}

    @contextmanager
    def at(self, name: Name) -> Iterator[None]:
        """What is done inside is this step, which an EvidenceError fails; a step that is taken again goes on where it was."""
        self._now = self._found.setdefault(name, [])
        try:
            yield
        except EvidenceError as err:
            self._took(Step(name=name, result="fail", code=err.code, said=err.message))
            raise
        self._took(Step(name=name, result="pass", said="; ".join(dict.fromkeys(self._now))))

    def _took(self, step: Step) -> None:
        self.taken = [*(one for one in self.taken if one.name != step.name), step]

    def note(self, said: str) -> None:
        """What the step that is being taken found."""
        self._now.append(said)

    def fail(self, name: Name, code: str, said: str) -> None:
        """This step failed, though what it was about had been verified."""
        self.taken.append(Step(name=name, result="fail", code=code, said=said))

    def skip(self, name: Name, said: str) -> None:
        """This step asks nothing here."""
        self.taken.append(Step(name=name, result="skip", said=said))

    def told(self, asked: frozenset[Name]) -> tuple[Step, ...]:
        """All steps that are `asked` or were taken, in order: after one that failed, the rest was not reached."""
        taken = {one.name: one for one in self.taken}
        failed = any(one.result == "fail" for one in self.taken)
        rest = asked if failed else frozenset[Name]()
        return tuple(taken.get(name) or Step(name=name, result="not-reached") for name in STEPS if name in taken or name in rest)
