"""The calls that get a second opinion of VPC Reachability Analyzer, and the IAM actions that they need.

An analysis runs with the credentials of whoever starts it: AWS reads the network with them, and asks its own engine
(`tiros`). Sources: the managed policy AmazonVPCReachabilityAnalyzerFullAccessPolicy and
https://docs.aws.amazon.com/vpc/latest/reachability/security_iam_required-API-permissions.html
"""

from __future__ import annotations

from collections.abc import Mapping

from diagnosis.aws.listed_call import ListedCall, actions_of

SIMULATE = "iam:SimulatePrincipalPolicy"
_BY = ("diagnosis/aws/reachability_analyzer.py",)

CALLS: tuple[ListedCall, ...] = (
    ListedCall(
        "ec2.create_network_insights_path", "ec2:CreateNetworkInsightsPath", _BY, "names the path to analyse", "own"
    ),
    ListedCall(
        "ec2.start_network_insights_analysis",
        "ec2:StartNetworkInsightsAnalysis",
        _BY,
        "starts the analysis, for the price that was told before",
        "paid",
    ),
    ListedCall(
        "ec2.describe_network_insights_paths",
        "ec2:DescribeNetworkInsightsPaths",
        _BY,
        "finds a path of ours that can be used again, and what a crash left",
    ),
    ListedCall(
        "ec2.describe_network_insights_analyses",
        "ec2:DescribeNetworkInsightsAnalyses",
        _BY,
        "waits for the analysis and reads it",
    ),
    ListedCall(
        "ec2.delete_network_insights_analysis",
        "ec2:DeleteNetworkInsightsAnalysis",
        _BY,
        "deletes the analysis afterwards, only where it carries our tag",
        "own",
    ),
    ListedCall(
        "ec2.delete_network_insights_path",
        "ec2:DeleteNetworkInsightsPath",
        _BY,
        "deletes the path afterwards, only where it carries our tag",
        "own",
    ),
    ListedCall(
        "iam.simulate_principal_policy",
        SIMULATE,
        ("diagnosis/aws/witness_checkup.py",),
        "tells `whynot doctor` which of these are permitted, `tiros:` among them; nothing else needs it",
    ),
    ListedCall("ec2.create_tags", "ec2:CreateTags", (), "AWS tags what is made, with the call that makes it", "own"),
)

ACTIONS: Mapping[str, str] = actions_of(CALLS)
"""By `<boto3 client>.<method>`: what this program calls. Tags are given while the objects are made."""

READ_BY_AWS: tuple[str, ...] = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCustomerGateways",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribePrefixLists",
    "ec2:DescribeRegions",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayConnects",
    "ec2:DescribeTransitGatewayPeeringAttachments",
    "ec2:DescribeTransitGatewayRouteTables",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeTransitGateways",
    "ec2:DescribeVpcBlockPublicAccessExclusions",
    "ec2:DescribeVpcBlockPublicAccessOptions",
    "ec2:DescribeVpcEndpointServiceConfigurations",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpnConnections",
    "ec2:DescribeVpnGateways",
    "ec2:GetManagedPrefixListEntries",
    "ec2:GetTransitGatewayRouteTablePropagations",
    "ec2:SearchTransitGatewayRoutes",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "network-firewall:DescribeFirewall",
    "network-firewall:DescribeFirewallPolicy",
    "network-firewall:DescribeResourcePolicy",
    "network-firewall:DescribeRuleGroup",
    "network-firewall:ListFirewallPolicies",
    "network-firewall:ListFirewalls",
    "network-firewall:ListRuleGroups",
    "tiros:CreateQuery",
    "tiros:ExtendQuery",
    "tiros:GetQueryAnswer",
    "tiros:GetQueryExplanation",
    "tiros:GetQueryExtensionAccounts",
)
"""What AWS does with the same credentials while an analysis runs. Without `tiros:CreateQuery` every analysis fails."""
