"""OCI image layouts made by hand, right or wrong as a test needs them: no code of lockgate writes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
TAG = "org.opencontainers.image.ref.name"

Json = dict[str, Any]


class Layout:
    """A layout directory; every method writes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listed: list[Json] = []
        (path / "blobs" / "sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.save()

    def save(self) -> None:
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self.listed}))

    def at(self, digest: str) -> Path:
        return self.path / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def blob(self, data: bytes, media_type: str = LAYER, **more: Any) -> Json:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.at(digest).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def json(self, value: Any, media_type: str, **more: Any) -> Json:
        return self.blob(json.dumps(value).encode(), media_type, **more)

    def enlist(self, descriptor: Json, tag: str = "") -> Json:
        self.listed.append({**descriptor, "annotations": {TAG: tag}} if tag else descriptor)
        self.save()
        return descriptor

    def manifest(self, *layers: bytes, platform: str = "linux/amd64", **more: Any) -> Json:
        """An image that `index.json` does not list yet; its descriptor has no platform."""
        os_, architecture, *variant = platform.split("/")
        config = {"os": os_, "architecture": architecture, **({"variant": variant[0]} if variant else {}), "rootfs": {"type": "layers", "diff_ids": []}}
        return self.json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": self.json(config, CONFIG),
                "layers": [self.blob(layer) for layer in layers or (b"a layer",)],
                **more,
            },
            MANIFEST,
        )

    def image(self, *layers: bytes, tag: str = "", platform: str = "linux/amd64") -> str:
        """A listed image's digest."""
        digest: str = self.enlist(self.manifest(*layers, platform=platform), tag)["digest"]
        return digest

    def index(self, *manifests: Json, tag: str = "", **more: Any) -> str:
        """A listed index's digest."""
        digest: str = self.enlist(self.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests), **more}, INDEX), tag)["digest"]
        return digest

    def referrer(self, subject: str, *pieces: bytes, media_type: str = DSSE, artifact_type: str = DSSE, layers: list[Json] | None = None) -> Json:
        """A manifest that refers to `subject`; not listed yet."""
        size = self.at(subject).stat().st_size if self.at(subject).exists() else 2
        return self.json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": artifact_type,
                "config": self.blob(b"{}", EMPTY),
                "layers": [self.blob(piece, media_type) for piece in pieces] if layers is None else layers,
                "subject": {"mediaType": MANIFEST, "digest": subject, "size": size},
            },
            MANIFEST,
            artifactType=artifact_type,
        )


def parts(layout: Layout, digest: str) -> Json:
    """A manifest's JSON."""
    parsed: Json = json.loads(layout.at(digest).read_bytes())
    return parsed
