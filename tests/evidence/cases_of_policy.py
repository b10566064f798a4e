"""The policy cases of `make_cases`: one good file, and what people and attackers make of it."""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

from typing import Any, Protocol

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032 section 7.1, test 1
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
GOOD = f"""\
version: 1
project: shop
environments:
  staging:
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
  production:
    from: staging
    requires:
      - signed-by: {{keys: [release], threshold: 1}}
      - came-through: {{environment: staging}}
      - soaked: {{in: staging, for: 24h}}
      - approved:
          duties: {{security: 1}}
          independent-of: [requester]
keys:
  release: {{ed25519: "{KEY}"}}
"""


class Make(Protocol):
    def case(self, reader: str, name: str, data: bytes, expected: Any, why: str, args: Any = None) -> None: ...


def swap(old: str, new: str) -> bytes:
    if old not in GOOD:
        raise SystemExit(f"{old!r} does not stand in the good policy")
    return GOOD.replace(old, new, 1).encode()


PASSES: dict[str, tuple[bytes, str]] = {
    "plain": (GOOD.encode(), "the good policy"),
    "crlf": (GOOD.replace("\n", "\r\n").encode(), "lines that end in CR LF"),
    "comments-and-marker": (("# a policy\n---\n" + GOOD + "...\n# the end\n").encode(), "comments, --- and ..."),
    "ssh-key": (swap(f'{{ed25519: "{KEY}"}}', f'{{ssh: "{LINE} somebody@somewhere"}}'), "the same key as an OpenSSH line"),
    "quoted": (swap("threshold: 1", '"threshold": 1').replace(b"project: shop", b'project: "sh\\u006fp"'), "quoted words are the same words"),
    "flow": (
        swap("requires:\n      - signed-by: {keys: [release], max-age: 30d}", '"requires": [{"signed-by": {"keys": ["release"], "max-age": "30d"}}]'),
        "JSON is YAML",
    ),
    "pem-block": (
        swap(f'{{ed25519: "{KEY}"}}', "\n    pem: |\n      -----BEGIN PUBLIC KEY-----\n      MCowBQYDK2VwAyEA" + KEY + "\n      -----END PUBLIC KEY-----"),
        "PEM as a block",
    ),
}

FAILS: dict[str, tuple[bytes, str, str, str]] = {
    "unknown-key": (swap("max-age", "max-ago"), "policy.unknown-key", "6:38: signed-by has no 'max-ago': did you mean 'max-age'?", "a slip of the pen"),
    "unknown-requirement": (swap("- soaked", "- soked"), "policy.unknown-key", "12:9: there is no requirement 'soked': did you mean 'soaked'?", "a slip in a requirement's name"),
    "unknown-top": (swap("project: shop", "project: shop\nnotes: x"), "policy.unknown-key", "3:1: the policy has no 'notes': did you mean 'identities'?", "nothing is near"),
    "merge-key": (swap("    from: staging", "    <<: {from: staging}"), "policy.unknown-key", "8:5: production has no '<<': there is accepts, baseline, from, permit, requires, status-max-age, time", "YAML 1.1's merge key is no key here"),
    "missing": (swap("project: shop\n", ""), "policy.missing-key", "1:1: the policy lacks 'project'", "a required key"),
    "missing-in-requirement": (swap("{in: staging, for: 24h}", "{in: staging}"), "policy.missing-key", "12:17: soaked lacks 'for'", "how long is not said"),
    "duplicate": (swap("project: shop", "project: shop\nproject: mall"), "policy.duplicate-key", "3:1: the key 'project' stands already at line 2", "two projects"),
    "duplicate-quoted": (swap("threshold: 1", 'threshold: 2, "thresh\\u006fld": 1'), "policy.duplicate-key", "10:52: the key 'threshold' stands already at line 10", "the second hides in an escape"),
    "id-twice": (swap("{in: staging, for: 24h}", "{id: a, in: staging, for: 24h}\n        id: b"), "policy.duplicate-key", "13:9: this soaked has an id already", "an id inside and one beside"),
    "zero-threshold": (swap("threshold: 1", "threshold: 0"), "policy.zero", "10:49: threshold is 0", "a threshold of nobody"),
    "zero-duty": (swap("security: 1", "security: 0"), "policy.zero", "14:30: security is 0", "a duty nobody must do"),
    "zero-duration": (swap("24h", "0h"), "policy.bad-value", "12:36: for is '0h', not a duration", "a soak of no time"),
    "empty-keys": (swap("{keys: [release], threshold: 1}", "{keys: []}"), "policy.empty", "10:27: keys is an empty list", "signed by none of nobody"),
    "empty-requires": (swap("requires:\n      - signed-by: {keys: [release], max-age: 30d}", "requires: []"), "policy.empty", "5:15: requires is an empty list", "an environment that asks for nothing"),
    "empty-duties": (swap("{security: 1}", "{}"), "policy.empty", "14:19: duties is empty", "approved by nobody"),
    "null-requires": (swap("requires:\n      - signed-by: {keys: [release], max-age: 30d}", "requires:"), "policy.bad-value", "5:14: requires is a list", "nothing after the colon"),
    "undefined-key": (swap("[release], threshold", "[relase], threshold"), "policy.undefined", "10:28: there is no key 'relase' in this policy: did you mean 'release'?", "a key nobody defined"),
    "undefined-environment": (swap("{in: staging,", "{in: stagign,"), "policy.undefined", "12:22: there is no environment 'stagign' in this policy: did you mean 'staging'?", "a soak nowhere"),
    "undefined-from": (swap("from: staging", "from: test"), "policy.undefined", "8:11: there is no other environment 'test'", "promoted from nowhere"),
    "from-itself": (swap("from: staging", "from: production"), "policy.undefined", "8:11: there is no other environment 'production'", "promoted from itself"),
    "house": (swap("  staging:\n", "  house:\n"), "policy.bad-value", "4:3: no environment is named house", "the stream of documents"),
    "same-id": (swap("- came-through: {environment: staging}", "- signed-by: {keys: [release]}"), "policy.bad-value", "11:9: 'signed-by' stands already at line 10: give each an id", "one kind twice"),
    "same-key": (swap("keys:\n  release", f"keys:\n  other: {{ssh: '{LINE}'}}\n  release"), "policy.bad-value", "18:3: 'release' is the same public key as 'other'", "one key with two names would count twice"),
    "key-in-list-twice": (swap("[release], threshold: 1", "[release, release], threshold: 2"), "policy.bad-value", "10:37: 'release' stands twice in keys", "a threshold of two, met by one"),
    "boolean": (swap("project: shop", "project: true"), "policy.bad-value", "2:10: project is text, and true is no text in YAML", "a boolean where text is asked"),
    "number-as-text": (swap("project: shop", "project: 0x1f"), "policy.bad-value", "2:10: project is text, and 0x1f is no text in YAML", "a number where text is asked"),
    "text-as-number": (swap("threshold: 1", 'threshold: "1"'), "policy.bad-value", "10:49: threshold is a whole number", "text where a number is asked"),
    "sexagesimal": (swap("threshold: 1", "threshold: 1:30"), "policy.bad-value", "10:49: threshold is a whole number", "ninety, in YAML 1.1"),
    "octal": (swap("threshold: 1", "threshold: 010"), "policy.bad-value", "10:49: threshold is a whole number", "eight in YAML 1.1, ten in 1.2"),
    "huge-number": (swap("threshold: 1", "threshold: 99999"), "policy.bad-value", "10:49: threshold is 99999; it is 1 to 64", "more than there can be"),
    "negative": (swap("threshold: 1", "threshold: -1"), "policy.bad-value", "10:49: threshold is -1; it is 1 to 64", "below nobody"),
    "version-2": (swap("version: 1", "version: 2"), "policy.bad-value", "1:10: version is one of 1, not '2'", "another format"),
    "role": (swap("[requester]", "[requestor]"), "policy.bad-value", "15:28: independent-of is one of", "no such role"),
    "name": (swap("project: shop", "project: Shop"), "policy.bad-value", "2:10: project is 'Shop', not a name", "upper case"),
    "name-line-feed": (swap("project: shop", 'project: "shop\\n"'), "policy.bad-value", "2:10: project is", "a line feed after the name"),
    "list-as-text": (swap("keys: [release], threshold", "keys: release, threshold"), "policy.bad-value", "10:27: keys is a list: write [one, two]", "one word where a list is asked"),
    "mapping-as-text": (swap("project: shop", "project: {a: b}"), "policy.bad-value", "2:10: project is text", "a mapping where text is asked"),
    "text-as-mapping": (swap("{environment: staging}", "staging"), "policy.bad-value", "11:23: came-through is a mapping", "a word where a mapping is asked"),
    "two-requirements": (swap("- came-through: {environment: staging}\n      - soaked", "- came-through: {environment: staging}\n        soaked"), "policy.bad-value", "11:9: a requirement is one of", "two requirements in one item"),
    "key-form": (swap("{ed25519:", "{ed448:"), "policy.bad-value", "17:12: a key is written in one of the forms", "a form there is not"),
    "key-short": (swap(KEY, "AAAA"), "policy.bad-value", "17:22: this is no SSH public key", "three bytes"),
    "key-zero": (swap(KEY, "A" * 43 + "="), "key.weak", "17:22: this Ed25519 key is a point of small order", "32 zero bytes: everybody's key"),
    "key-rsa": (swap(f'{{ed25519: "{KEY}"}}', "{ssh: ssh-rsa AAAAB3NzaC1yc2E=}"), "policy.bad-value", "17:18: this is no SSH public key", "half an RSA key"),
    "key-file": (swap(f'{{ed25519: "{KEY}"}}', "{file: release.pub}"), "policy.bad-value", "17:19: file cannot be read", "a file where none may be named"),
    "anchor": (swap("[release], max-age", "&k [release], max-age"), "policy.alias", "6:27: anchors and aliases are not read", "an anchor"),
    "alias-bomb": (("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))).encode(), "policy.alias", "1:4: anchors and aliases are not read", "nine to the ninth"),
    "tag": (swap("version: 1", "version: !!int 1"), "policy.tag", "1:10: tags such as", "a tag"),
    "python-tag": (b"!!python/object/apply:os.system ['true']\n", "policy.tag", "1:1: tags such as", "PyYAML's own way in"),
    "directive": (("%YAML 1.1\n---\n" + GOOD).encode(), "policy.malformed", "1:1: a policy has no YAML directives", "YAML 1.1 asked for by name"),
    "two-documents": ((GOOD + "---\n" + GOOD).encode(), "policy.malformed", "18:1: a second document begins here", "which one is in force?"),
    "comment-ends-early": (swap("project: shop", "project: shop # say\u2028keys: {}"), "policy.malformed", "2:20: the character U+2028", "an editor shows one line, YAML 1.1 reads two"),
    "carriage-return": (swap("project: shop", "project: shop # say\rkeys: {}"), "policy.malformed", "2:20: the character U+000D", "a lone carriage return ends the comment"),
    "bidi": (swap("project: shop", "project: shop # \u202e"), "policy.malformed", "2:17: the character U+202E", "text that runs backwards"),
    "byte-order-mark": (b"\xef\xbb\xbf" + GOOD.encode(), "policy.malformed", "1:1: the character U+FEFF", "Windows' mark"),
    "utf-16": (GOOD.encode("utf-16"), "policy.malformed", "1:1: this is not UTF-8", "another encoding"),
    "latin-1": (swap("project: shop", "project: shop # für").replace("ü".encode(), b"\xfc"), "policy.malformed", "2:18: this is not UTF-8", "a byte of Latin-1"),
    "tab": (swap("  staging:", "\tstaging:"), "policy.malformed", "4:1: this is not YAML", "a tab for indentation"),
    "unclosed": (swap("[release], max-age", "[release, max-age"), "policy.malformed", "6:49: this is not YAML", "a bracket is open"),
    "mapping-as-key": (b"? {a: b}\n: c\n", "policy.malformed", "1:3: a key is a word here", "a key that is a mapping"),
    "empty": (b"", "policy.malformed", "1:1: this file is empty", "an empty file"),
    "only-comment": (b"# nothing\n", "policy.malformed", "this file is empty", "a file of comments"),
    "scalar": (b"hello\n", "policy.bad-value", "1:1: the policy is a mapping", "one word"),
    "deep": (b"[" * 100_000, "policy.too-deep", "1:33: this nests deeper than 32 levels", "a hundred thousand brackets"),
    "deep-block": (b"".join(b" " * level + b"a:\n" for level in range(200)), "policy.too-deep", "32:32: this nests deeper than 32 levels", "two hundred levels of a block"),
    "wide": (b"a: [" + b"x," * 30_000 + b"]\n", "policy.too-large", "more than 20000 values are not read", "thirty thousand values"),
    "large": (b"#" * (256 * 1024 + 1), "policy.too-large", "1:1: this file has 262145 bytes", "one byte too many"),
}  # fmt: skip


def make_all(make: Make) -> None:
    for name, (data, why) in PASSES.items():
        make.case("policy", name, data, {"sameAs": "plain"}, why)
    for name, (data, code, message, why) in FAILS.items():
        make.case("policy", f"{name}_fail", data, {"code": code, "message": message}, why)
