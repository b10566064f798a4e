"""The command line: one file a command; each parses, calls one use case, and renders."""
