"""Serves the page from which people install the client, the signed manifest of its releases and their files."""
