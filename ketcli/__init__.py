"""ket: what studies found on ketamine and esketamine in treatment-resistant depression."""

__version__ = "0.1.0"
