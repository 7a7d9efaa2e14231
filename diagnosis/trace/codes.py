"""Explanation codes: why a component drops traffic.

The names are those of VPC Reachability Analyzer
(https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html) wherever it has one; where it has none
the code is ours, in the same style.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """Every code that the engine decides. `meaning` says it in words, `ours` whether AWS has no such code."""

    meaning: str
    ours: bool

    def __new__(cls, value: str, meaning: str, ours: bool = False) -> Self:
        """A member from its row: the name, what it means, whether it is ours."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.ours = ours
        return member

    ENI_SG_RULES_MISMATCH = "ENI_SG_RULES_MISMATCH", "No rule of the security group allows the traffic."
    SG_HAS_NO_RULES = "SG_HAS_NO_RULES", "The security group has no rules at all in this direction."
    SG_REFERENCES_NOT_PRESERVED = (
        "SG_REFERENCES_NOT_PRESERVED",
        "A rule names the peer's security group, but the path does not carry security groups, so it cannot match.",
    )
    SG_REFERENCING_SUPPORT = (
        "SG_REFERENCING_SUPPORT",
        "A rule names the peer's security group, but a transit gateway attachment has group referencing switched off.",
    )
    SUBNET_ACL_RESTRICTION = "SUBNET_ACL_RESTRICTION", "The network ACL of the subnet denies the traffic."
    NO_ROUTE_TO_DESTINATION = (
        "NO_ROUTE_TO_DESTINATION",
        "The route table has no route that leads to the destination.",
    )
    BAD_STATE_ROUTE = "BAD_STATE_ROUTE", "The route that matches is a blackhole: its target is gone."
    BAD_STATE = "BAD_STATE", "The component is not functional."
    BAD_STATE_ATTACHMENT = "BAD_STATE_ATTACHMENT", "The attachment between two components is not functional."
    ENI_SOURCE_DEST_CHECK_RESTRICTION = (
        "ENI_SOURCE_DEST_CHECK_RESTRICTION",
        "The interface's source/destination check drops traffic that is neither from nor for its own addresses.",
    )
    IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS = (
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        "The interface has no public IPv4 address, so the internet gateway drops what it sends.",
    )
    IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS = (
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        "The destination is no public address of an attached interface, so nothing from the internet arrives.",
    )
    IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS = (
        "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
        "The route sends a private (RFC 1918) destination to an internet gateway, which drops it.",
    )
    IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS = (
        "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
        "The route sends a shared-space (RFC 6598) destination to an internet gateway, which drops it.",
    )
    IGW_EXPECTS_PUBLIC_ADDRESS = (
        "IGW_EXPECTS_PUBLIC_ADDRESS",
        "The route sends a destination that is not public to an internet gateway, which drops it.",
    )
    VPC_BLOCK_PUBLIC_ACCESS_ENABLED = (
        "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
        "VPC Block Public Access drops the traffic at the internet gateway.",
    )
    NGW_REQUIRES_SOURCE_IN_VPC = (
        "NGW_REQUIRES_SOURCE_IN_VPC",
        "A NAT gateway forwards only traffic that starts in its own VPC.",
    )
    PROTOCOL_RESTRICTION = "PROTOCOL_RESTRICTION", "The component does not forward this protocol."
    PCX_REQUIRES_ADDRESS_IN_VPC_CIDR = (
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        "A peering connection carries only traffic between the address ranges of its two VPCs.",
    )
    TGW_ROUTE_AZ_RESTRICTION = (
        "TGW_ROUTE_AZ_RESTRICTION",
        "The transit gateway attachment has no subnet in the Availability Zone where the traffic starts.",
    )
    TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION = (
        "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
        "The transit gateway attachment is associated with no transit gateway route table.",
    )
    TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT = (
        "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
        "The transit gateway route table has no route to the attachment that leads to the destination.",
    )
    TGW_RTB_BAD_STATE_ROUTE = (
        "TGW_RTB_BAD_STATE_ROUTE",
        "The route that matches in the transit gateway route table is a blackhole.",
    )
    TGW_BAD_STATE_VPN = "TGW_BAD_STATE_VPN", "The VPN connection of the transit gateway is not functional."
    BAD_STATE_VPN = "BAD_STATE_VPN", "The VPN connection is not functional."
    VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS = (
        "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS",
        "A virtual private gateway takes only what interfaces of its own VPC send from their private addresses.",
    )
    VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS = (
        "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        "A virtual private gateway delivers only to private addresses of interfaces in its VPC.",
    )
    NO_INTERFACE_WITH_ADDRESS = (
        "NO_INTERFACE_WITH_ADDRESS",
        "No network interface holds the address, so nothing can send from it or answer at it.",
        True,
    )
    VPC_HAS_NO_INTERNET_GATEWAY = (
        "VPC_HAS_NO_INTERNET_GATEWAY",
        "No internet gateway is attached to the VPC, so nothing from the internet enters it.",
        True,
    )
    ENI_DENIES_INTERNET_GATEWAY = (
        "ENI_DENIES_INTERNET_GATEWAY",
        "The interface is marked to drop everything from the internet (DenyAllIgwTraffic).",
        True,
    )
    NGW_UNSOLICITED_INBOUND = (
        "NGW_UNSOLICITED_INBOUND",
        "A NAT gateway drops connections that start outside and does not answer itself.",
        True,
    )
    INGRESS_RTB_NO_PUBLIC_IP = (
        "INGRESS_RTB_NO_PUBLIC_IP",
        "The internet gateway's route table sends what arrives to an appliance that has no public IPv4 address.",
    )
    INGRESS_RTB_TRAFFIC_REDIRECTION = (
        "INGRESS_RTB_TRAFFIC_REDIRECTION",
        "What arrives is redirected to an appliance that the other direction does not pass.",
    )
    REGIONAL_NGW_ROUTE_AZ_RESTRICTION = (
        "REGIONAL_NGW_ROUTE_AZ_RESTRICTION",
        "The regional NAT gateway is not present in the zone where the traffic starts.",
    )
    VPCE_GATEWAY_PROTOCOL_RESTRICTION = (
        "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
        "A gateway endpoint takes only TCP and ICMP echo over IPv4.",
    )
    VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC = (
        "VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC",
        "A gateway endpoint serves only traffic that starts in its own VPC.",
        True,
    )
    VPCE_INTRA_VPC_TRAFFIC = (
        "VPCE_INTRA_VPC_TRAFFIC",
        "A VPC endpoint answers connections and never starts one.",
    )
    ELBV2_LISTENERS_MISMATCH = (
        "ELBV2_LISTENERS_MISMATCH",
        "The load balancer has no listener that accepts the traffic.",
    )
    ELBV2_LISTENER_HAS_NO_TG = (
        "ELBV2_LISTENER_HAS_NO_TG",
        "The target groups of the load balancer's listener are empty.",
    )
    ELBV2_NO_TARGETS_IN_AZ = (
        "ELBV2_NO_TARGETS_IN_AZ",
        "No target is registered in the zone of the load balancer's node, and cross-zone load balancing is off.",
    )
    ELBV2_TARGET_IS_CLIENT = (
        "ELBV2_TARGET_IS_CLIENT",
        "With client IP preservation a target cannot reach itself through the load balancer.",
        True,
    )
    ELB_LISTENERS_MISMATCH = (
        "ELB_LISTENERS_MISMATCH",
        "The Classic Load Balancer has no listener that accepts the traffic.",
    )
    ELB_HAS_NO_INSTANCES = (
        "ELB_HAS_NO_INSTANCES",
        "No instance is registered with the Classic Load Balancer.",
        True,
    )
    ELB_INSTALLED_AZ_RESTRICTION = (
        "ELB_INSTALLED_AZ_RESTRICTION",
        "The load balancer sends only to targets in the zones that are enabled for it.",
    )
    ELB_NOT_CROSSZONE = (
        "ELB_NOT_CROSSZONE",
        "The instances are in other zones than the node, and cross-zone load balancing is off.",
    )
    ELB_ACL_RESTRICTION = (
        "ELB_ACL_RESTRICTION",
        "The network ACL applies to what a Classic Load Balancer sends, even to an instance in its own subnet.",
    )
