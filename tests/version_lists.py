"""Versions as they stand in the wild, ecosystem by ecosystem: released, before and after a release, rebuilt, repackaged, and oddly written."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

SEMANTIC = """
0.0.0-0 0.0.1 1.0.0-0.3.7 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0-rc.1+build 1.0.0-rc1
1.0.0-rc10 1.0.0-RC1 1.0.0-x.7.z.92 1.0.0-- 1.0.0 1.0.0+build.5 1.0.0+build.11 1.0.1 1.2.0 1.2.3-4 1.2.3-4a 1.2.3-a4 1.9.0 1.10.0 1.11.0 2.0.0-0
2.0.0-20210101000000-abcdefabcdef 2.0.0 10.0.0 99999999999.0.0
"""
PYTHON = """
1.0 1.0.0 1 v1.0 1.00 01.0 1.0.dev1 1.0a1 1.0.a1 1.0-alpha1 1.0ALPHA1 1.0a1.dev3 1.0a1.post2 1.0b2 1.0rc1 1.0c1 1.0_rc1 1.0pre 1.0.preview1 1.0.post1
1.0-1 1.0.post1.dev2 1.0.r4 1.0rev4 1.0+1 1.0+local 1.0+local.1 1!0.5 1!1.0 1.9 1.10 2012.4 2.0.0.0.1
"""
RUBY = """
0.0.1 1.0 1.0.0 1.0.0.0.0 1.0.0.0.1 1.0.a 1.0.a1 1.0.b 1.0.0.a.1 1.0.0.pre 1.0.0.pre1 1.0.0.pre.1 1.0.0.rc1 1.0.0.beta2 1.0.0.beta10 1.0.1 1.6.0.rc1
1.0-java 1.0.0-x86_64-linux 1.9 1.10 2 2.a 3.0.0.pre.rc2
"""
MAVEN = """
1 1.0 1.0.0 1.0.0.0 1.0.0.0.0.1 1-SNAPSHOT 1.0-SNAPSHOT 1.0-alpha 1.0-alpha-1 1.0-alpha1 1.0a1 1.0-beta-2 1.0-b2 1.0-milestone-1 1.0-M1 1.0-rc1
1.0-RC1 1.0-cr1 1.0-ga 1.0-final 1.0.Final 1.0.RELEASE 1.0-sp 1.0-sp1 1.0-jre 1.0-android 1.0-20230101.120000-1 1.0-foo 1.0.foo 1.0foo 1.0-xyz 1.0.x
1-1 1.0-1 1.0.0-1 1.0.1 1.9 1.10 2.0.0.RELEASE 2.2.1_1 5.0.0.Alpha1 5.0.0.Beta2 5.0.0.CR1 5.0.0.Final 31.1-jre 20040616
"""
NUGET = """
1 1.0 1.0.0 1.0.0.0 01.0.0 1.0.0.1 1.0.0-alpha 1.0.0-ALPHA 1.0.0-alpha.1 1.0.0-alpha10 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc1 1.0.0+meta
1.0.0-rc.1+meta 1.0.1 1.2.3.4-beta 1.9.0 1.10.0 2.0.0-preview.1.20120.5 2.0.0
"""
COMPOSER = """
1.0 1.0.0 1.0.0.0 v1.0.0 1.0.0.1 1.0.0-dev 1.0.0-alpha 1.0.0-alpha1 1.0.0-alpha.2 1.0.0alpha1 1.0.0-a1 1.0.0-beta 1.0.0-beta2 1.0.0-b2 1.0.0-beta10
1.0.0-RC1 1.0.0-rc1 1.0.0RC2 1.0.0-patch1 1.0.0-p1 1.0.0-pl2 1.0.0-stable 1.0.0+meta 1.0.1 1.0.x-dev 1.9.0 1.10.0 2.0.0-BETA1 2.0.0 2010.1.1
dev-master
"""
DEBIAN = """
0 1.0 1.00 1.0-1 0:1.0 1:0.5 1:1.0-1 1.0~~ 1.0~rc1 1.0~rc1-1 1.0-1~ 1.0-1~deb12u1 1.0-1+deb12u1 1.0-1+b1 1.0-1.1 1.0-2 1.0-10 1.0a 1.0+dfsg 1.0+dfsg-1
1.0.1 1.0-0ubuntu1.12 1.0-1ubuntu0.1 1.0-1ubuntu1 1.0+really0.9-1 1.0really0.9 1.9 1.10 2.0~beta 3.0.11-1~deb12u2
"""
ALPINE = """
1.0 1.00 1.01 1.001 1.0.0 1.0-r0 1.0-r1 1.0-r10 1.0.0-r1 1.0_alpha 1.0_alpha1 1.0_beta 1.0_beta2 1.0_pre1 1.0_rc1 1.0_rc1-r2 1.0_p1 1.0_p1-r1 1.0_cvs
1.0_svn 1.0_hg 1.0a 1.0a-r1 1.0b 1.0.1 1.0.1a_p2-r3 1.9 1.10 1.2.4_git20230717-r4 3.1.4-r0 3.1.4-r1 20230101-r0
"""


class Kind(NamedTuple):
    """How packages of an ecosystem are named: by advisories, and in a purl before and after the version; and the type of their ranges."""

    name: str
    before: str
    after: str = ""
    ranges: str = "ECOSYSTEM"
    versions: str = SEMANTIC

    def purl(self, version: str) -> str:
        return f"pkg:{self.before}@{quote(version, safe='')}{self.after}"


KINDS = {
    "PyPI": Kind("probe", "pypi/probe", versions=PYTHON),
    "npm": Kind("@acme/probe", "npm/%40acme/probe", ranges="SEMVER"),
    "Go": Kind("example.com/probe", "golang/example.com/probe", ranges="SEMVER"),
    "crates.io": Kind("probe", "cargo/probe", ranges="SEMVER"),
    "Hex": Kind("probe", "hex/probe"),
    "Pub": Kind("probe", "pub/probe"),
    "RubyGems": Kind("probe", "gem/probe", versions=RUBY),
    "Maven": Kind("com.example:probe", "maven/com.example/probe", versions=MAVEN),
    "NuGet": Kind("Acme.Probe", "nuget/Acme.Probe", versions=NUGET),
    "Packagist": Kind("acme/probe", "composer/acme/probe", versions=COMPOSER),
    "Debian:12": Kind("probe", "deb/debian/probe", "?arch=amd64&distro=debian-12", versions=DEBIAN),
    "Ubuntu:22.04:LTS": Kind("probe", "deb/ubuntu/probe", "?arch=amd64&distro=ubuntu-22.04", versions=DEBIAN),
    "Alpine:v3.18": Kind("probe", "apk/alpine/probe", "?arch=x86_64&distro=alpine-3.18.4", versions=ALPINE),
}
"""Ecosystem, as advisories have it -> how it names things."""
