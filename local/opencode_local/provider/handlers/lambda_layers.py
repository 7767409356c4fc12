"""Versions of layers: archives that functions have beside their own code."""

from collections.abc import Sequence

from opencode_local import archives
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import Fault, Handler, Properties
from opencode_local.provider.members import reported, request, unsupported, value, values

LAYER = (value("layerName"), *values("compatibleArchitectures", "compatibleRuntimes", "description", "licenseInfo"))
GONE = ("ResourceNotFoundException", "404")


class LayerVersion(Handler):
    """Every change makes a new version."""

    token = "aws:lambda/layerVersion:LayerVersion"
    replace_on = frozenset(entry.property for entry in LAYER) | {"code", "sourceCodeHash"}
    filled_by_aws = frozenset({"sourceCodeHash"})

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        faults = unsupported(LAYER, inputs, "code", "sourceCodeHash", "skipDestroy")
        if inputs.get("code") is None:
            faults.append(Fault("code", "required: layers in buckets are not supported by the local AWS"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        try:
            content = {"ZipFile": archives.zipped(inputs["code"])}
        except archives.UnreadableArchive as error:
            message = f"Could not read the layer: {error}"
            raise AwsError("InvalidParameterValueException", message, "PublishLayerVersion") from error
        made = aws.client("lambda").publish_layer_version(**request(LAYER, inputs), Content=content)
        return str(made["LayerVersionArn"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        layer_arn, _, version = id_.rpartition(":")
        there = found(aws.client("lambda").get_layer_version, *GONE, LayerName=layer_arn, VersionNumber=int(version))
        if there is None:
            return None
        name = layer_arn.rpartition(":")[2]
        return {
            **reported(LAYER, {**there, "LayerName": name}, inputs),
            "arn": id_,
            "layerArn": layer_arn,
            "version": version,
            "createdDate": str(there["CreatedDate"]),
            "codeSha256": there["Content"]["CodeSha256"],
            "sourceCodeSize": there["Content"]["CodeSize"],
        }

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        layer_arn, _, version = id_.rpartition(":")
        if not properties.get("skipDestroy"):
            found(aws.client("lambda").delete_layer_version, *GONE, LayerName=layer_arn, VersionNumber=int(version))


HANDLERS = (LayerVersion(),)
