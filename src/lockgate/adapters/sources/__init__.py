"""Where artifacts are, and what is attached to them."""
