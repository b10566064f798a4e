"""Values -> text: for people, and as JSON for machines. Remedies live here, keyed by code."""
