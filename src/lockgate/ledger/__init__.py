"""The transparency log's formats: Merkle trees, tiles, signed notes, checkpoints and proofs, all pure (C2SP, RFC 6962)."""
