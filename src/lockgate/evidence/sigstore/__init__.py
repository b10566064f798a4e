"""Sigstore: bundles verified offline against a trusted root, in the order of the Sigstore client specification."""
