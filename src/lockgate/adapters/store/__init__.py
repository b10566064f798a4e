"""What is kept on disk: the ledger."""
