"""The sections of one environment's config file, typed; every default stands here and nowhere else."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from opencode_stacks.models import MODEL_PATTERNS

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
Host = Annotated[str, Field(pattern=rf"^({LABEL}\.)+{LABEL}$", examples=["ai.example.com"])]
CertificateName = Annotated[str, Field(pattern=rf"^(\*\.)?({LABEL}\.)+{LABEL}$", examples=["*.example.com"])]
Cidr = Annotated[str, Field(pattern=r"^[0-9a-f.:]+/[0-9]{1,3}$", examples=["203.0.113.0/24"])]
IssuerUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s?#]+$",  # http on this machine alone
        examples=["https://login.example.com/"],
    ),
]
Arn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$")]
SecretArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$",
        examples=["arn:aws:secretsmanager:us-east-1:111122223333:secret:idp-AbCdEf"],
    ),
]
RetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653]
Port = Annotated[int, Field(ge=1024, le=65535)]
CALLBACK_PORTS = (8080, 19876)


class Section(BaseModel):
    """What all sections share: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Domain(Section):
    """Where the gateway is reached."""

    host: Host
    """Name of the gateway."""
    zone_id: Annotated[str, Field(pattern=r"^[A-Z0-9]{8,32}$", examples=["Z0123456789EXAMPLE"])]
    """Id of the public Route 53 zone that the host is in."""
    certificate_names: tuple[CertificateName, ...] = ()
    """Names in the certificate that the program requests; the hosts alone when empty."""
    certificate_arn: (
        Annotated[
            str,
            Field(
                pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$",
                examples=["arn:aws:acm:us-east-1:111122223333:certificate/0b7c"],
            ),
        ]
        | None
    ) = None
    """ARN of a certificate that exists, and covers all hosts; none is requested then."""
    public_cidrs: Annotated[tuple[Cidr, ...], Field(min_length=1)] = ("0.0.0.0/0",)
    """Who may reach the load balancer."""


class Network(Section):
    """A VPC of the gateway's own."""

    cidr: Annotated[str, Field(pattern=r"^[0-9.]+/(1[6-9]|20)$", examples=["10.20.0.0/16"])]
    """IPv4 range, /16 to /20."""
    zones: Annotated[
        tuple[Annotated[str, Field(pattern="^[a-f]$", examples=["a"])], ...],
        Field(min_length=2, max_length=3, examples=[["a", "b"]]),
    ]
    """Letters of the region's availability zones."""
    egress: Literal["nat", "nat_per_zone", "public_ip", "none"]
    """How tasks reach the internet: one NAT gateway, one a zone, an address of their own, or not at all."""
    interface_endpoints: tuple[
        Literal["bedrock-runtime", "bedrock-mantle", "ecr.api", "ecr.dkr", "logs", "sts", "secretsmanager"], ...
    ] = ()
    """AWS services reached without leaving the VPC; S3 and DynamoDB always are."""
    flow_log_retention_days: RetentionDays = 30
    """How long the VPC's flow logs are kept."""


class ExistingNetwork(Section):
    """A VPC that exists."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$", examples=["vpc-0a1b2c3d4e5f60718"])]
    """Id of the VPC."""
    public_subnet_ids: Annotated[
        tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")], ...],
        Field(min_length=2, examples=[["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"]]),
    ]
    """Subnets of the load balancer, in different zones."""
    private_subnet_ids: tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")], ...] = ()
    """Subnets of the tasks; they need a way to Bedrock, ECR and the issuer."""
    use_public_ip: bool = False
    """Tasks run in the public subnets with addresses of their own."""


class Federation(Section):
    """The company's own identity provider behind Cognito."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,32}$", examples=["okta"])]
    """Name of the provider in the user pool."""
    issuer: IssuerUrl
    """Issuer, to the letter."""
    client_id: Annotated[str, Field(min_length=1, examples=["0oa1b2c3d4"])]
    """The client registered for Cognito."""
    secret_arn: SecretArn
    """Secret with a JSON value whose key `client_secret` holds the client's secret."""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    """Scopes asked of the provider."""


class Cognito(Section):
    """A Cognito user pool as identity provider."""

    tier: Literal["LITE", "ESSENTIALS", "PLUS"] = "ESSENTIALS"
    """Feature plan, which decides the price per user."""
    threat_protection: Literal["OFF", "AUDIT", "ENFORCED"] = "OFF"
    """Cognito's threat protection; needs the PLUS tier."""
    cli_callback_ports: Annotated[tuple[Port, ...], Field(min_length=1)] = CALLBACK_PORTS
    """Loopback ports on which the client may wait for the sign-in."""
    groups: tuple[Annotated[str, Field(pattern=r"^[\w.@+=-]{1,128}$", examples=["developers"])], ...] = ()
    """Groups to create in the pool."""
    federation: Federation | None = None
    """Sign-in only through the company's own provider; without it, through the pool's own users."""


class Oidc(Section):
    """Any OpenID Connect provider; its endpoints come from its discovery document."""

    issuer: IssuerUrl
    """Issuer, to the letter, trailing slash included."""
    cli_client_id: Annotated[str, Field(min_length=1, examples=["gateway-cli"])]
    """Public client of the command line tool."""
    browser_client_id: Annotated[str, Field(min_length=1, examples=["gateway-browser"])]
    """Confidential client of the web pages."""
    browser_client_secret_arn: SecretArn
    """Secret with a JSON value whose key `client_secret` holds that client's secret."""
    audiences: Annotated[tuple[str, ...], Field(min_length=1, examples=[["gateway"]])]
    """Audiences of which a token must carry one."""
    audience_claim: Annotated[str, Field(min_length=1)] = "aud"
    """Claim that holds the audience."""
    audience_format: Literal["single-string", "string-array", "space-separated-values"] = "single-string"
    """How the provider writes that claim."""
    groups_claim: Annotated[str, Field(min_length=1)] = "groups"
    """Claim that holds the caller's groups."""
    scopes: Annotated[tuple[str, ...], Field(min_length=1)] = ("openid", "email", "profile", "offline_access")
    """Scopes that clients ask for; most providers give a refresh token only for `offline_access`."""
    cli_callback_ports: Annotated[tuple[Port, ...], Field(min_length=1)] = CALLBACK_PORTS
    """Loopback ports that are registered with the provider for the sign-in."""


class Router(Section):
    """The gateway's tasks."""

    architecture: Literal["ARM64", "X86_64"] = "ARM64"
    """Processor of the tasks and of the image."""
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = 256
    """CPU units of a task; 1,024 are one vCPU."""
    memory_mib: Annotated[int, Field(ge=512, le=122880)] = 512
    """Memory of a task in MiB."""
    min_tasks: Annotated[int, Field(ge=1, le=100)] = 1
    """Tasks that always run."""
    max_tasks: Annotated[int, Field(ge=1, le=500)] = 4
    """Tasks at most."""
    spot_percent: Annotated[int, Field(ge=0, le=100)] = 0
    """Share of the tasks beyond the first that run on Spot capacity."""
    requests_per_task_per_minute: Annotated[int, Field(ge=1)] = 600
    """Load of a task at which another is started."""
    idle_timeout_s: Annotated[int, Field(ge=60, le=4000)] = 900
    """Longest silence that the load balancer bears: a thinking model can be quiet for minutes."""
    drain_s: Annotated[int, Field(ge=1, le=110)] = 110
    """How long open answers may go on when a task stops."""
    image_uri: (
        Annotated[
            str,
            Field(
                pattern=r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^@\s]+@sha256:[0-9a-f]{64}$",
                examples=[f"111122223333.dkr.ecr.us-east-1.amazonaws.com/router@sha256:{'0' * 64}"],
            ),
        ]
        | None
    ) = None
    """An image that exists, by digest; without it the image is built from router/ and pushed."""
    settings: dict[Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$", examples=["LOG_LEVEL"])], str] = {}
    """Further settings of the router, by the names in docs/gateway.md."""


class Bedrock(Section):
    """Which models the gateway's role may call."""

    models: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z0-9.:-]+\*?$", examples=["anthropic.claude-sonnet-5*"])], ...],
        Field(min_length=1),
    ] = MODEL_PATTERNS
    """Foundation model ids; a `*` may end one."""
    inference_profiles: tuple[Literal["us", "eu", "jp", "au", "apac", "in", "us-gov", "global"], ...] = ()
    """Prefixes of the cross-region inference profiles to use, first choice first; without, only the own region."""


class Downloads(Section):
    """A host where people get the client and its updates; without this section there is none."""

    host: Annotated[Host, Field(examples=["downloads.example.com"])]
    """Name of the download host, in the zone of the gateway's."""
    help_url: (
        Annotated[
            str,
            Field(pattern=r"^(https://|mailto:)[^\s\"'<>]+$", examples=["https://wiki.example.com/gateway"]),
        ]
        | None
    ) = None
    """Where people get help; the page links to it."""
    release_keys: tuple[
        Annotated[
            str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$", examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="])
        ],
        ...,
    ] = ()
    """Ed25519 public keys of releases that are signed outside of AWS, the base64 of 32 bytes each; without, a key is
    made in KMS and signs."""
    public_concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Public requests that are answered at once, which is reserved for them; without, they share the account's limit. A
    new account cannot reserve any."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """How long a file of a release that was replaced or deleted can be brought back."""


class Sharing(Section):
    """A host where people share sessions of their agents; without this section there is none."""

    host: Annotated[Host, Field(examples=["share.example.com"])]
    """Name of the sharing host, in the zone of the gateway's."""
    admin_groups: tuple[Annotated[str, Field(pattern=r"^[^,]{1,128}$", examples=["admins"])], ...] = ()
    """Groups whose members list, change and delete every share."""
    redaction: Literal["off", "warn", "mask"] = "warn"
    """What becomes of secrets in what is shared: nothing, the one who shares is told, or they are taken out."""
    default_expiry_hours: Annotated[int, Field(ge=1, le=2160)] = 168
    """How long a share lasts when nobody says so: an hour to 90 days."""
    reserved_concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Requests of readers that are answered at once, which is reserved for them; without, they share the account's
    limit. A new account cannot reserve any."""
    live_access_log: bool = False
    """API Gateway logs who watches, for as long as `log_retention_days` of opencode:observability; needs its role for
    logs in the account, see docs/deploy.md."""


class Observability(Section):
    """Logs, alarms and who hears of them."""

    log_retention_days: RetentionDays = 90
    """How long the router's log is kept."""
    access_log_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long the load balancer's access log is kept."""
    alarm_emails: tuple[
        Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", examples=["oncall@example.com"])], ...
    ] = ()
    """Who is told of alarms; each confirms once by mail."""
    keep_logs_on_destroy: bool = False
    """Logs outlive the stack."""


class Firewall(Section):
    """AWS WAF before the load balancer; without this section there is none."""

    requests_per_5_minutes_per_ip: Annotated[int, Field(ge=10, le=2_000_000_000)] = 10_000
    """Requests from one address after which it is refused for a while."""
    allowed_cidrs: tuple[Cidr, ...] = ()
    """Spared all rules of the firewall but `blocked_cidrs`, the rate among them."""
    blocked_cidrs: tuple[Cidr, ...] = ()
    """Refused."""


class Lifecycle(Section):
    """What a mistake or a destroy may take away."""

    deletion_protection: bool
    """Tables, user pool, load balancer, image repository, buckets and signing key refuse to be deleted."""
    records_key_arn: Arn | None = None
    """Customer managed KMS key of the tables; without it AWS's own key."""
