"""Programs run in process as the engine would run them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
import pytest
from pulumi import Output, ResourceOptions

from opencode_components.testing import UNKNOWN, Deploy, Placeholders, SecretConfig

QUEUE = "aws:sqs/queue:Queue"


class Mailbox(pulumi.ComponentResource):
    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Mailbox", name, {"size": 1}, opts)
        self.queue = aws.sqs.Queue(name, opts=ResourceOptions(parent=self, protect=True))
        self.register_outputs({"queue_arn": self.queue.arn})


def two_mailboxes() -> None:
    first = Mailbox("first")
    aws.sqs.Queue("second", tags={"after": first.queue.arn}, opts=ResourceOptions(retain_on_delete=True))
    pulumi.export("arn", first.queue.arn)


def test_a_graph_holds_resources_with_parents_options_and_outputs(deploy: Deploy) -> None:
    graph = deploy(two_mailboxes)
    box, inner, outer = graph.one("tests:index:Mailbox"), graph.one(QUEUE, "first"), graph.one(QUEUE, "second")

    assert graph.components == (box,)
    assert graph.children(box) == graph.descendants(box) == (inner,)
    assert inner.parent == box.urn
    assert outer.parent is None
    assert (inner.protect, outer.protect, outer.retain_on_delete) == (True, False, True)
    assert graph.outputs["arn"] == box.outputs["queue_arn"] == inner.outputs["arn"]


def test_dependencies_are_recorded_as_a_whole_and_per_property(deploy: Deploy) -> None:
    graph = deploy(two_mailboxes)
    inner, outer = graph.one(QUEUE, "first"), graph.one(QUEUE, "second")

    assert graph.all(depends_on=inner) == graph.all(depends_on=inner.urn) == (outer,)
    assert outer.property_dependencies["tags"] == {inner.urn}


def test_urns_name_all_ancestors(deploy: Deploy) -> None:
    graph = deploy(two_mailboxes, stack="prod", project="mail")

    assert graph.one(QUEUE, "first").urn == f"urn:pulumi:prod::mail::tests:index:Mailbox${QUEUE}::first"


def test_two_deployments_of_one_program_are_equal_and_know_nothing_of_each_other(deploy: Deploy) -> None:
    graphs = [deploy(two_mailboxes, config={"size": number}) for number in (1, 2)]

    assert [resource.inputs for resource in graphs[0]] == [resource.inputs for resource in graphs[1]]
    assert [resource.id for resource in graphs[0]] == [resource.id for resource in graphs[1]]
    assert pulumi.runtime.get_config("project:size") is None


def test_a_failed_deployment_leaves_nothing_to_the_next(deploy: Deploy) -> None:
    def broken() -> None:
        aws.sqs.Queue("one")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        deploy(broken, stack="broken", config={"a": "b"})
    graph = deploy(lambda: pulumi.export("seen", [pulumi.get_stack(), pulumi.Config().get("a")]))

    assert graph.outputs["seen"] == ["dev", None]
    assert len(graph) == 0


def fail(_: object) -> str:
    raise ZeroDivisionError("in apply")


@pytest.mark.parametrize("run", ["deploy", "preview"])
def test_an_error_in_an_apply_fails_the_run(request: pytest.FixtureRequest, run: str) -> None:
    with pytest.raises(ZeroDivisionError, match="in apply"):
        request.getfixturevalue(run)(lambda: Output.from_input(1).apply(fail))


def test_an_error_in_an_apply_that_a_resource_needs_fails_the_run(deploy: Deploy) -> None:
    def program() -> None:
        aws.sqs.Queue("second", name=aws.sqs.Queue("first").arn.apply(fail))

    with pytest.raises(ZeroDivisionError, match="in apply"):
        deploy(program)


def test_an_error_that_the_program_logs_fails_the_run(deploy: Deploy) -> None:
    with pytest.raises(RuntimeError, match="disk full"):
        deploy(lambda: pulumi.log.error("disk full"))


def test_two_resources_of_one_type_and_name_are_refused(deploy: Deploy) -> None:
    def program() -> None:
        aws.sqs.Queue("one")
        aws.sqs.Queue("one")

    with pytest.raises(ValueError, match="duplicate resource URN"):
        deploy(program)


async def test_a_program_can_be_deployed_from_within_an_event_loop(deploy: Deploy) -> None:
    async def program() -> None:
        aws.sqs.Queue("one")

    assert len(deploy(program)) == 1


def test_config_reaches_the_program_as_the_engine_stores_it(deploy: Deploy) -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.export("size", config.require_int("size"))
        pulumi.export("zones", config.require_object("zones"))
        pulumi.export("other", pulumi.Config("aws").require("region"))
        pulumi.export("password", config.require_secret("password"))

    given = {"size": 2, "zones": ["a"], "aws:region": "eu-west-1", "password": SecretConfig("correct horse")}
    graph = deploy(program, config=given)

    assert graph.outputs == {"size": 2, "zones": ["a"], "other": "eu-west-1", "password": "correct horse"}
    assert graph.secret_outputs == {"password"}


def test_secrets_are_unwrapped_and_their_places_remembered(deploy: Deploy) -> None:
    def program() -> None:
        secret = Output.secret("correct horse")
        aws.cognito.IdentityProvider(
            "idp",
            user_pool_id="pool",
            provider_name="Okta",
            provider_type="OIDC",
            provider_details={"client_id": "public", "client_secret": secret},
        )
        client = aws.cognito.UserPoolClient("client", user_pool_id="pool", generate_secret=True)
        pulumi.export("secret", client.client_secret)

    graph = deploy(program)
    idp = graph.one(name="idp")

    assert idp.inputs["providerDetails"] == {"client_id": "public", "client_secret": "correct horse"}
    assert idp.secret_inputs == {"providerDetails.client_secret"}
    assert graph.one(name="client").secret_outputs == {"clientSecret"}
    assert graph.secret_outputs == {"secret"}


def test_a_folder_is_run_as_pulumi_runs_it(deploy: Deploy, tmp_path: Path) -> None:
    program = "import pathlib, pulumi, neighbour\npulumi.export('seen', [neighbour.WORD, pathlib.Path.cwd().name])\n"
    (tmp_path / "__main__.py").write_text(program)
    for word in ("first", "second"):
        (tmp_path / "neighbour.py").write_text(f"WORD = '{word}'  # {word}\n")
        assert deploy(tmp_path).outputs["seen"] == [word, tmp_path.name]
    assert Path.cwd().name != tmp_path.name


def test_a_folder_without_a_program_is_refused(deploy: Deploy, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no __main__\.py"):
        deploy(tmp_path)


def everything_computed() -> None:
    vpc = aws.ec2.Vpc("core", cidr_block="10.0.0.0/16")
    aws.ec2.Subnet("core", vpc_id=vpc.id, cidr_block=vpc.cidr_block)
    pulumi.export("vpc_id", vpc.id)
    pulumi.export("cidr", vpc.cidr_block)
    pulumi.export("zones", aws.get_availability_zones().names)


def test_a_preview_knows_inputs_and_functions_but_nothing_that_is_to_be_created(preview: Deploy) -> None:
    graph = preview(everything_computed)
    subnet = graph.one("aws:ec2/subnet:Subnet")

    assert graph.one("aws:ec2/vpc:Vpc").id is None
    assert subnet.inputs["vpcId"] is UNKNOWN
    assert repr(UNKNOWN) == "UNKNOWN"
    assert graph.outputs["vpc_id"] is UNKNOWN
    assert graph.outputs["zones"] == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_a_preview_runs_no_apply_on_what_is_unknown(preview: Deploy) -> None:
    def program() -> None:
        pulumi.export("name", aws.sqs.Queue("one").arn.apply(fail))

    assert preview(program).outputs == {"name": UNKNOWN}


def test_resources_that_exist_are_read_with_the_properties_that_the_test_gives(deploy: Deploy) -> None:
    def program() -> None:
        pulumi.export("vpc_id", aws.ec2.Subnet.get("theirs", "subnet-0aa").vpc_id)

    existing = {"subnet-0aa": {"vpcId": "vpc-0bb"}}
    graph = deploy(program, engine=Placeholders(existing=existing))

    assert graph.outputs["vpc_id"] == "vpc-0bb"
    assert graph.one(name="theirs").is_read


def test_outputs_of_another_stack_are_given_like_a_resource_that_exists(deploy: Deploy) -> None:
    def program() -> None:
        gateway = pulumi.StackReference("organization/gateway/prod")
        pulumi.export("url", gateway.require_output("url"))

    theirs = {"organization/gateway/prod": {"outputs": {"url": "https://api"}, "secretOutputNames": []}}

    assert deploy(program, engine=Placeholders(existing=theirs)).outputs["url"] == "https://api"


def test_assets_stay_what_they_are(deploy: Deploy) -> None:
    def program() -> None:
        code = pulumi.AssetArchive({"index.py": pulumi.StringAsset("x = 1"), "lib": pulumi.FileArchive("lib")})
        aws.lambda_.Function("task", role="r", code=code)
        aws.s3.BucketObject("page", bucket="b", source=pulumi.RemoteAsset("https://example.com/page"))

    graph = deploy(program)
    code = graph.one(name="task").inputs["code"]

    assert isinstance(code, pulumi.AssetArchive)
    assert isinstance(code.assets["index.py"], pulumi.StringAsset)
    assert isinstance(code.assets["lib"], pulumi.FileArchive)
    assert isinstance(graph.one(name="page").inputs["source"], pulumi.RemoteAsset)


def test_functions_are_answered_by_the_test_or_refused_by_name(deploy: Deploy) -> None:
    def program() -> None:
        pulumi.export("zone", aws.route53.get_zone(name="example.com").zone_id)

    token = "aws:route53/getZone:getZone"
    answers = {token: lambda args: {"zoneId": f"zone of {args['name']}", "id": "Z", "name": args["name"]}}

    assert deploy(program, engine=Placeholders(invokes=answers)).outputs["zone"] == "zone of example.com"
    with pytest.raises(Exception, match=f"no answer for {token}"):
        deploy(program)


def test_outputs_look_like_those_of_aws(deploy: Deploy) -> None:
    def program() -> None:
        repository = aws.ecr.Repository("web", name="web")
        image = awsx.ecr.Image("web", repository_url=repository.repository_url)
        names = ["*.example.com"]
        certificate = aws.acm.Certificate("tls", domain_name="example.com", subject_alternative_names=names)
        pulumi.export("image", image.image_uri)
        pulumi.export("table", aws.dynamodb.Table("t", name="t").arn)
        pulumi.export("balancer", aws.lb.LoadBalancer("lb", name="lb").arn_suffix)
        pulumi.export("records", certificate.domain_validation_options.apply(len))
        pulumi.export("role", aws.iam.Role("r", name="r", assume_role_policy="{}").arn)
        pulumi.export("caller", aws.get_caller_identity().account_id)

    out = deploy(program, engine=Placeholders(region="eu-west-1", account_id="210987654321")).outputs

    assert out["image"].startswith("210987654321.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:")
    assert out["table"] == "arn:aws:dynamodb:eu-west-1:210987654321:table/t"
    assert out["balancer"].startswith("app/lb/")
    assert out["records"] == 2
    assert out["role"] == "arn:aws:iam::210987654321:role/r"
    assert out["caller"] == "210987654321"


class Refusing:
    """An engine that has no room."""

    def __init__(self) -> None:
        self.components: list[str] = []

    def create(self, type: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if name == "second":
            raise PermissionError(f"quota of {type} is used up")
        return f"id-of-{name}", {"arn": f"arn-of-{name}", "tags": inputs.get("tags", {})}

    def read(self, type: str, id: str) -> Mapping[str, Any]:
        return {"arn": f"{type} {id}"}

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**args, "token": token}

    def completed(self, type: str, name: str) -> None:
        self.components.append(name)


def test_another_engine_answers_for_the_resources(deploy: Deploy) -> None:
    engine = Refusing()

    graph = deploy(lambda: Mailbox("first"), engine=engine)

    assert graph.one(QUEUE).id == "id-of-first"
    assert engine.components == ["first"], "it is told of components that are complete"
    assert graph.one("tests:index:Mailbox").outputs["queue_arn"] == "arn-of-first"


def test_what_the_engine_refuses_fails_the_deployment(deploy: Deploy) -> None:
    with pytest.raises(PermissionError, match="quota of aws:sqs/queue:Queue is used up"):
        deploy(two_mailboxes, engine=Refusing())


def test_a_query_that_finds_nothing_names_near_misses(deploy: Deploy) -> None:
    graph = deploy(two_mailboxes)

    with pytest.raises(LookupError, match=r"(?s)no resource matches type='aws:sqs/queu:Queue'; near misses:.*'first'"):
        graph.one("aws:sqs/queu:Queue")
    with pytest.raises(LookupError, match=r"(?s)2 resources match type='aws:sqs/\*'; narrow it to one of:.*'second'"):
        graph.one("aws:sqs/*")
    with pytest.raises(LookupError, match="nothing among its 3 resources is near"):
        graph.one("gcp:x/y:Z", "zzz")
    assert graph.identified(graph.outputs["arn"]) is graph.one(QUEUE, "first")
    assert {resource.name for resource in graph.all(name="s*")} == {"second"}
