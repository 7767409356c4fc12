"""Releases of this program: whether there is a newer one, who vouches for it, and how it takes this one's place."""
