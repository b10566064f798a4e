"""The one command that comes next after a refusal, with real values in it: it can be typed as it stands, but for what only the user knows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime

from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, is_registry
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.outcome import Outcome


class Asked(Noun, frozen=True, kw_only=True):
    """How the question was put, so that the next command is put the same way.

    Attributes:
        refs: the references. typed: what names the release on a command line, where that is not they. places: artifact digest -> the reference that names it.
        options: ``--gate``, ``--trust`` and ``--platform`` as given, quoted, each with a space before it.
        reach: ``--plain-http`` as given, likewise, for commands that take a reference.
        config: ``--config`` as given, likewise.
        own_key: ``--key`` as given, likewise.
        again: to ask the same once more, where that is not `gate`'s to ask: the whole command line of a `deploy`.
        keys: name of a policy's key that is at hand -> how it is named behind ``--key`` here.
        request_key: the ``--key`` to ask for the release with, likewise: as given where its person may ask; else one at hand, or ``KEY``.
        deployer: how a key at hand of somebody who may deploy there is named; empty for none.
    """

    refs: tuple[str, ...]
    typed: tuple[str, ...] = ()
    places: dict[Digest, str] = {}
    options: str = ""
    reach: str = ""
    config: str = ""
    own_key: str = ""
    again: str = ""
    keys: dict[Name, str] = {}
    request_key: str = ""
    deployer: str = ""


LEFT = {"CMD", "KEY", "NAME", "FILE", "TEXT"}
"""Words in a command that only the user knows."""

_RANK = {
    "digest": 0,
    "policy": 0,
    "root": 0,
    "release": 0,
    "signed-by": 1,
    "built-by": 1,
    "verified-by": 1,
    "has-attestation": 1,
    "tested": 1,
    "not-revoked": 0,
    "came-through": 2,
    "break-glass": 1,
    "review": 3,
    "hold": 3,
    "approved": 4,
    "soaked": 5,
    "scanned": 1,
    "has-sbom": 1,
    "no-component": 1,
    "vulnerable": 1,
    "within-hours": 5,
}

_BY_WHAT_COUNTS = {"signed-by", "built-by", "verified-by", "scanned", "has-attestation", "tested", "not-revoked", "has-sbom", "no-component", "vulnerable"}
"""Requirements whose evidence is looked at as the environment counts it."""

_WAITS = {"hold.standing", "within-hours.closed", "within-hours.frozen"}
"""What time alone mends, besides what of soaking opens."""


class Next(Noun, frozen=True, kw_only=True):
    """What comes next.

    Attributes:
        command: to type; a word of `LEFT` in it is left to the user.
        not_before: when it gets further, where until then nothing but time is missing; None for now.
    """

    command: str
    not_before: Time | None = None

    @property
    def open(self) -> bool:
        """Whether a word is left to the user."""
        return bool(LEFT & set(self.command.split()))


def following(decided: events.Decided, asked: Asked) -> Next | None:
    """What comes next after this decision; None where all hold, or where there is nothing to type."""
    command = after(decided, asked)
    return Next(command=command, not_before=not_before(decided)) if command else None


def after(decided: events.Decided, asked: Asked) -> str:
    """What to type after this refusal: for the first outcome that does not hold and that somebody can mend; empty where all hold.

    A word of `LEFT` in it is left to the user.
    """
    first = _first(decided)
    return _command(first, decided, asked) if first else ""


def not_before(decided: events.Decided) -> datetime | None:
    """When `after` gets further, where until then nothing but time is missing; None for now."""
    first = _first(decided)
    return first.opens_at if first and (first.code in _WAITS or first.code.startswith("soaked.")) else None


def _first(decided: events.Decided) -> Outcome | None:
    """The outcome to mend first; None where all hold."""
    open_ = [one for one in decided.outcomes if one.result not in {"pass", "waived"}]
    # What only time mends comes last: while it soaks, approvals can be gathered.
    return min(open_, key=lambda one: (_rank(one), one.opens_at is not None), default=None)


def _rank(one: Outcome) -> int:
    """Which comes first; a permit that is out last of all: where something else stands against it, asking again would say the same."""
    return 6 if one.code == "approved.permit-outstanding" else _RANK.get(one.code.partition(".")[0], 4)


def _command(one: Outcome, decided: events.Decided, asked: Asked) -> str:
    environment = decided.environment
    named = shlex.join(asked.typed or asked.refs) + asked.reach
    this = shlex.quote(asked.places.get(str(one.params.get("artifact", "")), asked.refs[0])) + asked.reach
    again = asked.config + asked.own_key + asked.options
    match one.code:
        case "signed-by.no-good-signature" if one.params.get("because") != ("dsse.unknown-key",):
            return _look(one, this, environment, asked)  # it was signed, and these are perhaps not the bytes: to sign them is no remedy
        case "signed-by.no-signature" | "signed-by.too-few-keys" | "signed-by.too-old" if one.params.get("identities") and not _keys_left(one):
            return _look(one, this, environment, asked)  # only a certificate's holder is missing, and signs with a client of Sigstore's
        case "signed-by.no-signature" | "signed-by.no-good-signature" | "signed-by.too-few-keys" | "signed-by.too-old":
            return f"lockgate sign {this} --key {shlex.quote(_signing_key(one, asked.keys))}"
        case "release.downgrade":
            return f"lockgate request {named} --to {environment} --rollback{asked.config}{asked.request_key}{asked.options}"
        case "release.recalled" | "not-revoked.elsewhere" | "not-revoked.material" | "not-revoked.evidence":
            return f"lockgate log show {_text(one, 'leaf')}{asked.options}"
        case "came-through.never-there":
            return _deployment(asked, _text(one, "environment"))
        case "soaked.never-there" | "soaked.replaced" | "soaked.unknown":
            return _deployment(asked, _text(one, "in"))
        case "approved.permit-outstanding" if one.params.get("by") != decided.person:
            return f"lockgate status{asked.options}"  # says whose it is, and until when; asking again would say the same
        case code if code in {"soaked.too-young", "approved.permit-outstanding"} or (code.startswith("soaked.") and one.opens_at):
            return asked.again or f"lockgate gate {named} --to {environment}{again}"
        case "approved.no-request" | "approved.other-release" | "approved.request-withdrawn" | "approved.spent":
            return f"lockgate request {named} --to {environment}{asked.config}{asked.request_key}{asked.options}"
        case "approved.rejected":
            return f"lockgate log show --about {_text(one, 'request')}{asked.options}"
        case "approved.deployer-unknown" | "approved.not-deployer":
            return _by_deployer(asked, named, environment)
        case "hold.standing" | "within-hours.closed" | "within-hours.frozen" if one.opens_at:
            return asked.again or f"lockgate gate {named} --to {environment}{again}"
        case "hold.standing" | "break-glass.permit-outstanding" | "soaked.only-claimed":
            return f"lockgate status{asked.options}"  # says who holds it, and why
        case "review.open":
            return f"lockgate review {_text(one, 'break-glass')} --findings FILE{asked.options}"
        case "break-glass.not-deployer":
            return _by_deployer(asked, named, environment)
        case "approved.unreadable" | "release.unreadable" | "soaked.unreadable" | "came-through.unreadable" | "exception.unreadable" | "soaked.sbom-unreadable":
            return f"lockgate log check{asked.options}"
        case "within-hours.closed" | "within-hours.frozen" | "within-hours.unreadable" | "tested.warned":
            return f"lockgate policy show{asked.options}"
        case "tested.no-result" if one.params.get("identities") is None:
            return f"lockgate attest {this} --junit FILE --suite NAME --key {shlex.quote(_signing_key(one, asked.keys))}"
        case "has-attestation.no-attestation" if one.params.get("identities") is None:
            return f"lockgate attest {this} --type {_text(one, 'type')} --predicate FILE --key {shlex.quote(_signing_key(one, asked.keys))}"
        case "not-revoked.unreadable":
            return f"lockgate log check{asked.options}"
        case "policy.no-environment" | "policy.requires-nothing" | "policy.all-waived" | "time.unattested" | "approved.author-unknown":
            return f"lockgate policy show{asked.options}"
        case "root.expired":
            return f"lockgate key renew{asked.own_key}{asked.options}"
        case _ if one.params.get("able"):
            return f"lockgate approve {_text(one, 'request')} --duty {_first_of(one, 'missing')}{asked.options}"
        case _ if "able" in one.params:
            return f"lockgate people add NAME --public FILE --duty {environment}=approve:{_first_of(one, 'missing')}{asked.options}"
        case _:
            return _of_components(one, this, asked) or _look(one, this, environment, asked)


def _of_components(one: Outcome, this: str, asked: Asked) -> str:
    """What is missing to know the components, what is known of them, or what a scanner says; empty for what was found, and for all else."""
    match one.code:
        case "has-sbom.no-sbom" | "no-component.no-sbom" if "keys" in one.params and "identities" not in one.params:
            return f"lockgate attest {this} --sbom FILE --key {shlex.quote(_signing_key(one, asked.keys))}"
        case "scanned.no-scan" if "identities" not in one.params:
            return f"lockgate attest {this} --scan FILE --key {shlex.quote(_signing_key(one, asked.keys))}"
        case "soaked.no-scan":
            return f"lockgate attest {this} --scan FILE --key KEY"
        case "vulnerable.no-data" | "vulnerable.no-kev" | "vulnerable.stale":
            exploited = one.code == "vulnerable.no-kev" or one.params.get("database") == "kev"
            return f"lockgate advisories import {'--kev ' if exploited else ''}FILE{asked.options}"
        case "vulnerable.no-sbom":
            return f"lockgate attest {this} --sbom FILE --key KEY"
        case _:
            return ""


def _look(one: Outcome, this: str, environment: str, asked: Asked) -> str:
    """To look at what is attached, by what is believed there: elsewhere other formats may count. Of a bare path that would mean a permit."""
    kind = one.code.partition(".")[0]
    (place, *_) = shlex.split(this)
    told = kind in _BY_WHAT_COUNTS and (place.startswith(("oci:", "file:")) or is_registry(place))
    return f"lockgate verify {this}{f' --environment {environment}' if told else ''}{asked.options}"


def _by_deployer(asked: Asked, named: str, environment: str) -> str:
    """The same question by somebody who may deploy; where no key of theirs is at hand, who that is."""
    if not asked.deployer:
        return f"lockgate people list{asked.options}"
    return f"lockgate gate {named} --to {environment}{asked.config} --key {shlex.quote(asked.deployer)}{asked.options}"


def _deployment(asked: Asked, environment: str) -> str:
    """How it gets there: to be allowed there is not enough."""
    again = asked.config + asked.own_key + asked.options
    words = ("{ref}" if len(asked.refs) == 1 else "{refs}") + (" {config}" if asked.config not in {"", " --config none"} else "")
    return f"lockgate deploy {shlex.join(asked.typed or asked.refs)}{asked.reach} --to {environment}{again} -- CMD {words}"


def _signing_key(one: Outcome, keys: Mapping[Name, str]) -> str:
    """How the first of the keys that have not signed yet, and that are at hand, is named; ``KEY`` where somebody else has them."""
    names = _keys_left(one)
    return next((keys[name] for name in names if name in keys), "KEY")


def _keys_left(one: Outcome) -> list[Name]:
    """The keys that have not signed yet."""
    wanted, signed = one.params.get("keys", ()), one.params.get("signed", ())
    return [name for name in wanted if isinstance(signed, tuple) and name not in signed] if isinstance(wanted, tuple) else []


def _text(one: Outcome, name: str) -> str:
    return shlex.quote(str(one.params.get(name, "")))


def _first_of(one: Outcome, name: str) -> str:
    value = one.params.get(name, "")
    return shlex.quote(str(value[0]) if isinstance(value, tuple) and value else str(value))
