"""The commands, one module per noun; each has a click command named `command`."""
