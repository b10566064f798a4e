"""lockgate: the deployment gate whose decisions anyone can check."""

__version__ = "0.1.0"
