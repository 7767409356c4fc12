"""The command line tool that signs developers in to the gateway and points their coding agents at it."""
