"""Who may write where the artifact is: the layout or file, what is attached to it, and the configuration beside it. No key of the policy."""

from __future__ import annotations

import json
import os
import stat as modes
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from attack.stage import Stage, refused
from attack.vouched import OURS, answer, believe
from build import RESOURCE, SIGNED, TESTED, VERIFIED, VERIFIER, digest, key
from layouts import Layout
from lockgate.app import attach, deploy
from lockgate.app.gate import Gated
from lockgate.app.placing import ConfigFile
from lockgate.core.digest import digest_of
from lockgate.core.model import config_digest
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements.scanned import Scanned
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import Accepts
from lockgate.evidence import junit, test_result, vsa
from lockgate.evidence.artifact import SIGNATURE_TYPE
from lockgate.evidence.attestation import write_attestation
from lockgate.evidence.sigstore import bundle
from lockgate.wire.files import file_digest
from private_sigstore import NOW as VOUCHED
from private_sigstore import p256
from world import changed, standard_policy

THEN = VOUCHED - timedelta(days=10)


def on_shelf(stage: Stage, name: str = "next") -> Path:
    shelf: Path = stage.source.folder
    return shelf / name


def deployed(stage: Stage, told: Callable[[Gated], object] = lambda _: None, to: str = "production", ref: str = "next", **more: Any) -> list[str]:
    """Deploy, doing something between the decision and the command; the command as it ran."""
    deploy.deploy(stage.ports, stage.ask(to, ref, **more), ["run", "{ref}"], key("dora"), lambda gated: (told(gated), None)[1])
    ran: list[str] = stage.runner.ran[-1]
    return ran


def put(stage: Stage, other: str) -> None:
    """Another release with its evidence where ``next`` stood."""
    for suffix in ("", ".intoto.jsonl"):
        on_shelf(stage, f"next{suffix}").write_bytes(on_shelf(stage, f"{other}{suffix}").read_bytes())


def asks_for_scans(stage: Stage, scanned: Scanned) -> None:
    policy = standard_policy()
    stage.policy(changed(policy, environments={**policy.environments, "staging": EnvironmentPolicy(requires=(SIGNED, scanned))}))


def scan(stage: Stage, *severities: str) -> None:
    """What a scanner found just now, by the builder's word."""
    found = [{"VulnerabilityID": f"CVE-2026-{place}", "Severity": severity} for place, severity in enumerate(severities)]
    report = {"SchemaVersion": 2, "CreatedAt": f"{stage.clock.at:%Y-%m-%dT%H:%M:%SZ}", "Results": [{"Target": "x", "Vulnerabilities": found}]}
    attach.attest_scan(attach.Bench(source=stage.source, clock=stage.clock), "file:next", json.dumps(report).encode(), key("builder"))


class TestForge:
    def test_cannot_exchange_the_bytes_after_they_were_approved(self, stage: Stage) -> None:
        on_shelf(stage).write_bytes(b"evil")
        assert "approved.no-request" in stage.answer()
        assert "signed-by.no-good-signature" in stage.answer()

    def test_cannot_exchange_them_between_the_decision_and_the_command(self, stage: Stage) -> None:
        assert refused(deployed, stage, lambda _: on_shelf(stage).write_bytes(b"evil")) == "digest.mismatch"
        assert stage.runner.ran == []

    def test_cannot_exchange_them_while_the_command_runs(self, stage: Stage) -> None:
        """It runs on a private copy."""
        read: list[bytes] = []

        def during() -> None:
            on_shelf(stage).write_bytes(b"evil")
            read.append(Path(stage.runner.ran[-1][1]).read_bytes())

        stage.runner.during = during
        deployed(stage)
        assert read == [b"next"]

    def test_cannot_put_anothers_signature_beside_it(self, stage: Stage) -> None:
        on_shelf(stage, "evil").write_bytes(b"evil")
        on_shelf(stage, "evil.intoto.jsonl").write_bytes(on_shelf(stage, "next.intoto.jsonl").read_bytes())
        assert stage.answer("evil", "staging") == "signed-by.no-good-signature"

    def test_cannot_sign_with_a_key_of_their_own(self, stage: Stage) -> None:
        stage.artifact("evil", signed="mallory", built="mallory")
        assert stage.answer("evil", "staging") == "signed-by.no-good-signature"

    def test_cannot_change_one_byte_in_a_layout(self, stage: Stage) -> None:
        layout = Layout(on_shelf(stage, "image"))
        image = layout.image(b"layer", tag="v1")
        bench = attach.Bench(source=stage.source, clock=stage.clock)
        attach.sign(bench, "oci:image:v1", key("release"))
        refs = ("oci:image:v1",)
        assert stage.answer(to="staging", refs=refs) == "allowed"
        layout.at(digest_of(b"layer")).write_bytes(b"laxer")
        assert stage.answer(to="staging", refs=refs) == "digest.mismatch"
        layout.at(image).write_bytes(b"{}")
        assert stage.answer(to="staging", refs=refs).startswith(("digest.", "ref."))

    def test_cannot_speak_to_a_shell_by_its_name(self, stage: Stage) -> None:
        """Whoever supplies a file chooses its name, and the name of the copy stands in the deployer's command."""
        name = "$(touch pwned); -rf"
        stage.artifact(name)
        (_, path) = deployed(stage, to="staging", refs=(f"file:{name}",))
        assert Path(path).name == "artifact"

    @pytest.mark.not_caught
    def test_can_let_a_file_be_run_or_not(self, stage: Stage) -> None:
        """No digest of a file covers its mode: a copy of one that may be run may be run."""
        found: list[int] = []
        stage.runner.during = lambda: found.append(Path(stage.runner.ran[-1][1]).stat().st_mode & modes.S_IXUSR)
        deployed(stage, lambda _: on_shelf(stage).chmod(0o755))
        assert found == [modes.S_IXUSR]

    def test_cannot_exchange_the_configuration_before_the_command_reads_it(self, stage: Stage) -> None:
        """It is copied, and hashed again; and exchanged while the command runs, that has its copy."""
        config = on_shelf(stage, "config.yaml")
        config.write_text("debug: false")
        asked = config_digest({"config.yaml": "sha256:" + file_digest(config)})
        how = deploy.How(files=(ConfigFile(name="config.yaml", place=str(config)),))
        read: list[str] = []

        def run(told: Callable[[Gated], object]) -> None:
            command = ["run", "{ref}", "{config}/config.yaml"]
            deploy.deploy(stage.ports, stage.ask("staging", "next", config=asked), command, key("dora"), lambda gated: (told(gated), None)[1], how)

        def during() -> None:
            config.write_text("debug: true")
            read.append(Path(stage.runner.ran[-1][2]).read_text())

        stage.runner.during = during
        run(lambda _: None)
        assert (read, stage.here("staging").stays[-1].release.config) == (["debug: false"], asked)
        config.write_text("debug: false")
        assert refused(run, lambda _: config.write_text("debug: true")) == "config.changed"
        assert len(stage.runner.ran) == 1


class TestHide:
    def test_can_leave_evidence_out_and_then_it_refuses(self, stage: Stage) -> None:
        on_shelf(stage, "next.intoto.jsonl").unlink()
        assert stage.answer(to="staging") == "signed-by.no-signature"
        assert "signed-by.no-signature" in stage.answer()

    def test_cannot_take_away_what_told_against_it(self, stage: Stage) -> None:
        """A verification that failed, once the gate has seen it."""
        policy = standard_policy()
        stage.policy(changed(policy, environments={**policy.environments, "staging": EnvironmentPolicy(requires=(VERIFIED,))}))
        before = on_shelf(stage, "next.intoto.jsonl").read_bytes()
        failed = {"verifier": {"id": VERIFIER}, "resourceUri": RESOURCE, "verificationResult": "FAILED", "verifiedLevels": []}
        attach.attest(attach.Bench(source=stage.source, clock=stage.clock), "file:next", vsa.PREDICATE_TYPE, failed, key("builder"))
        assert stage.answer(to="staging") == "verified-by.not-passed"
        on_shelf(stage, "next.intoto.jsonl").write_bytes(before)
        assert stage.answer(to="staging", by=None) == "verified-by.not-passed"

    @pytest.mark.not_caught
    def test_can_put_an_older_release_under_the_name_where_only_signatures_are_asked_for(self, stage: Stage) -> None:
        """One that was signed once and never was there."""
        stage.artifact("older")
        stage.clock.advance(hours=25)
        put(stage, "older")
        assert stage.answer(to="staging") == "allowed"

    def test_cannot_where_that_was_there_and_was_replaced(self, stage: Stage) -> None:
        put(stage, "shop")
        assert stage.answer(to="staging") == "release.downgrade"

    def test_cannot_where_the_signature_may_not_be_old(self, stage: Stage) -> None:
        policy = standard_policy()
        fresh = EnvironmentPolicy(requires=(changed(SIGNED, max_age="24h"),))
        stage.policy(changed(policy, environments={**policy.environments, "staging": fresh}))
        stage.artifact("older")
        stage.clock.advance(hours=25)
        assert stage.answer("older", "staging") == "signed-by.too-old"

    @pytest.mark.not_caught
    def test_can_make_an_old_signature_look_new_while_its_certificate_lives(self, stage: Stage) -> None:
        """Authorities stamp for anybody, and an older time stamp is left out. Certificates of the public Sigstore live for minutes."""
        signer = p256()
        lasting, minutes = (
            OURS.leaf(signer, begin=THEN, end=THEN + timedelta(days=90), sct_at=THEN),
            OURS.leaf(signer, begin=THEN, end=THEN + timedelta(minutes=9), sct_at=THEN),
        )
        believe(stage, SignedBy(identities=("workflow",), max_age="24h"))
        at = {"at": stage.clock.at - timedelta(hours=1)}
        assert answer(stage, OURS.bundle(signer, certificate=lasting, stamped={"at": THEN})) == "signed-by.too-old"
        assert answer(stage, OURS.bundle(signer, certificate=lasting, stamped=at)) == "allowed"
        assert answer(stage, OURS.bundle(signer, certificate=lasting, log=1, stamp=True, entry={"integrated": THEN}, stamped=at)) == "signed-by.too-old"
        assert answer(stage, OURS.bundle(signer, certificate=minutes, stamped=at)) == "certificate.outside-validity"

    @pytest.mark.not_caught
    def test_can_take_the_newest_scan_away_before_the_gate_saw_it_and_let_an_older_one_decide(self, stage: Stage) -> None:
        """What was found is negative evidence (ADR 0039); a limit on age ends what an older scan is good for. Only while no gate has seen it."""
        asks_for_scans(stage, Scanned(at_most="low", keys=("builder",)))
        scan(stage)
        before = on_shelf(stage, "next.intoto.jsonl").read_bytes()
        stage.clock.advance(hours=25)
        scan(stage, "HIGH")
        on_shelf(stage, "next.intoto.jsonl").write_bytes(before)
        assert stage.answer(to="staging") == "allowed"

    def test_cannot_take_away_a_scan_that_the_gate_has_seen(self, stage: Stage) -> None:
        asks_for_scans(stage, Scanned(at_most="low", keys=("builder",)))
        scan(stage)
        before = on_shelf(stage, "next.intoto.jsonl").read_bytes()
        stage.clock.advance(minutes=1)
        scan(stage, "HIGH")
        assert stage.answer(to="staging") == "scanned.found"
        on_shelf(stage, "next.intoto.jsonl").write_bytes(before)
        assert stage.answer(to="staging") == "scanned.found"

    def test_cannot_once_the_gate_saw_it(self, stage: Stage) -> None:
        asks_for_scans(stage, Scanned(at_most="low", keys=("builder",)))
        scan(stage)
        before = on_shelf(stage, "next.intoto.jsonl").read_bytes()
        stage.clock.advance(hours=25)
        scan(stage, "HIGH")
        assert stage.answer(to="staging") == "scanned.found"
        on_shelf(stage, "next.intoto.jsonl").write_bytes(before)
        assert stage.answer(to="staging", by="don") == "scanned.found"

    def test_cannot_where_a_scan_may_not_be_old(self, stage: Stage) -> None:
        asks_for_scans(stage, Scanned(at_most="low", keys=("builder",), max_age="24h"))
        scan(stage)
        stage.clock.advance(hours=25)
        assert stage.answer(to="staging") == "scanned.too-old"

    @pytest.mark.not_caught
    def test_can_take_away_a_no_before_the_gate_saw_it(self, stage: Stage) -> None:
        """A failed test beside an older success: what is attached is seen where it is. It cannot make a success of it, and what was seen stays."""
        stage.policy(changed(policy := standard_policy(), environments={**policy.environments, "staging": EnvironmentPolicy(requires=(TESTED,))}))
        attached, bench = on_shelf(stage, "next.intoto.jsonl"), attach.Bench(source=stage.source, clock=stage.clock)

        def ran(inside: str) -> None:
            data = f'<testsuite><testcase name="t">{inside}</testcase></testsuite>'.encode()
            attach.attest(bench, "file:next", test_result.PREDICATE_TYPE, junit.predicate_of(data, "unit", stage.clock.now()), key("builder"))

        ran("")
        before = attached.read_bytes()
        stage.clock.advance(minutes=1)
        ran("<failure/>")
        failed = attached.read_bytes()
        attached.write_bytes(before)
        assert stage.answer(to="staging") == "allowed"
        attached.unlink()
        stage.clock.advance(minutes=16)
        assert stage.answer(to="staging") == "tested.no-result"
        attached.write_bytes(failed)
        assert stage.answer(to="staging") == "tested.failed"
        attached.write_bytes(before)
        assert stage.answer(to="staging", by="don") == "tested.failed"

    def test_cannot_where_people_approved_a_digest(self, stage: Stage) -> None:
        put(stage, "shop")
        assert stage.answer(request=stage.asked) == "approved.other-release"


class TestDelay:
    def test_can_take_the_release_away(self, stage: Stage) -> None:
        on_shelf(stage).unlink()
        assert stage.answer() == "ref.not-found"

    def test_can_attach_more_than_is_read(self, stage: Stage) -> None:
        with on_shelf(stage, "next.intoto.jsonl").open("ab") as file:
            file.write(b"{}\n" * 300)
        gated = stage.gate("staging", "next")
        (unknown,) = [one for one in gated.decision.outcomes if one.result == "unknown"]
        assert (unknown.code, unknown.params["because"]) == ("signed-by.unreadable", "ref.too-much-evidence")

    def test_can_attach_what_failed_in_a_stronger_format_than_the_good_one(self, stage: Stage) -> None:
        """Where a policy lists formats; and only there does leaving it out open more than it did."""
        layout = Layout(on_shelf(stage, "image"))
        image = layout.image(b"layer", tag="v1")
        good = write_attestation(image, SIGNATURE_TYPE, {}, key("release").public, key("release").sign)
        layout.enlist(layout.referrer(image, good))
        stage.policy(standard_policy())
        assert stage.answer(to="staging", refs=("oci:image:v1",)) == "allowed"
        staging = EnvironmentPolicy(requires=(SIGNED,), accepts=Accepts(formats=("sigstore-bundle", "dsse")))
        stage.policy(replace(standard_policy(), environments={**standard_policy().environments, "staging": staging}))
        assert stage.answer(to="staging", refs=("oci:image:v1",)) == "allowed"
        forged = write_attestation(image, SIGNATURE_TYPE, {}, key("mallory").public, key("mallory").sign)
        layout.enlist(layout.referrer(image, bundle.write(forged, key("release").public), media_type=bundle.MEDIA_TYPE, artifact_type=bundle.MEDIA_TYPE))
        (failed,) = [one for one in stage.gate("staging", refs=("oci:image:v1",)).decision.outcomes if one.result == "fail"]
        assert failed.code == "signed-by.no-good-signature"
        assert "evidence.stronger-failed" in str(failed.params["because"])

    def test_can_put_a_pipe_there_and_nobody_waits_for_it(self, stage: Stage) -> None:
        on_shelf(stage).unlink()
        os.mkfifo(on_shelf(stage))
        assert stage.answer() == "ref.unreadable"

    def test_cannot_make_what_was_read_once_differ_in_a_replay(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        on_shelf(stage).unlink()
        assert stage.replayed(gated.index) == "same"
        assert digest("next") in gated.release.artifacts
