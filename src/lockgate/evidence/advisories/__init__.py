"""Advisories: OSV entries and CISA's catalogue read, components matched with them by the rules of their ecosystem, and facts made of it."""
