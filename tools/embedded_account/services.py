"""What the other services say: the load balancer and the function."""

from __future__ import annotations

from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.machines import ALB_SUFFIX
from tools.embedded_account.shop import arn, identifier

_ALB_ARN = arn("elasticloadbalancing", f"loadbalancer/app/shop-alb/{ALB_SUFFIX}")
_LISTENERS = {80: "6d0ecf831eec9f09", 443: "f2f7dc8efc522ab2"}
_TARGETS = arn("elasticloadbalancing", "targetgroup/shop-web/73e2d6bc24d8a067")


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the calls to Elastic Load Balancing and Lambda."""
    return {
        "elb.describe_load_balancers": {"LoadBalancerDescriptions": []},
        "elbv2.describe_load_balancers": {"LoadBalancers": [_load_balancer()]},
        "elbv2.describe_listeners/shop-alb": {"Listeners": [_listener(port) for port in _LISTENERS]},
        "elbv2.describe_load_balancer_attributes/shop-alb": {"Attributes": _pairs(_ALB_ATTRIBUTES)},
        "elbv2.describe_target_groups": {"TargetGroups": [_target_group()]},
        "elbv2.describe_target_group_attributes/shop-web": {"Attributes": _pairs(_TARGET_ATTRIBUTES)},
        "elbv2.describe_target_health/shop-web": {"TargetHealthDescriptions": _health()},
        **{f"elbv2.describe_rules/{_LISTENERS[port]}": {"Rules": [_listener_rule(port)]} for port in _LISTENERS},
        "lambda.list_functions": {"Functions": [_price_sync()]},
    }


def _load_balancer() -> dict[str, Any]:
    return {
        "LoadBalancerArn": _ALB_ARN,
        "DNSName": f"shop-alb-1475392086.{shop.REGION}.elb.amazonaws.com",
        "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
        "CreatedTime": "2024-03-04T11:15:22.630000+00:00",
        "LoadBalancerName": "shop-alb",
        "Scheme": "internet-facing",
        "VpcId": shop.VPC,
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [
            {"ZoneName": subnet.zone, "SubnetId": subnet.id, "LoadBalancerAddresses": []}
            for subnet in (shop.PUBLIC_A, shop.PUBLIC_B)
        ],
        "SecurityGroups": [identifier("sg", "shop-alb-sg")],
        "IpAddressType": "ipv4",
        "EnablePrefixForIpv6SourceNat": "off",
    }


_ALB_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "deletion_protection.enabled": "true",
    "routing.http2.enabled": "true",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.desync_mitigation_mode": "defensive",
    "client_keep_alive.seconds": "3600",
    "waf.fail_open.enabled": "false",
    "load_balancing.cross_zone.enabled": "true",
    "zonal_shift.config.enabled": "false",
}
_TARGET_ATTRIBUTES = {
    "stickiness.enabled": "false",
    "deregistration_delay.timeout_seconds": "60",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def _pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


def _listener_arn(port: int) -> str:
    return f"{_ALB_ARN.replace(':loadbalancer/', ':listener/')}/{_LISTENERS[port]}"


def _actions(port: int) -> list[dict[str, Any]]:
    if port == 80:
        redirect = {
            "Protocol": "HTTPS",
            "Port": "443",
            "Host": "#{host}",
            "Path": "/#{path}",
            "Query": "#{query}",
            "StatusCode": "HTTP_301",
        }
        return [{"Type": "redirect", "Order": 1, "RedirectConfig": redirect}]
    forward = {
        "TargetGroups": [{"TargetGroupArn": _TARGETS, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    return [{"Type": "forward", "TargetGroupArn": _TARGETS, "Order": 1, "ForwardConfig": forward}]


def _listener(port: int) -> dict[str, Any]:
    secure = {
        "Certificates": [{"CertificateArn": arn("acm", "certificate/4b7e1d90-52c8-4f3a-a1d6-e08c93f72b15")}],
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "MutualAuthentication": {"Mode": "off"},
    }
    return {
        "ListenerArn": _listener_arn(port),
        "LoadBalancerArn": _ALB_ARN,
        "Port": port,
        "Protocol": "HTTPS" if port == 443 else "HTTP",
        **(secure if port == 443 else {}),
        "DefaultActions": _actions(port),
    }


def _listener_rule(port: int) -> dict[str, Any]:
    rule = _listener_arn(port).replace(":listener/", ":listener-rule/")
    return {
        "RuleArn": f"{rule}/9683b2d02a6cabee",
        "Priority": "default",
        "Conditions": [],
        "Actions": _actions(port),
        "IsDefault": True,
        "Transforms": [],
    }


def _target_group() -> dict[str, Any]:
    return {
        "TargetGroupArn": _TARGETS,
        "TargetGroupName": "shop-web",
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": shop.VPC,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/healthz",
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [_ALB_ARN],
        "TargetType": "instance",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def _health() -> list[dict[str, Any]]:
    return [
        {
            "Target": {"Id": web.instance, "Port": 8080},
            "HealthCheckPort": "8080",
            "TargetHealth": {"State": "healthy"},
            "AdministrativeOverride": {
                "State": "no_override",
                "Reason": "AdministrativeOverride.NoOverride",
                "Description": "No override is currently active on target",
            },
        }
        for web in shop.WEBS
    ]


def _price_sync() -> dict[str, Any]:
    return {
        "FunctionName": "price-sync",
        "FunctionArn": arn("lambda", "function:price-sync"),
        "Runtime": "python3.13",
        "Role": f"arn:aws:iam::{shop.ACCOUNT}:role/price-sync",
        "Handler": "price_sync.handler",
        "CodeSize": 1284093,
        "Description": "Fetches supplier prices every fifteen minutes",
        "Timeout": 60,
        "MemorySize": 256,
        "LastModified": "2026-10-02T15:20:48.000+0000",
        "CodeSha256": "q3n0Yx1a8dJv6Lr5oZKf2uTgWcEbHs7mPi9RlVt4B0E=",
        "Version": "$LATEST",
        "VpcConfig": {
            "SubnetIds": [shop.APP_B.id],
            "SecurityGroupIds": [identifier("sg", "price-sync-sg")],
            "VpcId": shop.VPC,
            "Ipv6AllowedForDualStack": False,
        },
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": "0f9d3c62-81b7-4e5a-a6f4-2c7d9e10b538",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/price-sync"},
    }
