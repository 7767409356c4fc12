// Another team's program: our components beside a resource of its own, through the executable on PATH.
import * as pulumi from "@pulumi/pulumi";

class Component extends pulumi.ComponentResource {
  [output: string]: any;

  constructor(kind: string, name: string, args: pulumi.Inputs, outputs: string[]) {
    const unset = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(`opencode_components:index:${kind}`, name, { ...args, ...unset }, {}, true);
  }
}

class Topic extends pulumi.CustomResource {
  constructor(name: string, args: pulumi.Inputs) {
    super("aws:sns/topic:Topic", name, args);
  }
}

const region = "us-east-1";
const config = new pulumi.Config();
const accountId = config.require("accountId");
const host = "ai.team.example.com";
const zoneId = config.require("zoneId");
const digest = "ab".repeat(32);

const network = new Component(
  "Network",
  "team-net",
  { region, zones: [`${region}a`, `${region}b`], cidr: "10.50.0.0/16", egress: "public_ip" },
  ["vpcId", "publicSubnetIds", "taskSubnetIds", "assignPublicIp", "endpointClientSecurityGroupId"],
);
const certificate = new Component("Certificate", "team-cert", { names: [host], hosts: [host], zoneId }, ["certificateArn"]);
const records = new Component("Records", "team-records", { deletionProtection: false }, [
  "keysTableName",
  "keysTableArn",
  "usageTableName",
  "usageTableArn",
  "countersTableName",
  "countersTableArn",
]);
const logs = new Component("Logs", "team-logs", { retentionDays: 30, routerLogGroup: "/team/router" }, [
  "routerLogGroupName",
  "routerLogGroupArn",
]);
const api = new Component(
  "Api",
  "team-api",
  {
    region,
    accountId,
    host,
    zoneId,
    certificateArn: certificate.certificateArn,
    publicCidrs: ["203.0.113.0/24"],
    vpcId: network.vpcId,
    publicSubnetIds: network.publicSubnetIds,
    taskSubnetIds: network.taskSubnetIds,
    assignPublicIp: network.assignPublicIp,
    endpointClientSecurityGroupId: network.endpointClientSecurityGroupId,
    imageUri: `${accountId}.dkr.ecr.${region}.amazonaws.com/router@sha256:${digest}`,
    repositoryArn: `arn:aws:ecr:${region}:${accountId}:repository/router`,
    issuer: "https://login.example.com/",
    jwksUrl: "https://login.example.com/keys",
    audiences: ["gateway"],
    audienceClaim: "aud",
    audienceFormat: "single-string",
    tokenUses: [],
    keysTableName: records.keysTableName,
    keysTableArn: records.keysTableArn,
    usageTableName: records.usageTableName,
    usageTableArn: records.usageTableArn,
    countersTableName: records.countersTableName,
    countersTableArn: records.countersTableArn,
    logGroupName: logs.routerLogGroupName,
    logGroupArn: logs.routerLogGroupArn,
    models: ["anthropic.claude-sonnet-5*"],
    inferenceProfiles: ["us"],
    cpu: 256,
    memoryMib: 512,
    deletionProtection: false,
  },
  ["url", "serviceName"],
);
const topic = new Topic("team-topic", { displayName: network.vpcId });

export const url = api.url;
export const vpcId = network.vpcId;
export const topicArn = topic.id;
