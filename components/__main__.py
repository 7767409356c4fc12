"""What `pulumi package add` runs in this folder, which PulumiPlugin.yaml makes a plugin."""

from opencode_components.provider import main

main()
