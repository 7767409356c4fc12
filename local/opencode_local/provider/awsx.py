"""The executable `pulumi-resource-awsx`: the one component of that package that we declare, for a real engine."""

import sys
from importlib.metadata import version

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import main as serve

from opencode_local.provider import images


class Image(pulumi.ComponentResource):
    """`imageUri` of the built image."""

    image_uri: pulumi.Output[str]

    def __init__(self, name: str, inputs: pulumi.Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(images.TOKEN, name, {**inputs}, opts)
        self.image_uri = pulumi.Output.all(**inputs).apply(lambda known: images.outputs(known)["imageUri"])
        self.register_outputs({"imageUri": self.image_uri})


class Awsx(Provider):
    """Raises ValueError for any other component."""

    def __init__(self) -> None:
        super().__init__(version("pulumi_awsx"))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        if resource_type != images.TOKEN:
            raise ValueError(f"the local awsx has no component {resource_type}, only {images.TOKEN}")
        image = Image(name, inputs, options)
        return ConstructResult(urn=image.urn, state={"imageUri": image.image_uri})


def main() -> None:
    serve(Awsx(), sys.argv[1:])


if __name__ == "__main__":
    main()
