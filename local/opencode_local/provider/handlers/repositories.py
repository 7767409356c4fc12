"""ECR repositories and how long they keep images."""

from collections.abc import Sequence

from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.kms_keys import described_key
from opencode_local.provider.members import block, blocks, reported, request, unsupported, value
from opencode_local.provider.tags import changes, mapping, pairs

GONE = "RepositoryNotFoundException"
SETTINGS = (
    value("imageTagMutability", "imageTagMutability"),
    blocks(
        "imageTagMutabilityExclusionFilters",
        value("filter", "filter"),
        value("filterType", "filterType"),
        member="imageTagMutabilityExclusionFilters",
    ),
    block("imageScanningConfiguration", value("scanOnPush", "scanOnPush"), member="imageScanningConfiguration"),
)
ENCRYPTION = (value("encryptionType", "encryptionType"), value("kmsKey", "kmsKey"))


class Repository(Handler):
    """Its id is its name."""

    token = "aws:ecr/repository:Repository"
    replace_on = frozenset({"name", "encryptionConfigurations"})
    filled_by_aws = frozenset({"imageTagMutability", "imageScanningConfiguration", "encryptionConfigurations"})
    auto_name = AutoName("name", 256, lower=True)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        table = [*SETTINGS, blocks("encryptionConfigurations", *ENCRYPTION)]
        faults = unsupported(table, inputs, "name", "forceDelete")
        if len(inputs.get("encryptionConfigurations") or ()) > 1:
            faults.append(Fault("encryptionConfigurations", "no more than one is allowed"))
        return faults

    def create(self, aws: Aws, inputs: Properties) -> str:
        encryption = {"encryptionType": "AES256", **next(iter(inputs.get("encryptionConfigurations") or ()), {})}
        if encryption.get("kmsKey") and described_key(aws, encryption["kmsKey"]) is None:
            raise AwsError("KmsException", f"Key '{encryption['kmsKey']}' does not exist", "CreateRepository")
        aws.client("ecr").create_repository(
            repositoryName=inputs["name"],
            encryptionConfiguration=request(ENCRYPTION, encryption),
            tags=pairs(inputs.get("tagsAll")),
            **request(SETTINGS, inputs),
        )
        return str(inputs["name"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("ecr")
        answer = found(client.describe_repositories, GONE, repositoryNames=[id_])
        if answer is None:
            return None
        repository = answer["repositories"][0]
        arn = repository["repositoryArn"]
        return {
            **reported(SETTINGS, repository, inputs),
            "name": id_,
            "encryptionConfigurations": [reported(ENCRYPTION, repository["encryptionConfiguration"], {})],
            "tagsAll": mapping(client.list_tags_for_resource(resourceArn=arn)["tags"]),
            "arn": arn,
            "registryId": repository["registryId"],
            "repositoryUrl": repository["repositoryUri"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client = aws.client("ecr")
        wanted = request(SETTINGS, {"imageTagMutability": "MUTABLE", **new})
        scanning = wanted.pop("imageScanningConfiguration", {"scanOnPush": False})
        client.put_image_tag_mutability(repositoryName=id_, **wanted)
        client.put_image_scanning_configuration(repositoryName=id_, imageScanningConfiguration=scanning)
        arn = client.describe_repositories(repositoryNames=[id_])["repositories"][0]["repositoryArn"]
        added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
        if added:
            client.tag_resource(resourceArn=arn, tags=pairs(added))
        if removed:
            client.untag_resource(resourceArn=arn, tagKeys=removed)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        is_forced = bool(properties.get("forceDelete"))
        found(aws.client("ecr").delete_repository, GONE, repositoryName=id_, force=is_forced)


class LifecyclePolicy(Handler):
    """Its id is the repository's name."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    replace_on = frozenset({"repository"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("ecr").put_lifecycle_policy(
            repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
        )
        return str(inputs["repository"])

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        get = aws.client("ecr").get_lifecycle_policy
        answer = found(get, GONE, "LifecyclePolicyNotFoundException", repositoryName=id_)
        if answer is None:
            return None
        return {"repository": id_, "policy": answer["lifecyclePolicyText"], "registryId": answer["registryId"]}

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        delete = aws.client("ecr").delete_lifecycle_policy
        found(delete, GONE, "LifecyclePolicyNotFoundException", repositoryName=id_)


HANDLERS = (Repository(), LifecyclePolicy())
