from __future__ import annotations

import os
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from children import forked
from layouts import DSSE, Layout
from lockgate.adapters import disk
from lockgate.adapters.sources import files
from lockgate.adapters.sources.files import PlainFiles
from lockgate.adapters.sources.limits import MAX_EVIDENCE
from lockgate.adapters.sources.local import LocalSource
from lockgate.core.digest import Ref, digest_of, parse_ref
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, LedgerError, LockgateError, UnreadableError

SOURCE = PlainFiles()
ENVELOPE = b'{"payload":"e30="}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop_fast-1.0+local1-py3-none-any.whl"
    path.write_bytes(b"wheel")
    return path


def ref(path: Path) -> Ref:
    return Ref(scheme="file", path=str(path))


def envelope(data: bytes) -> Evidence:
    return Evidence(media_type=DSSE, data=data, origin="")


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".intoto.jsonl")


def attached(path: Path) -> list[bytes]:
    return [each.data for each in SOURCE.attached(ref(path), digest_of(b"wheel"))]


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


class TestWhatIsNoFile:
    @pytest.mark.parametrize("kind", ["fifo", "directory", "device"])
    def test_it_is_refused_and_never_waited_for(self, tmp_path: Path, kind: str) -> None:
        path = Path("/dev/zero") if kind == "device" else tmp_path / kind
        if kind == "fifo":
            os.mkfifo(path)
        if kind == "directory":
            path.mkdir()
        for source, found in ((SOURCE, ref(path)), (LocalSource(), Ref(scheme="", path=str(path))), (LocalSource(), ref(path))):
            assert code(lambda source=source, found=found: source.resolve(found)) == "ref.unreadable"  # type: ignore[misc]
        assert code(lambda: SOURCE.measure(ref(path), digest_of(b""))) == "ref.unreadable"
        assert code(lambda: SOURCE.copy(ref(path), digest_of(b""), tmp_path / "copy")) == "ref.unreadable"

    def test_more_bytes_than_are_read_are_refused_before_they_are(self, file: Path, tmp_path: Path) -> None:
        os.truncate(file, (1 << 40) + 1)
        assert code(lambda: SOURCE.resolve(ref(file))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(file), digest_of(b""))) == "ref.unreadable"
        assert code(lambda: SOURCE.copy(ref(file), digest_of(b""), tmp_path / "copy")) == "ref.unreadable"

    def test_what_grows_past_that_while_it_is_read_is_refused(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MAX_ARTIFACT", 8)
        file.write_bytes(b"12345678")
        assert SOURCE.measure(ref(file), digest_of(b"12345678")).problem == ""
        open_regular = disk.open_regular

        def grown(path: str, *, follow: bool) -> int:
            with Path(path).open("ab") as more:
                more.write(b"9")
            return open_regular(path, follow=follow)

        monkeypatch.setattr(disk, "open_regular", grown)
        assert code(lambda: SOURCE.resolve(ref(file))) == "ref.unreadable"

    def test_a_sidecar_that_is_a_fifo_or_leads_elsewhere_is_unreadable(self, file: Path, tmp_path: Path) -> None:
        os.mkfifo(sidecar(file))
        assert code(lambda: attached(file)) == "ref.unreadable"
        sidecar(file).unlink()
        (tmp_path / "elsewhere").write_bytes(ENVELOPE)
        sidecar(file).symlink_to(tmp_path / "elsewhere")
        assert code(lambda: attached(file)) == "ref.unreadable"
        assert code(lambda: SOURCE.attach(ref(file), "", envelope(b"{}"))) == "ref.unwritable"
        assert (tmp_path / "elsewhere").read_bytes() == ENVELOPE

    def test_a_link_a_user_names_is_followed(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "latest").symlink_to(file)
        assert SOURCE.resolve(ref(tmp_path / "latest"))[1] == digest_of(b"wheel")


class TestSidecar:
    def test_lines_of_other_tools_are_read(self, file: Path) -> None:
        sidecar(file).write_bytes(b'\n{"a":1}\r\n\n  {"b":2}  \n{"c":3}')
        assert attached(file) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
        assert SOURCE.attached(ref(file), "")[1].origin.endswith(".whl.intoto.jsonl:4")

    def test_an_envelope_over_several_lines_becomes_one(self, file: Path) -> None:
        SOURCE.attach(ref(file), "", envelope(b'{\n  "payload": "e30="\r\n}\n'))
        assert attached(file) == [b'{   "payload": "e30=" }']
        SOURCE.attach(ref(file), "", envelope(b'{"b":2}'))
        assert sidecar(file).read_bytes() == b'{   "payload": "e30=" }\n{"b":2}\n'

    def test_a_last_line_without_an_end_is_ended_first(self, file: Path) -> None:
        sidecar(file).write_bytes(b'{"a":1}')
        SOURCE.attach(ref(file), "", envelope(b'{"b":2}'))
        assert sidecar(file).read_bytes() == b'{"a":1}\n{"b":2}\n'

    def test_it_is_as_readable_as_the_file(self, file: Path) -> None:
        file.chmod(0o640)
        SOURCE.attach(ref(file), "", envelope(ENVELOPE))
        assert stat.S_IMODE(sidecar(file).stat().st_mode) == 0o640

    @pytest.mark.parametrize("evidence", [Evidence(media_type="text/plain", data=b"{}", origin=""), envelope(b" \n"), envelope(b"x" * (MAX_EVIDENCE + 1))])
    def test_what_could_not_be_read_back_is_not_attached(self, file: Path, evidence: Evidence) -> None:
        with pytest.raises(LedgerError) as err:
            SOURCE.attach(ref(file), "", evidence)
        assert err.value.code == "ref.unwritable"
        assert not sidecar(file).exists()

    def test_the_257th_piece_is_not_attached(self, file: Path) -> None:
        held = b"".join(b'{"n":%d}\n' % number for number in range(256))
        sidecar(file).write_bytes(held)
        assert len(attached(file)) == 256
        assert code(lambda: SOURCE.attach(ref(file), "", envelope(ENVELOPE))) == "ref.unwritable"
        assert sidecar(file).read_bytes() == held

    @pytest.mark.parametrize("data", [b"{}\n" * 257, b"x" * (MAX_EVIDENCE + 1), (b"x" * (MAX_EVIDENCE - 1) + b"\n") * 2])
    def test_too_much_is_refused(self, file: Path, data: bytes) -> None:
        sidecar(file).write_bytes(data)
        assert code(lambda: attached(file)) in {"ref.too-much-evidence", "ref.unreadable"}

    def test_a_kill_at_any_step_leaves_the_old_lines_or_the_new(self, file: Path, failing: Callable[..., Any]) -> None:
        sidecar(file).write_bytes(b'{"a":1}\n')
        for step in range(1, 30):

            def killed(_: int, step: int = step) -> None:
                with failing(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                    SOURCE.attach(ref(file), "", envelope(ENVELOPE))

            (status,) = forked(1, killed)
            assert sidecar(file).read_bytes() in {b'{"a":1}\n', b'{"a":1}\n' + ENVELOPE + b"\n"}
            if status == 0:
                break
        assert step > 4
        assert attached(file) == [b'{"a":1}', ENVELOPE]

    def test_many_processes_attach_at_once_and_nothing_is_lost(self, file: Path) -> None:
        def some(worker: int) -> None:
            for number in range(5):
                SOURCE.attach(ref(file), "", envelope(b'{"n":"%d-%d"}' % (worker, number)))

        assert forked(4, some) == [0] * 4
        assert len(attached(file)) == 20

    def test_full_and_read_only_disks(self, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        path, make_read_only = disk_at(64 << 10)
        file = path / "file"
        file.write_bytes(b"wheel")
        assert code(lambda: SOURCE.attach(ref(file), "", envelope(b"x" * (128 << 10)))) == "ref.unwritable"
        assert [each.name for each in path.iterdir()] == ["file"]
        make_read_only()
        assert code(lambda: SOURCE.attach(ref(file), "", envelope(ENVELOPE))) == "ref.unwritable"


class TestCopy:
    def test_it_keeps_the_name_and_may_be_run_where_the_file_may(self, file: Path, tmp_path: Path) -> None:
        copy = Path(SOURCE.copy(ref(file), digest_of(b"wheel"), tmp_path / "copies"))
        assert (copy.name, copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode)) == (file.name, b"wheel", 0o400)
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o500
        assert copy.stat().st_ino != file.stat().st_ino
        file.chmod(0o755)
        assert stat.S_IMODE(Path(SOURCE.copy(ref(file), digest_of(b"wheel"), tmp_path / "copies")).stat().st_mode) == 0o500

    @pytest.mark.parametrize(
        ("name", "copied"),
        [
            ("shop", "shop"),
            ("shop-1.0.tar.gz", "shop-1.0.tar.gz"),
            ("a" * 128, "a" * 128),
            ("a" * 129, "artifact"),
            ("$(id>x).whl", "artifact.whl"),
            ("`id`.tar.gz", "artifact.tar.gz"),
            ("two words.tgz", "artifact.tgz"),
            ("-rf", "artifact"),
            ("--config=x.yaml", "artifact.yaml"),
            ("a\nb.whl", "artifact.whl"),
            ("a.whl\n", "artifact"),
            ("a;id", "artifact"),
            ("a.$(id)", "artifact"),
            (".bashrc", "artifact.bashrc"),
            ("*", "artifact"),
            ("~", "artifact"),
            ("a=b", "artifact"),
            ("münze.whl", "artifact.whl"),
            ("{ref}", "artifact"),
            ("it's", "artifact"),
        ],
    )
    def test_a_name_that_means_something_to_a_shell_is_not_kept(self, tmp_path: Path, name: str, copied: str) -> None:
        (tmp_path / name).write_bytes(b"wheel")
        copy = Path(SOURCE.copy(ref(tmp_path / name), digest_of(b"wheel"), tmp_path / "copies"))
        assert (copy.name, copy.read_bytes()) == (copied, b"wheel")
        assert re.fullmatch("[0-9a-f]{8}", copy.parent.name)

    def test_other_bytes_are_not_copied(self, file: Path, tmp_path: Path) -> None:
        with pytest.raises(EvidenceError) as err:
            SOURCE.copy(ref(file), digest_of(b"what it was"), tmp_path / "copies")
        assert err.value.code == "digest.mismatch"
        assert list((tmp_path / "copies").iterdir()) == []


class TestLooking:
    """References without a scheme."""

    def test_what_is_there_decides(self, tmp_path: Path, file: Path) -> None:
        layout = Layout(tmp_path / "image:v1")
        one, two = layout.image(b"1", tag="v1"), layout.image(b"2", tag="v2")
        source = LocalSource()
        found, digest = source.resolve(parse_ref(f"{layout.path}:v2"))
        assert (found, digest) == (Ref(scheme="oci", path=str(layout.path), tag="v2"), two)
        assert source.resolve(parse_ref(f"{layout.path}@{one}"))[1] == one
        assert source.resolve(parse_ref(f"{layout.path}:v1@{one}"))[0] == Ref(scheme="oci", path=str(layout.path), tag="v1", digest=one)
        assert source.resolve(parse_ref(str(file)))[0].scheme == "file"
        with pytest.raises(UnreadableError) as err:
            source.resolve(parse_ref(str(layout.path)))
        assert err.value.code == "ref.ambiguous"

    @pytest.mark.parametrize(
        "name", ["gone", "gone:v1", "shop_fast-1.0+local1-py3-none-any.whl:v1", "shop_fast-1.0+local1-py3-none-any.whl/below", "sub/gone:v1"]
    )
    def test_nothing_there(self, file: Path, name: str) -> None:
        assert code(lambda: LocalSource().resolve(parse_ref(f"{file.parent}/{name}"))) == "ref.not-found"

    @pytest.mark.parametrize("name", ["", ":v1"])
    def test_a_directory_that_is_no_layout(self, file: Path, name: str) -> None:
        assert code(lambda: LocalSource().resolve(parse_ref(f"{file.parent}{name}"))) == "ref.unreadable"

    def test_a_link_that_leads_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert code(lambda: LocalSource().resolve(Ref(scheme="", path=str(tmp_path / "loop")))) == "ref.unreadable"

    def test_what_is_no_platform_is_said_of_a_file_too(self, file: Path) -> None:
        assert code(lambda: LocalSource().resolve(Ref(scheme="", path=str(file)), "$(id)")) == "platform.malformed"
        assert LocalSource().resolve(Ref(scheme="", path=str(file)), "linux/amd64")[1] == digest_of(b"wheel")

    def test_a_file_named_as_a_layout_and_a_layout_named_as_a_file(self, file: Path, tmp_path: Path) -> None:
        layout = Layout(tmp_path / "layout")
        layout.image()
        assert code(lambda: LocalSource().resolve(Ref(scheme="oci", path=str(file)))) == "ref.unreadable"
        assert code(lambda: LocalSource().resolve(Ref(scheme="file", path=str(layout.path)))) == "ref.unreadable"
