"""Who is in the account: names, ids and addresses, each written once."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

ACCOUNT = "123456789012"
REGION = "us-east-1"
TAKEN_AT = "2026-11-22T14:05:10Z"
BUILT_AT = "2024-03-04T10:12:33+00:00"

# Ids that people will meet in the documentation are chosen so that their shortened forms tell them apart;
# the rest follow from their names.
_CHOSEN = {
    ("sg", "web-tier"): "sg-03aa5566778897c1e",
    ("sg", "orders-db-sg"): "sg-0f1e2d3c4b5a690d2",
    ("acl", "app-acl"): "acl-09b4d27e5c1f80aaa",
    ("acl", "data-acl"): "acl-01c8e36f9a2d50bbb",
    ("rtb", "app-routes"): "rtb-0c4f7a1e9d2b651d0",
    ("rtb", "data-routes"): "rtb-0e83b5d6f7129c0de",
    ("eni", "web-1"): "eni-0a17c4e9b25d3f610",
    ("eni", "orders-db"): "eni-0d6c3b9e41f7a2508",
}


def identifier(prefix: str, name: str) -> str:
    """The AWS id of the thing called `name`: the prefix and 17 hex digits, the same in every run."""
    return _CHOSEN.get((prefix, name)) or f"{prefix}-0{sha256(f'{prefix}/{name}'.encode()).hexdigest()[:16]}"


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of this account and Region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def tags(name: str, **more: str) -> list[dict[str, str]]:
    """The tags of a thing that the shop's team has made."""
    return [{"Key": key, "Value": value} for key, value in {"Name": name, "Environment": "prod", **more}.items()]


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet, with the tables that govern it."""

    name: str
    zone: str
    cidr: str
    ipv6_cidr: str | None
    routes: str
    acl: str

    @property
    def id(self) -> str:
        """`subnet-…`."""
        return identifier("subnet", self.name)


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; `kind` says what holds it, `name` what people call it."""

    name: str
    kind: str
    subnet: Subnet
    address: str
    groups: tuple[str, ...] = ()
    ipv6: str | None = None
    public: str | None = None

    @property
    def id(self) -> str:
        """`eni-…`."""
        return identifier("eni", self.name)

    @property
    def instance(self) -> str | None:
        """The EC2 instance that holds it; None for the interfaces that AWS services hold."""
        return identifier("i", self.name) if self.kind == "instance" else None


VPC = identifier("vpc", "shop")
VPC_CIDR = "10.0.0.0/16"
VPC_IPV6_CIDR = "2001:db8:1234:1a00::/56"
INTERNET_GATEWAY = identifier("igw", "shop-igw")
EGRESS_ONLY_GATEWAY = identifier("eigw", "shop-eigw")
NAT_GATEWAY = identifier("nat", "shop-nat")
S3_ENDPOINT = identifier("vpce", "s3")
FLOW_LOG = identifier("fl", "shop")
FLOW_LOG_BUCKET = f"shop-flow-logs-{ACCOUNT}"

# AWS's own prefix lists of us-east-1, and the office's.
S3_PREFIX_LIST = "pl-63a5400a"
DYNAMODB_PREFIX_LIST = "pl-02cd2c6b"
OFFICE_PREFIX_LIST = identifier("pl", "office")
OFFICE_CIDR = "192.0.2.128/28"
S3_CIDRS = (
    "3.5.0.0/19", "16.15.176.0/20", "16.182.0.0/16", "18.34.0.0/19", "18.34.232.0/21",
    "44.192.134.240/28", "44.192.140.64/28", "52.216.0.0/15", "54.231.0.0/16",
)  # fmt: skip
DYNAMODB_CIDRS = ("3.218.180.0/22", "35.71.68.0/22", "52.94.0.0/22", "52.119.224.0/20")

PUBLIC_A = Subnet("public-a", "us-east-1a", "10.0.0.0/24", "2001:db8:1234:1a00::/64", "public-routes", "default")
APP_A = Subnet("app-a", "us-east-1a", "10.0.1.0/24", "2001:db8:1234:1a01::/64", "app-routes", "app-acl")
DATA_A = Subnet("data-a", "us-east-1a", "10.0.2.0/24", None, "data-routes", "data-acl")
APP_B = Subnet("app-b", "us-east-1b", "10.0.3.0/24", "2001:db8:1234:1a03::/64", "app-routes", "app-acl")
DATA_B = Subnet("data-b", "us-east-1b", "10.0.4.0/24", None, "data-routes", "data-acl")
PUBLIC_B = Subnet("public-b", "us-east-1b", "10.0.5.0/24", "2001:db8:1234:1a05::/64", "public-routes", "default")
SUBNETS = (PUBLIC_A, APP_A, DATA_A, APP_B, DATA_B, PUBLIC_B)
ZONE_IDS = {"us-east-1a": "use1-az4", "us-east-1b": "use1-az6"}

WEB_1 = Interface("web-1", "instance", APP_A, "10.0.1.10", ("web-tier",), "2001:db8:1234:1a01::10")
WEB_2 = Interface("web-2", "instance", APP_B, "10.0.3.10", ("web-tier",), "2001:db8:1234:1a03::10")
WEB_3 = Interface("web-3", "instance", APP_A, "10.0.1.12", ("web-tier",), "2001:db8:1234:1a01::12")
BATCH_1 = Interface("batch-1", "instance", APP_A, "10.0.1.30", ("reporting",))
BASTION = Interface("bastion", "instance", PUBLIC_A, "10.0.0.50", ("bastion-sg",), None, "203.0.113.10")
ORDERS_DB = Interface("orders-db", "rds", DATA_A, "10.0.2.20", ("orders-db-sg",))
REPORTS_DB = Interface("reports-db", "rds", DATA_B, "10.0.4.30", ("reports-db-sg",))
SESSIONS = Interface("sessions", "elasticache", DATA_A, "10.0.2.40", ("sessions-sg",))
PRICE_SYNC = Interface("price-sync", "lambda", APP_B, "10.0.3.40", ("price-sync-sg",))
ALB_A = Interface("shop-alb-a", "alb", PUBLIC_A, "10.0.0.61", ("shop-alb-sg",), None, "203.0.113.31")
ALB_B = Interface("shop-alb-b", "alb", PUBLIC_B, "10.0.5.62", ("shop-alb-sg",), None, "203.0.113.32")
NAT = Interface("shop-nat", "nat", PUBLIC_A, "10.0.0.20", (), None, "203.0.113.20")
WEBS = (WEB_1, WEB_2, WEB_3)
INTERFACES = (*WEBS, BATCH_1, BASTION, ORDERS_DB, REPORTS_DB, SESSIONS, PRICE_SYNC, ALB_A, ALB_B, NAT)
