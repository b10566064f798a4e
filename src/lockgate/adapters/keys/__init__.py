"""Private keys: in files and in ssh-agent."""
