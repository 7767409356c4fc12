// Another team's program: our components beside its own resource, through the executable on PATH.
import * as pulumi from "@pulumi/pulumi";

class Component extends pulumi.ComponentResource {
  constructor(kind: string, name: string, args: pulumi.Inputs, outputs: string[]) {
    const unset = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(`opencode_components:index:${kind}`, name, { ...args, ...unset }, {}, true);
  }
  [output: string]: any;
}

const config = new pulumi.Config();
const network = new Component(
  "Network",
  "team-net",
  { region: "us-east-1", zones: ["us-east-1a", "us-east-1b"], cidr: "10.50.0.0/16", egress: "public_ip" },
  ["vpcId", "publicSubnetIds", "taskSubnetIds", "assignPublicIp", "endpointClientSecurityGroupId"],
);
const topic = new pulumi.CustomResource("aws:sns/topic:Topic", "team-topic", { displayName: network.vpcId });

export const vpcId = network.vpcId;
export const topicId = topic.id;
