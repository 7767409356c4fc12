"""Who may call which model: what the stand-in for Amazon Bedrock asks IAM, as Bedrock does.

Sources, read 2026-11-21: Service authorization reference, "Amazon Bedrock" and "Amazon Bedrock Powered by AWS Mantle";
Amazon Bedrock user guide, "Making inference requests", "Prerequisites for inference profiles", "Global cross-Region
inference" and "Supported Regions and models for inference profiles". The facts are those of
`opencode_components.bedrock_policy`, which the declared policies are made from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from opencode_components.bedrock_policy import MANTLE_PROJECT, PROFILE_PREFIXES
from opencode_local.access.decision import Denied, check
from opencode_local.access.needs import Need
from opencode_local.access.sessions import Principal, Sessions
from opencode_local.access.signatures import NotAuthentic
from opencode_local.bedrock.auth import BAD_KEY, EXPIRED_KEY, Proof
from opencode_local.bedrock.calls import Call
from opencode_local.bedrock.refusals import Refused

DESTINATIONS: Mapping[str, Sequence[str]] = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    "in": ("ap-south-1", "ap-south-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""Where the profiles of a prefix may lead; a global one leads to the own region and to ARNs without any."""
NO_REGION = "unspecified"
"""What aws:RequestedRegion is for a global profile's model."""


class BedrockGate:
    """Holds each request to the policies of the role whose session has signed it."""

    def __init__(self, sessions: Sessions, *, region: str, on_denial: Callable[[Principal, Denied], None]) -> None:
        """`region` is the one that the stand-in stands in for."""
        self._sessions = sessions
        self._region = region
        self._on_denial = on_denial

    def admit(self, proof: Proof, call: Call) -> None:
        """Raises Refused: AccessDeniedException, UnrecognizedClientException, ExpiredTokenException."""
        now = self._sessions.now()
        principal = self._holder(proof)
        proof.verify(principal.session.secret_access_key, now)
        try:
            for need, region in self._needs(principal, call, is_bearer=proof.is_bearer):
                check(principal, need, region=region, now=now)
        except Denied as error:
            self._on_denial(principal, error)
            raise Refused("AccessDeniedException", error.message) from error

    def _holder(self, proof: Proof) -> Principal:
        try:
            return self._sessions.holder(proof.signed.access_key_id, proof.signed.session_token)
        except NotAuthentic as error:
            if not proof.is_bearer:
                raise Refused(error.code, error.message) from error
            has_expired = error.code == "ExpiredTokenException"
            name, words = ("ExpiredTokenException", EXPIRED_KEY) if has_expired else ("AccessDeniedException", BAD_KEY)
            raise Refused(name, words) from error

    def _needs(self, principal: Principal, call: Call, *, is_bearer: bool) -> Iterator[tuple[Need, str]]:
        """Each with the region that it is asked in."""
        if is_bearer:
            yield Need(action=f"{call.service}:CallWithBearerToken", resource="*"), self._region
        place = Place(principal.session.role_arn.split(":")[1], self._region, principal.account_id)
        yield from place.runtime(call) if call.service == "bedrock" else place.mantle(call)


class Place:
    """One region and account: what calls in it are authorised on."""

    def __init__(self, partition: str, region: str, account_id: str) -> None:
        self._bedrock = f"arn:{partition}:bedrock"
        self._mantle = f"arn:{partition}:bedrock-mantle:{region}:{account_id}"
        self._region, self._account_id = region, account_id

    def mantle(self, call: Call) -> Iterator[tuple[Need, str]]:
        """On the project; the model is a condition key."""
        action = "CountTokens" if call.surface == "count_tokens" else "CreateInference"
        context = {"bedrock-mantle:Model": call.model_id}
        resource = f"{self._mantle}:{MANTLE_PROJECT}"
        yield Need(action=f"bedrock-mantle:{action}", resource=resource, context=context), self._region

    def runtime(self, call: Call) -> Iterator[tuple[Need, str]]:
        """On the model, or on a profile and on the model wherever the profile may lead."""
        action = runtime_action(call)
        name = call.model_id.rpartition("/")[2]
        prefix = name.partition(".")[0]
        if prefix not in PROFILE_PREFIXES:
            yield Need(action=action, resource=self._model(name, self._region)), self._region
            return
        profile = f"{self._bedrock}:{self._region}:{self._account_id}:inference-profile/{name}"
        yield Need(action=action, resource=profile), self._region
        for region in DESTINATIONS.get(prefix, (self._region, "")):
            context = {"bedrock:InferenceProfileArn": profile}
            model = self._model(name.removeprefix(f"{prefix}."), region)
            yield Need(action=action, resource=model, context=context), region or NO_REGION

    def _model(self, model_id: str, region: str) -> str:
        return f"{self._bedrock}:{region}::foundation-model/{model_id}"


def runtime_action(call: Call) -> str:
    if call.surface == "count_tokens":
        return "bedrock:CountTokens"
    return "bedrock:InvokeModelWithResponseStream" if call.is_streaming else "bedrock:InvokeModel"
