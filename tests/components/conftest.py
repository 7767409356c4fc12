"""The fixtures and the warning filter of the installed pytest plugin."""

from opencode_components.testing.plugin import deploy, preview, pytest_configure

__all__ = ["deploy", "preview", "pytest_configure"]
