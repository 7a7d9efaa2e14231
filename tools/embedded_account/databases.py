"""What RDS and ElastiCache say: two databases and a cache."""

from __future__ import annotations

from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.shop import arn, identifier

_DATA_SUBNETS = (shop.DATA_A, shop.DATA_B)


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the calls to RDS and ElastiCache."""
    return {
        "rds.describe_db_instances": {"DBInstances": [_orders_db(), _reports_db()]},
        "rds.describe_db_clusters": {"DBClusters": []},
        "rds.describe_db_subnet_groups": {"DBSubnetGroups": [_db_subnet_group()]},
        "elasticache.describe_cache_clusters": {"CacheClusters": [_sessions()]},
        "elasticache.describe_cache_subnet_groups": {"CacheSubnetGroups": [_cache_subnet_group()]},
        "elasticache.describe_replication_groups": {"ReplicationGroups": []},
    }


def _orders_db() -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "orders-db",
        "DBInstanceClass": "db.r6g.large",
        "Engine": "mysql",
        "EngineVersion": "8.0.42",
        "DBName": "orders",
        "Endpoint": _endpoint("orders-db", 3306),
        "LicenseModel": "general-public-license",
        "InstanceCreateTime": "2024-03-04T10:52:16.407000+00:00",
        "DBParameterGroups": [{"DBParameterGroupName": "shop-mysql80", "ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"OptionGroupName": "default:mysql-8-0", "Status": "in-sync"}],
        "EnabledCloudwatchLogsExports": ["error", "slowquery"],
        "DbiResourceId": "db-3XQ7LPHM2ZC4YB6KNDUW5RTEAQ",
        "AllocatedStorage": 200,
        "MaxAllocatedStorage": 1000,
        "AvailabilityZone": "us-east-1a",
        **_db_instance("orders-db", shop.ORDERS_DB),
    }


def _reports_db() -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "reports-db",
        "DBInstanceClass": "db.t4g.large",
        "Engine": "postgres",
        "EngineVersion": "16.9",
        "DBName": "reports",
        "Endpoint": _endpoint("reports-db", 5432),
        "LicenseModel": "postgresql-license",
        "InstanceCreateTime": "2024-06-11T07:38:55.290000+00:00",
        "DBParameterGroups": [{"DBParameterGroupName": "default.postgres16", "ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"OptionGroupName": "default:postgres-16", "Status": "in-sync"}],
        "EnabledCloudwatchLogsExports": ["postgresql"],
        "DbiResourceId": "db-H5VWY2DNQ4MTRZC7JKXG3BLFPE",
        "AllocatedStorage": 100,
        "MaxAllocatedStorage": 500,
        "AvailabilityZone": "us-east-1b",
        **_db_instance("reports-db", shop.REPORTS_DB),
    }


def _endpoint(name: str, port: int) -> dict[str, Any]:
    return {
        "Address": f"{name}.c9akciq32xyz.{shop.REGION}.rds.amazonaws.com",
        "Port": port,
        "HostedZoneId": "Z2R2ITUGPM61AM",
    }


def _db_instance(name: str, interface: shop.Interface) -> dict[str, Any]:
    """What both databases have in common."""
    return {
        "DBInstanceStatus": "available",
        "MasterUsername": "admin" if name == "orders-db" else "postgres",
        "PreferredBackupWindow": "03:10-03:40",
        "BackupRetentionPeriod": 14,
        "DBSecurityGroups": [],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": identifier("sg", group), "Status": "active"} for group in interface.groups
        ],
        "DBSubnetGroup": {
            key: value
            for key, value in _db_subnet_group().items()
            if key not in {"DBSubnetGroupArn", "SupportedNetworkTypes"}
        },
        "PreferredMaintenanceWindow": "sun:04:15-sun:04:45",
        "UpgradeRolloutOrder": "second",
        "PendingModifiedValues": {},
        "LatestRestorableTime": "2026-11-22T14:00:00+00:00",
        "MultiAZ": False,
        "AutoMinorVersionUpgrade": True,
        "ReadReplicaDBInstanceIdentifiers": [],
        "Iops": 3000,
        "StorageThroughput": 125,
        "PubliclyAccessible": False,
        "StorageType": "gp3",
        "DbInstancePort": 0,
        "StorageEncrypted": True,
        "KmsKeyId": arn("kms", "key/8d2f6a14-3c57-4e0b-9f61-7b04c2e5d918"),
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "DomainMemberships": [],
        "CopyTagsToSnapshot": True,
        "MonitoringInterval": 0,
        "DBInstanceArn": arn("rds", f"db:{name}"),
        "IAMDatabaseAuthenticationEnabled": False,
        "DatabaseInsightsMode": "standard",
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsRetentionPeriod": 7,
        "DeletionProtection": True,
        "AssociatedRoles": [],
        "TagList": [{"Key": "Environment", "Value": "prod"}, {"Key": "Name", "Value": name}],
        "CustomerOwnedIpEnabled": False,
        "BackupTarget": "region",
        "NetworkType": "IPV4",
        "ActivityStreamStatus": "stopped",
        "CertificateDetails": {
            "CAIdentifier": "rds-ca-rsa2048-g1",
            "ValidTill": "2027-03-04T10:50:41+00:00",
        },
        "DedicatedLogVolume": False,
        "IsStorageConfigUpgradeAvailable": False,
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
    }


def _db_subnet_group() -> dict[str, Any]:
    return {
        "DBSubnetGroupName": "shop-data",
        "DBSubnetGroupDescription": "Data subnets of the shop",
        "VpcId": shop.VPC,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {
                "SubnetIdentifier": subnet.id,
                "SubnetAvailabilityZone": {"Name": subnet.zone},
                "SubnetOutpost": {},
                "SubnetStatus": "Active",
            }
            for subnet in _DATA_SUBNETS
        ],
        "DBSubnetGroupArn": arn("rds", "subgrp:shop-data"),
        "SupportedNetworkTypes": ["IPV4"],
    }


def _sessions() -> dict[str, Any]:
    created = "2024-03-04T11:06:40.912000+00:00"
    node = {
        "CacheNodeId": "0001",
        "CacheNodeStatus": "available",
        "CacheNodeCreateTime": created,
        "Endpoint": {"Address": "sessions.x7k2vq.0001.use1.cache.amazonaws.com", "Port": 6379},
        "ParameterGroupStatus": "in-sync",
        "CustomerAvailabilityZone": "us-east-1a",
    }
    return {
        "CacheClusterId": "sessions",
        "ClientDownloadLandingPage": "https://console.aws.amazon.com/elasticache/home#client-download:",
        "CacheNodeType": "cache.t4g.small",
        "Engine": "redis",
        "EngineVersion": "7.1.0",
        "CacheClusterStatus": "available",
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": "us-east-1a",
        "CacheClusterCreateTime": created,
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "PendingModifiedValues": {},
        "CacheSecurityGroups": [],
        "CacheParameterGroup": {
            "CacheParameterGroupName": "default.redis7",
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        },
        "CacheSubnetGroupName": "shop-data",
        "CacheNodes": [node],
        "AutoMinorVersionUpgrade": True,
        "SecurityGroups": [{"SecurityGroupId": identifier("sg", "sessions-sg"), "Status": "active"}],
        "SnapshotRetentionLimit": 0,
        "SnapshotWindow": "06:30-07:30",
        "AuthTokenEnabled": False,
        "TransitEncryptionEnabled": False,
        "AtRestEncryptionEnabled": False,
        "ARN": arn("elasticache", "cluster:sessions"),
        "ReplicationGroupLogDeliveryEnabled": False,
        "LogDeliveryConfigurations": [],
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
    }


def _cache_subnet_group() -> dict[str, Any]:
    return {
        "CacheSubnetGroupName": "shop-data",
        "CacheSubnetGroupDescription": "Data subnets of the shop",
        "VpcId": shop.VPC,
        "Subnets": [
            {
                "SubnetIdentifier": subnet.id,
                "SubnetAvailabilityZone": {"Name": subnet.zone},
                "SupportedNetworkTypes": ["ipv4"],
            }
            for subnet in _DATA_SUBNETS
        ],
        "ARN": arn("elasticache", "subnetgroup:shop-data"),
        "SupportedNetworkTypes": ["ipv4"],
    }
