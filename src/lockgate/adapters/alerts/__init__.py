"""Where alerts go: a command, or a web hook."""
