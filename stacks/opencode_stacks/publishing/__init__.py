"""Releases of the client: built, signed and put where the download host serves them.

The order keeps what is published whole at every moment: artifacts first, the signed manifest last, removals after it.
"""
