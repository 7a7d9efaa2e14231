"""Network interfaces: the only things that send and receive in a VPC."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from diagnosis.network.shape import (
    Item,
    flag,
    items,
    member,
    name_tag,
    needed_text,
    number,
    owner_of,
    region_of,
    tags,
    text,
    word,
)
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import parse_address, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all


@dataclass(frozen=True, slots=True)
class PrivateAddress:
    """A private IPv4 address of an interface with the public one that internet gateways translate it to, if any."""

    private: int
    public: int | None
    primary: bool


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """A network interface. Addresses are numbers on the one address line of `traffic.addresses`."""

    id: str
    vpc: str | None
    subnet: str | None
    account: str
    region: str
    zone: str | None
    kind: str
    """`InterfaceType` in lower case without underscores: interface, natgateway, lambda, vpcendpoint, ..."""
    groups: tuple[str, ...] | None
    """Security group ids, sorted; None where the answer does not say. Interned: rules are looked up by them."""
    ipv4: tuple[PrivateAddress, ...]
    """The primary one first."""
    ipv6: tuple[int, ...]
    """The primary one first, where there is one."""
    prefixes: IntervalSet
    """Delegated prefixes, both families."""
    status: str | None
    attachment_status: str | None
    attached: bool | None
    """Whether there is an attachment; None where the answer does not say."""
    instance: str | None
    device_index: int
    source_dest_check: bool
    denies_internet_gateway: bool
    """`DenyAllIgwTraffic`: traffic from the internet is dropped whatever else allows it."""
    description: str
    requester: str | None
    name: str | None
    origins: Origins
    owner: str | None = None
    """Who looks after it, by its tags."""

    @property
    def own_addresses(self) -> IntervalSet:
        """Every private IPv4, IPv6 and delegated address."""
        if len(self.ipv4) == 1 and not self.ipv6 and not self.prefixes:
            return (self.ipv4[0].private, self.ipv4[0].private + 1)
        singles = [(a.private, a.private + 1) for a in self.ipv4] + [(n, n + 1) for n in self.ipv6]
        return join_all([*singles, self.prefixes])

    def public_of(self, private: int) -> int | None:
        """The public address that an internet gateway gives to this private one."""
        for address in self.ipv4:
            if address.private == private:
                return address.public
        return None

    def private_of(self, public: int) -> int | None:
        """The private address behind this public one."""
        for address in self.ipv4:
            if address.public == public:
                return address.private
        return None


def parse_interface(item: Item, origins: Origins) -> NetworkInterface:
    """An entry of `NetworkInterfaces`."""
    attachment = member(item, "Attachment")
    has_attachment = bool(attachment) if "Attachment" in item else None
    prefixes = [text(p, "Ipv4Prefix") for p in items(item, "Ipv4Prefixes")]
    prefixes += [text(p, "Ipv6Prefix") for p in items(item, "Ipv6Prefixes")]
    return NetworkInterface(
        id=text(item, "NetworkInterfaceId") or "",
        vpc=text(item, "VpcId"),
        subnet=text(item, "SubnetId"),
        account=text(item, "OwnerId") or "",
        region=region_of(item),
        zone=text(item, "AvailabilityZone"),
        kind=(word(item, "InterfaceType") or "interface").replace("_", ""),
        groups=_groups(item),
        ipv4=_ipv4(item),
        ipv6=_ipv6(item),
        prefixes=join_all(parse_cidr(p) for p in prefixes if p) if prefixes else (),
        status=word(item, "Status"),
        attachment_status=word(attachment, "Status"),
        attached=has_attachment,
        instance=text(attachment, "InstanceId"),
        device_index=number(attachment, "DeviceIndex") or 0,
        source_dest_check=flag(item, "SourceDestCheck") is True,
        denies_internet_gateway=flag(item, "DenyAllIgwTraffic") is True,
        description=text(item, "Description") or "",
        requester=text(item, "RequesterId"),
        name=name_tag(item),
        origins=origins,
        owner=owner_of(tags(item)),
    )


def _groups(item: Item) -> tuple[str, ...] | None:
    if item.get("Groups") is None:
        return None
    found = [intern(needed_text(group, "GroupId")) for group in items(item, "Groups")]
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


def _ipv6(item: Item) -> tuple[int, ...]:
    entries = items(item, "Ipv6Addresses")
    if not entries:
        return ()
    listed = {
        (flag(entry, "IsPrimaryIpv6") is not True, parse_address(address))
        for entry in entries
        if (address := text(entry, "Ipv6Address")) is not None
    }
    return tuple(dict.fromkeys(address for _, address in sorted(listed)))


def _ipv4(item: Item) -> tuple[PrivateAddress, ...]:
    primary = text(item, "PrivateIpAddress")
    main_public = text(member(item, "Association"), "PublicIp")
    found: dict[int, PrivateAddress] = {}
    for entry in items(item, "PrivateIpAddresses"):
        private = text(entry, "PrivateIpAddress")
        if not private:
            continue
        public = text(member(entry, "Association"), "PublicIp")
        is_primary = flag(entry, "Primary") is True or private == primary
        if is_primary and public is None:
            public = main_public
        address = parse_address(private)
        found[address] = PrivateAddress(address, parse_address(public) if public else None, is_primary)
    if primary and (first := parse_address(primary)) not in found:
        found[first] = PrivateAddress(first, parse_address(main_public) if main_public else None, primary=True)
    if len(found) < 2:
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda a: (not a.primary, a.private)))
