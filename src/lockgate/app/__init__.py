"""The use cases, over ports: fetch, read, decide, record. Nothing here imports an adapter."""
