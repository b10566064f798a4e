"""Nouns, requirements, the decision and the ports: pure, and the first thing to read (`decide.py`)."""
