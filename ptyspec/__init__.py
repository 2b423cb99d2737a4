"""ptyspec: the executable specification of neural ptychography."""

__version__ = "0.1.0"
