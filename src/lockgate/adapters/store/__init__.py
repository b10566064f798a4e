"""What is kept on disk: the ledger, its index, evidence, names and remembered heads."""
