"""Signers that a policy names by what a certificate says of them, and what of their evidence counts.

A key is itself. An identity is a *rule*: whom a certificate names (its subject), who authenticated them (its issuer), what else it says
(claims), and which trusted root vouches for the certificate. `mismatch` is the one place where rule and certificate meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core import pattern
from lockgate.core.digest import Digest, digest_of
from lockgate.core.identity import Name

Claim = Literal[
    "build-signer-uri",
    "build-signer-digest",
    "runner-environment",
    "source-repository-uri",
    "source-repository-digest",
    "source-repository-ref",
    "source-repository-identifier",
    "source-repository-owner-uri",
    "source-repository-owner-identifier",
    "build-config-uri",
    "build-config-digest",
    "build-trigger",
    "run-invocation-uri",
    "source-repository-visibility",
    "deployment-environment",
    "token-subject",
]
"""What a certificate of Fulcio's says of a build, by GitHub, GitLab or Buildkite (its extensions 9 to 24)."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=pattern.MAX_TEXT)]

RootText = Annotated[str, msgspec.Meta(pattern=r"^\{.*\}\Z", max_length=65_536)]
"""A trusted root of Sigstore's as canonical JSON; `evidence.sigstore.trust.kept` makes it."""

MAX_ROOTS = 8
MAX_ALL_ROOTS = 160 << 10
"""The most characters of all trusted roots of a policy together, so that what `policy show` writes can be read back."""

MAX_IDENTITIES = 64


class IdentityRule(Noun, rename="kebab", frozen=True, kw_only=True):
    """Whose certificates are meant: one form of each, and every claim.

    Attributes:
        issuer: who authenticated them, exactly; or issuer_glob, issuer_regex: a pattern over the whole of it (`core.pattern`).
        identity: whom the certificate names, exactly; or identity_glob, identity_regex.
        claims: what else the certificate must say, exactly.
        root: the name of the trusted root that must vouch for the certificate.

    Raises:
        ValueError: at construction, where issuer or identity is said in no form or in two, or a pattern is none.
    """

    root: Name
    issuer: Text | None = None
    issuer_glob: Text | None = None
    issuer_regex: Text | None = None
    identity: Text | None = None
    identity_glob: Text | None = None
    identity_regex: Text | None = None
    claims: dict[Claim, Text] = {}

    def __post_init__(self) -> None:
        super().__post_init__()
        self.issuer_holds("")
        self.identity_holds("")

    def issuer_holds(self, text: str) -> bool:
        """Whether this issuer is meant."""
        return _meant("issuer", self.issuer, self.issuer_glob, self.issuer_regex)(text)

    def identity_holds(self, text: str) -> bool:
        """Whether this subject is meant."""
        return _meant("identity", self.identity, self.identity_glob, self.identity_regex)(text)


def _meant(what: str, exact: str | None, glob: str | None, regex: str | None) -> Callable[[str], bool]:
    if [exact, glob, regex].count(None) != 2:
        raise ValueError(f"one of {what}, {what}-glob and {what}-regex is written")
    if exact is not None:
        return exact.__eq__
    return pattern.glob(glob).holds if glob is not None else pattern.regex(regex or "").holds


Mismatch = Literal["", "issuer", "subject", "claim"]
"""What of a certificate a rule does not mean; empty where it means all of it. Later ones are nearer."""


def mismatch(rule: IdentityRule, subject: str, issuer: str, claims: dict[str, str]) -> Mismatch:
    """Hold a verified certificate's identity against a rule: the first of issuer, subject and claims that is another."""
    if not rule.issuer_holds(issuer):
        return "issuer"
    if not rule.identity_holds(subject):
        return "subject"
    return "" if all(claims.get(name) == value for name, value in rule.claims.items()) else "claim"


Format = Literal["dsse", "sigstore-bundle", "sigstore-message", "cosign-signature", "cosign-attestation"]
"""How evidence is written: a bare DSSE envelope; a Sigstore bundle around one, or with a signature of the artifact's own bytes; what cosign
wrote under ``sha256-….sig`` and ``.att`` before its bundles."""

Algorithm = Literal[
    "ed25519",
    "ecdsa-p256",
    "ecdsa-p384",
    "ecdsa-p521",
    "rsa-pss-sha256",
    "rsa-pss-sha384",
    "rsa-pss-sha512",
    "rsa-pkcs1-sha256",
    "rsa-pkcs1-sha384",
    "rsa-pkcs1-sha512",
]
"""By which a signature is made; a key's kind fixes it."""


class Accepts(Noun, rename="kebab", frozen=True, kw_only=True):
    """What of the evidence counts in an environment.

    Attributes:
        formats: those that count, strongest first; a signer whose evidence failed in one does not count in a weaker one. Empty: all
            that counted before formats could be named, and none is weaker.
        algorithms: those that count; empty for all that are read.
        log: of a certificate's signature: ``proof``, an entry in a transparency log, proven to be included; ``promise``: the log's signed
            promise does; ``none``: no entry is needed, and one that is there is verified.
        certificate_log: whether the certificate must have been shown to a certificate log.
    """

    formats: tuple[Format, ...] = ()
    algorithms: tuple[Algorithm, ...] = ()
    log: Literal["proof", "promise", "none"] = "proof"
    certificate_log: Literal["yes", "no"] = "yes"


class Believed(Noun, frozen=True, kw_only=True):
    """Who besides keys is believed, and in what form.

    Attributes:
        identities: name -> rule. roots: name -> trusted root. accepts: what counts.
    """

    identities: dict[Name, IdentityRule] = {}
    roots: dict[Name, RootText] = {}
    accepts: Accepts = Accepts()


KEYS_ALONE = Believed()
"""Nobody but keys."""


def root_digest(root: RootText) -> Digest:
    """The digest of a trusted root, which the effective section holds in its place."""
    return digest_of(root.encode())
