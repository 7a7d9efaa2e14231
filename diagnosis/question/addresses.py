"""What a single written word names: an address, a CIDR, an AWS id or ARN, a DNS name, or only a word.

AWS resource ids: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html. Host names: RFC 1123 section 2.1.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from diagnosis.question.question import Party

_DOTTED: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_WILDCARD: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})((?:\.(?:x{1,3}|\*)){1,3})\Z", re.IGNORECASE)
_ADDRESS_LIKE: Final = re.compile(r"\d+(?:\.\d+){3,}(?:/\d+)?\Z")
_SCOPED: Final = re.compile(r"vpc-[0-9A-Za-z]+/([0-9A-Fa-f:.]+)\Z")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[^\s:]*:[^\s:]*:\S+\Z", re.IGNORECASE)
_HEX_ID: Final = re.compile(
    r"(?:eipalloc|eipassoc|tgw-attach|tgw-rtb|tgw-mcast-domain|tgw-connect-peer|subnet|vpce-svc|vpce|vpc|eigw|igw|eni-attach|eni|nat|tgw|pcx"
    r"|rtbassoc|rtb|aclassoc|acl|sgr|sg|vgw|cgw|vpn|vpn-connection|cvpn-endpoint|lgw|lgw-rtb|lgw-vif-grp|pl|fl|dopt|cagw|ipam|ipam-pool|eice|rs|rse|rsp"
    r"|fsmt|fsap|fs|lt|ami|vol|snap|r|i|mi|nia|nip|nis|nisa|svc|sn|snsa|lattice|ng|lurn|lur|lu|key|asg|tg|vpcbpa-exclude)"
    r"-([0-9a-z]{1,32})\Z",
    re.IGNORECASE,
)
_DISTINCTIVE: Final = (
    "eni-",
    "subnet-",
    "eipalloc-",
    "eipassoc-",
    "pcx-",
    "vpce-",
    "igw-",
    "eigw-",
    "rtb-",
    "tgw-attach-",
    "tgw-rtb-",
    "sgr-",
    "i-",
)
_NOUNS_TOO: Final = (
    "nat-",
    "vpn-",
    "acl-",
    "sg-",
    "vpc-",
    "tgw-",
    "pl-",
    "fs-",
    "r-",
    "rs-",
    "key-",
    "tg-",
    "sn-",
    "svc-",
    "asg-",
    "mi-",
    "ng-",
    "fl-",
    "lt-",
    "ami-",
    "vol-",
)
_RDS_ID: Final = re.compile(r"(?:db|cluster|prx|prxtg)-[A-Z0-9]{16,40}\Z")
_LABEL: Final = re.compile(r"[a-z0-9_*](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.IGNORECASE)
_FILE_ENDINGS: Final = frozenset(
    "py js ts rb sh yml yaml json txt log md tf java cpp conf cfg ini xml html htm csv pem zip gz tgz exe jar cnf properties toml lock out err sql"
    " png jpg jpeg gif pdf doc docx xls xlsx tfvars hcl tfstate class kt rs sock pid service key crt cer env bak tar php css scss vue svg".split()
)


def address(text: str) -> Party | None:
    """Return the party of kind `ip` in canonical text (RFC 5952 for IPv6), or None. An IPv6 zone is dropped."""
    bare = text.strip("[]").partition("%")[0]
    if not _DOTTED.match(bare) and bare.count(":") < 2:
        return None
    try:
        return Party(kind="ip", value=str(ipaddress.ip_address(bare)))
    except ValueError:
        return None


def cidr(text: str) -> Party | None:
    """Return the party of kind `cidr` with its host bits cleared, or None. `10.0.1.x` and `10.0.*.*` are CIDRs as well."""
    wild = _WILDCARD.match(text)
    if wild:
        known = wild[1].count(".") + 1
        missing = wild[2].count(".")
        if known + missing != 4:
            return None
        text = f"{wild[1]}{'.0' * missing}/{8 * known}"
    base, slash, length = text.partition("/")
    if not slash or not length.replace(".", "").isdigit() or address(base) is None:
        return None
    try:
        return Party(kind="cidr", value=str(ipaddress.ip_network(f"{base.strip('[]')}/{length}", strict=False)))
    except ValueError:
        return None


def is_broken_address(text: str) -> bool:
    """Return whether the text was meant as an IPv4 address or CIDR but is none, such as 10.0.1.300 or 10.0.0.0/40."""
    return bool(_ADDRESS_LIKE.match(text)) and address(text) is None and cidr(text) is None


def resource_id(text: str) -> Party | None:
    """Return the party of kind `id` (AWS resource id, ARN, or an address scoped by its VPC as in `vpc-0a1/10.0.0.5`), or None."""
    if _ARN.match(text) or _RDS_ID.match(text):
        return Party(kind="id", value=text)
    scoped = _SCOPED.match(text)
    if scoped and address(scoped[1]):
        return Party(kind="id", value=text)
    found = _HEX_ID.match(text)
    if not found:
        return None
    lower, suffix = text.lower(), found[1].lower()
    is_hex = all(c in "0123456789abcdef" for c in suffix)
    has_digit = any(c.isdigit() for c in suffix)
    if lower.startswith("eni-"):
        likely = True
    elif lower.startswith(_DISTINCTIVE):
        likely = (has_digit and len(suffix) > 1) or (is_hex and len(suffix) > 2)
    elif lower.startswith(_NOUNS_TOO):
        likely = is_hex and len(suffix) > 2 and (has_digit or len(suffix) >= 8)
    else:
        likely = is_hex and has_digit and len(suffix) > 2
    return Party(kind="id", value=lower if is_hex else text) if likely else None


def dns_name(text: str) -> Party | None:
    """Return the party of kind `dns`, lower case without the final dot, or None for file names, versions and single labels."""
    bare = text.rstrip(".")
    labels = bare.split(".")
    last = labels[-1]
    if len(bare) > 253 or len(labels) < 2 or len(last) < 2 or not (last.isalpha() or last.lower().startswith("xn--")):
        return None
    if not all(_LABEL.match(label) for label in labels) or (len(labels) == 2 and last.lower() in _FILE_ENDINGS):
        return None
    if last.lower().endswith(("exception", "error")) or labels[0] in ("java", "javax", "com", "org", "net", "io"):
        return None
    if len(labels) == 2 and (labels[0].isdigit() or (len(labels[0]) == 1 and len(last) < 3)):
        return None
    return Party(kind="dns", value=bare.lower())


def recognised(text: str) -> Party | None:
    """Return the party that this one word is by its form alone (address, CIDR, id, DNS name), or None for a plain word."""
    return address(text) or cidr(text) or resource_id(text) or dns_name(text)
