"""Resources that a program takes over by their import id are read as they are, without anything declared."""

from collections.abc import Callable, Mapping

import pytest

from opencode_local.provider import lifecycle
from opencode_local.provider.registry import handler_of
from tests.local.provider.declaring import Made, Program
from tests.local.provider.ecs_site import SERVICE, Site, a_site
from tests.local.provider.gateway_site import document

SCALED = ("serviceNamespace", "resourceId", "scalableDimension")
VISIBILITY = {"cloudwatchMetricsEnabled": True, "metricName": "all", "sampledRequestsEnabled": False}
ALLOW_READS = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})


def a_service(site: Site) -> Made:
    return site.program.declare(SERVICE, **site.inputs())


def a_target(site: Site) -> Made:
    name = f"service/{site.cluster['name']}/{a_service(site)['name']}"
    scaled = dict(zip(SCALED, ("ecs", name, "ecs:service:DesiredCount"), strict=True))
    return site.program.declare("aws:appautoscaling/target:Target", **scaled, minCapacity=1, maxCapacity=2)


def a_policy(site: Site) -> Made:
    target = a_target(site)
    metric = {"predefinedMetricType": "ECSServiceAverageCPUUtilization"}
    return site.program.declare(
        "aws:appautoscaling/policy:Policy",
        **{name: target[name] for name in SCALED},
        policyType="TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration={"targetValue": 60, "predefinedMetricSpecification": metric},
    )


def a_role_policy(site: Site) -> Made:
    return site.program.declare("aws:iam/rolePolicy:RolePolicy", role=site.role["name"], policy=ALLOW_READS)


def an_attachment(site: Site) -> Made:
    policy = site.program.declare("aws:iam/policy:Policy", policy=ALLOW_READS)
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    return site.program.declare(attachment, role=site.role["name"], policyArn=policy["arn"])


def an_ip_set(site: Site) -> Made:
    return site.program.declare("aws:wafv2/ipSet:IpSet", scope="REGIONAL", ipAddressVersion="IPV4", description="none")


def a_web_acl(site: Site) -> Made:
    return site.program.declare(
        "aws:wafv2/webAcl:WebAcl", scope="REGIONAL", defaultAction={"allow": {}}, visibilityConfig=VISIBILITY
    )


def by_id(made: Made) -> str:
    return made.id


def by_id_name_and_scope(made: Made) -> str:
    return f"{made.id}/{made['name']}/{made['scope']}"


def by_what_is_scaled(made: Made) -> str:
    return "/".join(made[name] for name in SCALED)


def by_what_is_scaled_and_name(made: Made) -> str:
    return f"{by_what_is_scaled(made)}/{made['name']}"


CASES: Mapping[str, tuple[Callable[[Site], Made], Callable[[Made], str]]] = {
    "load balancer": (lambda site: site.balancer, by_id),
    "target group": (lambda site: site.group, by_id),
    "cluster": (lambda site: site.cluster, by_id),
    "capacity providers": (lambda site: site.providers, by_id),
    "role": (lambda site: site.role, by_id),
    "task definition by family": (lambda site: site.definition, by_id),
    "task definition by ARN": (lambda site: site.definition, lambda made: str(made["arn"])),
    "service": (a_service, by_id),
    "scalable target": (a_target, by_what_is_scaled),
    "scaling policy": (a_policy, by_what_is_scaled_and_name),
    "role policy": (a_role_policy, by_id),
    "attachment": (an_attachment, by_id),
    "bucket": (lambda site: site.program.declare("aws:s3/bucket:Bucket"), by_id),
    "repository": (lambda site: site.program.declare("aws:ecr/repository:Repository"), by_id),
    "IP set": (an_ip_set, by_id_name_and_scope),
    "web ACL": (a_web_acl, by_id_name_and_scope),
}


@pytest.mark.parametrize(("make", "import_id"), CASES.values(), ids=CASES.keys())
def test_what_is_there_is_read_by_its_import_id(
    program: Program, make: Callable[[Site], Made], import_id: Callable[[Made], str]
) -> None:
    made = make(a_site(program))

    found = lifecycle.found(handler_of(made.token), program.aws, import_id(made), {}, {})

    assert found is not None
    _, outputs = found
    assert {name: outputs.get(name) for name in ("arn", "name", "tagsAll")} == {
        name: made.outputs.get(name) for name in ("arn", "name", "tagsAll")
    }
