"""What AWS's explanation codes say: 89 of them, and 11 that stand beside a path that was found.

Both are plain strings in AWS's model, so others may come; what is not in these tables is shown as it is. Sources:
https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html and additional-detail-codes.html. AWS does
not say which members of an explanation carry its evidence, so `members` is only the order in which they are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Standing = Literal["cause", "alternative", "unseen", "setup", "filter", "unlisted"]
"""What an explanation is good for: the network's own reason; a fact about a way that was rejected; something that AWS
does not see; a party that cannot be asked about; the wording of the request; a code that is in no list."""


class Told(NamedTuple):
    """A code: its standing, and what it says of a component. `members` name that component, the best first."""

    standing: Standing
    members: tuple[str, ...]
    words: str
    """Follows the component's name: "has no inbound rule that admits the traffic"."""


EXPLANATIONS: Mapping[str, Told] = MappingProxyType(
    {
        "BAD_STATE": Told("cause", ("Component",), "is not functional"),
        "BAD_STATE_ATTACHMENT": Told("cause", ("Component", "AttachedTo"), "has an attachment that is not functional"),
        "BAD_STATE_ROUTE": Told("cause", ("RouteTable",), "holds the route that matches, and it is not functional"),
        "BAD_STATE_VPN": Told("cause", ("VpnConnection", "Component"), "is a VPN connection that is not functional"),
        "CANNOT_ROUTE": Told("alternative", ("RouteTable",), "has a route that does not cover the destination"),
        "HIGHER_PRIORITY_ROUTE": Told(
            "alternative",
            ("RouteTable",),
            "has a route to the destination that loses to one of higher priority for the same range",
        ),
        "MORE_SPECIFIC_ROUTE": Told(
            "alternative", ("RouteTable",), "has a route to the destination that loses to a more specific one"
        ),
        "NO_ROUTE_TO_DESTINATION": Told("cause", ("RouteTable",), "has no usable route to the destination"),
        "VPC_LOCAL_ROUTE_CIDR_RESTRICTION": Told(
            "cause",
            ("RouteTable", "Vpc"),
            "has only the local route for this, which carries destinations inside the VPC",
        ),
        "INGRESS_RTB_NO_PUBLIC_IP": Told(
            "cause",
            ("NetworkInterface", "IngressRouteTable"),
            "has no public address, so it cannot receive what the gateway's route table sends there",
        ),
        "INGRESS_RTB_TRAFFIC_REDIRECTION": Told(
            "cause",
            ("IngressRouteTable", "SubnetRouteTable"),
            "redirects what arrives to an appliance that the other direction does not pass",
        ),
        "NO_POSSIBLE_DESTINATION": Told(
            "unseen",
            ("Component",),
            "can hand the packet to nothing that AWS knows, as when the next hop is in another account or Region",
        ),
        "UNKNOWN_DESTINATION": Told("unseen", ("Component",), "leads on to something that AWS knows too little about"),
        "ENI_ADDRESS_RESTRICTION": Told(
            "cause", ("NetworkInterface",), "takes only what is from or for its own private address"
        ),
        "ENI_SOURCE_DEST_CHECK_RESTRICTION": Told(
            "cause",
            ("NetworkInterface",),
            "checks source and destination, and the packet is neither from nor for its own addresses",
        ),
        "ENI_SG_RULES_MISMATCH": Told(
            "cause", ("SecurityGroups", "SecurityGroup", "NetworkInterface"), "has no {way}rule that admits the traffic"
        ),
        "SG_HAS_NO_RULES": Told("cause", ("SecurityGroup", "SecurityGroups"), "has no {way}rules at all"),
        "SG_REFERENCES_NOT_PRESERVED": Told(
            "cause",
            ("SecurityGroup", "SecurityGroups", "Component"),
            "admits the peer by its security group, which something on the path does not carry",
        ),
        "SG_REFERENCING_SUPPORT": Told(
            "cause",
            ("TransitGatewayAttachment", "SecurityGroup"),
            "does not carry security groups, for its security group referencing is off",
        ),
        "UNKNOWN_PEERED_SGS": Told(
            "unseen",
            ("VpcPeeringConnection", "SecurityGroups"),
            "leads to a VPC that AWS does not see, so rules that name its security groups count as no rules",
        ),
        "SUBNET_ACL_RESTRICTION": Told("cause", ("Acl",), "does not admit the traffic {way_in}"),
        "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS": Told(
            "cause", ("InternetGateway",), "takes from outside only what is for an address of the VPC"
        ),
        "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS": Told(
            "cause", ("InternetGateway",), "sends nothing to private (RFC 1918) addresses"
        ),
        "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS": Told(
            "cause", ("InternetGateway",), "sends nothing to shared (RFC 6598) addresses"
        ),
        "IGW_NAT_REFLECTION": Told(
            "unseen",
            ("InternetGateway",),
            "is in the middle of the path, which AWS does not analyse: out to it and in from it are two questions",
        ),
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS": Told(
            "cause",
            ("InternetGateway",),
            "delivers only to the public address of an attached interface, and the destination is none",
        ),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS": Told(
            "cause",
            ("NetworkInterface", "InternetGateway"),
            "has no public address for what it sends, or is not attached",
        ),
        "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS": Told(
            "cause", ("InternetGateway",), "takes nothing in from private (RFC 1918) addresses"
        ),
        "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS": Told(
            "cause", ("InternetGateway",), "takes nothing in from shared (RFC 6598) addresses"
        ),
        "VPC_BLOCK_PUBLIC_ACCESS_ENABLED": Told(
            "cause", ("Vpc", "Subnet", "InternetGateway"), "is under Block Public Access, which drops the traffic"
        ),
        "GATEWAY_REJECTS_SPOOFED_TRAFFIC": Told(
            "cause", ("Component",), "drops traffic of the VPC whose source address is not its sender's"
        ),
        "NGW_DEST_ADDRESS_PRESERVATION": Told("alternative", ("NatGateway",), "never changes the destination address"),
        "NGW_REQUIRES_SOURCE_IN_VPC": Told("cause", ("NatGateway",), "forwards only what starts in its own VPC"),
        "NGW_SOURCE_ADDRESS_REASSIGN": Told("alternative", ("NatGateway",), "replaces the source address by its own"),
        "REGIONAL_NGW_ROUTE_AZ_RESTRICTION": Told(
            "cause", ("NatGateway",), "is not present in the zone where the traffic starts"
        ),
        "REMAP_EPHEMERAL_PORT": Told(
            "alternative", ("Component", "NatGateway"), "replaces the source port by one from 1024 to 65535"
        ),
        "ELB_ACL_RESTRICTION": Told(
            "cause",
            ("Acl",),
            "applies to what the Classic Load Balancer sends, even within its subnet, and does not admit it",
        ),
        "ELB_INSTALLED_AZ_RESTRICTION": Told(
            "cause", ("LoadBalancerArn",), "sends only to targets in the zones that are enabled for it"
        ),
        "ELB_LISTENER_PORT_RESTRICTION": Told("cause", ("LoadBalancerArn",), "listens and forwards on other ports"),
        "ELB_LISTENERS_MISMATCH": Told("cause", ("LoadBalancerArn",), "has no listener that accepts the traffic"),
        "ELB_NOT_CROSSZONE": Told(
            "cause", ("LoadBalancerArn",), "has targets only in other zones, and cross-zone load balancing is off"
        ),
        "ELBV2_LISTENER_HAS_NO_TG": Told(
            "cause",
            ("LoadBalancerArn", "ElasticLoadBalancerListener", "LoadBalancerTargetGroups"),
            "has a listener whose target groups are empty",
        ),
        "ELBV2_LISTENER_PORT_RESTRICTION": Told(
            "cause", ("LoadBalancerArn", "ElasticLoadBalancerListener"), "accepts only the port of its listener"
        ),
        "ELBV2_LISTENER_REQUIRES_TG_ACCEPT": Told(
            "cause",
            ("LoadBalancerArn", "ElasticLoadBalancerListener", "LoadBalancerTargetGroups"),
            "has a listener none of whose target groups accepts the traffic",
        ),
        "ELBV2_LISTENERS_MISMATCH": Told("cause", ("LoadBalancerArn",), "has no listener that accepts the traffic"),
        "ELBV2_NO_TARGETS_IN_AZ": Told("cause", ("LoadBalancerArn",), "has no targets in the zone"),
        "ELBV2_SOURCE_ADDRESS_PRESERVATION": Told(
            "alternative", ("LoadBalancerTargetGroup", "LoadBalancerArn"), "keeps the client's address as the source"
        ),
        "TARGET_ADDRESS_RESTRICTION": Told(
            "alternative", ("LoadBalancerArn", "LoadBalancerTarget"), "sends only to the address of a target"
        ),
        "TARGET_PORT_RESTRICTION": Told(
            "alternative", ("LoadBalancerArn", "LoadBalancerTarget"), "sends only to the registered port of a target"
        ),
        "GWLB_DESTINATION_PORT_RESTRICTION": Told(
            "cause", ("Component", "LoadBalancerArn"), "exchanges packets with its targets on port 6081 only"
        ),
        "GWLB_PROTOCOL_RESTRICTION": Told(
            "cause", ("Component", "LoadBalancerArn"), "exchanges packets with its targets in GENEVE over UDP only"
        ),
        "FIREWALL_RULES_RESTRICTION": Told(
            "cause",
            ("FirewallStatefulRule", "FirewallStatelessRule", "Component"),
            "holds the Network Firewall rule that blocks the traffic",
        ),
        "PROTOCOL_RESTRICTION": Told("cause", ("Component",), "does not accept this protocol"),
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR": Told(
            "cause", ("VpcPeeringConnection",), "carries only traffic between the ranges of its two VPCs"
        ),
        "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION": Told(
            "cause", ("TransitGatewayAttachment",), "is associated with no transit gateway route table"
        ),
        "TGW_ATTACH_VPC_AZ_RESTRICTION": Told(
            "cause",
            ("TransitGatewayAttachment",),
            "cannot use the interface of this zone for traffic from the zone where it starts",
        ),
        "TGW_BAD_STATE_VPN": Told(
            "cause", ("VpnConnection",), "is a VPN connection of the transit gateway that is not functional"
        ),
        "TGW_ROUTE_AZ_RESTRICTION": Told(
            "cause",
            ("TransitGatewayAttachment", "TransitGateway"),
            "has no subnet in the zone where the traffic starts",
        ),
        "TGW_RTB_BAD_STATE_ROUTE": Told(
            "cause", ("TransitGatewayRouteTable",), "holds the route that matches, and it is not functional"
        ),
        "TGW_RTB_CANNOT_ROUTE": Told(
            "alternative", ("TransitGatewayRouteTable",), "has a route that does not cover the destination"
        ),
        "TGW_RTB_HIGHER_PRIORITY_ROUTE": Told(
            "alternative",
            ("TransitGatewayRouteTable",),
            "has a route that loses to one of higher priority for the same range",
        ),
        "TGW_RTB_MORE_SPECIFIC_ROUTE": Told(
            "alternative", ("TransitGatewayRouteTable",), "has a route that loses to a more specific one"
        ),
        "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT": Told(
            "cause", ("TransitGatewayRouteTable",), "has no route to the attachment that leads to the destination"
        ),
        "TGW_RTB_ROUTES_ARE_UNKNOWN": Told(
            "unseen",
            ("TransitGatewayRouteTable",),
            "holds routes that AWS did not see, as when another account owns it",
        ),
        "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS": Told(
            "cause", ("VpnGateway",), "takes out only what attached interfaces of its VPC send"
        ),
        "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS": Told(
            "cause", ("VpnGateway",), "delivers only to private addresses of attached interfaces"
        ),
        "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION": Told(
            "cause", ("VpcEndpoint",), "answers only from addresses of its prefix list"
        ),
        "VPCE_GATEWAY_PROTOCOL_RESTRICTION": Told("cause", ("VpcEndpoint",), "takes only TCP and ICMP echo"),
        "VPCE_INTRA_VPC_TRAFFIC": Told("cause", ("VpcEndpoint",), "starts no connection into its own VPC"),
        "VPCE_SERVICE_NOT_INSTALLED_IN_AZ": Told(
            "cause", ("VpcEndpoint",), "serves an endpoint service that is not in this zone"
        ),
        "UNKNOWN_RESOURCE": Told(
            "unseen", ("Component", "MissingComponent"), "could not be described by AWS with these permissions"
        ),
        "DISCONNECTED_VPCS": Told(
            "cause", ("SourceVpc", "DestinationVpc"), "is connected with the other VPC by nothing that AWS supports"
        ),
        "NO_PATH": Told(
            "unseen",
            (),
            "found no path: an address or port cannot be met, or the path needs what AWS does not analyse",
        ),
        "NO_SOURCE_OR_DESTINATION": Told("setup", ("Component", "MissingComponent"), "does not exist (any more)"),
        "UNASSOCIATED_COMPONENT": Told(
            "setup", ("Component",), "belongs to no VPC, or has no interface with an IPv4 address"
        ),
        "UNSUPPORTED_COMPONENT": Told("unseen", ("Component",), "is of a kind that AWS does not analyse"),
        "COMPONENT_FILTER_RESTRICTION": Told(
            "filter", ("Component",), "is where the path was told to lead through, and none does"
        ),
        "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT": Told(
            "filter", ("Component",), "is needed, and the path was told to avoid it"
        ),
        "FILTER_AT_DESTINATION_DESTINATION_ADDRESS": Told(
            "filter", (), "admits no packet with the destination address that was asked for at the destination"
        ),
        "FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE": Told(
            "filter", (), "admits no packet with the destination port that was asked for at the destination"
        ),
        "FILTER_AT_DESTINATION_PROTOCOL": Told(
            "filter", (), "admits no packet with the protocol that was asked for at the destination"
        ),
        "FILTER_AT_DESTINATION_SOURCE_ADDRESS": Told(
            "filter", (), "admits no packet with the source address that was asked for at the destination"
        ),
        "FILTER_AT_DESTINATION_SOURCE_PORT_RANGE": Told(
            "filter", (), "admits no packet with the source port that was asked for at the destination"
        ),
        "FILTER_AT_SOURCE_DESTINATION_ADDRESS": Told(
            "filter", (), "admits no packet with the destination address that was asked for at the source"
        ),
        "FILTER_AT_SOURCE_DESTINATION_PORT_RANGE": Told(
            "filter", (), "admits no packet with the destination port that was asked for at the source"
        ),
        "FILTER_AT_SOURCE_PROTOCOL": Told(
            "filter", (), "admits no packet with the protocol that was asked for at the source"
        ),
        "FILTER_AT_SOURCE_SOURCE_ADDRESS": Told(
            "filter", (), "admits no packet with the source address that was asked for at the source"
        ),
        "FILTER_AT_SOURCE_SOURCE_PORT_RANGE": Told(
            "filter", (), "admits no packet with the source port that was asked for at the source"
        ),
        "IGW_EXPECTS_PUBLIC_ADDRESS": Told("filter", ("InternetGateway",), "takes only public addresses"),
    }
)

DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "ASSUMPTION_PRESERVE_CLIENT_IP_IS_DISABLED": (
            "AWS could not read the target group's attributes and assumed that client IP preservation is off."
        ),
        "ASSUMPTION_PRESERVE_CLIENT_IP_IS_ENABLED": (
            "AWS could not read the target group's attributes and assumed that client IP preservation is on."
        ),
        "AVAILABILITY_ZONE_CROSSED": "The path crosses Availability Zones.",
        "FIREWALL_UNSUPPORTED_HIGHER_PRIORITY_RULE_GROUP_TYPE": (
            "AWS ignored a firewall rule group of higher priority whose type it does not analyse; it could match."
        ),
        "FIREWALL_UNSUPPORTED_HIGHER_PRIORITY_RULES": (
            "AWS ignored a firewall rule of higher priority with an option that it does not analyse; it could match."
        ),
        "FIREWALL_UNSUPPORTED_RULE_OPTIONS": "The firewall rule that matches has an option that AWS does not analyse.",
        "MISSING_TARGET_GROUP_ATTRIBUTES": "AWS could not read the target group's attributes and left them out.",
        "PATH_THROUGH_GWLB_NOT_CHECKED": "AWS did not analyse what the Gateway Load Balancer's appliances do.",
        "RESPONSE_RTB_HAS_NO_ROUTE_TO_TRANSIT_GATEWAY": (
            "The endpoint's route table has no route back to the transit gateway, so responses may be dropped."
        ),
        "TRANSIT_GATEWAY_APPLIANCE_MODE_RECOMMENDED": (
            "A firewall inspects traffic of a transit gateway attachment that has no appliance mode."
        ),
        "UNIDIRECTIONAL_PATH_ANALYSIS_ONLY": "AWS analysed only the way there; the way back may be blocked.",
    }
)
"""`AdditionalDetailType` of a hop: what to keep in mind of a path, the found one too."""
ONE_WAY = "UNIDIRECTIONAL_PATH_ANALYSIS_ONLY"
