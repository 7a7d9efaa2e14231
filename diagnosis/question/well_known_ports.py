"""Protocol words and the ports they imply.

Names and ports are those of the IANA Service Name and Transport Protocol Port Number Registry
(https://www.iana.org/assignments/service-names-port-numbers), with the everyday spellings beside them. Registered names that
are ordinary English words (echo, time, talk, login, name, route) are left out: in a question they are words.
"""

from __future__ import annotations

from typing import Final

_TCP: Final = """
7=tcpecho 20=ftp-data 21=ftp 22=ssh,scp,sftp,rsync-ssh 23=telnet 25=smtp 43=whois 49=tacacs,tacacs+ 70=gopher 80=http,www,www-http,webdav
88=kerberos,krb5 102=iso-tsap 109=pop2 110=pop3 111=sunrpc,rpcbind,portmapper,portmap 113=ident 119=nntp 135=epmap,msrpc,dce-rpc 139=netbios-ssn
143=imap,imap2,imap4 179=bgp 194=irc 220=imap3 389=ldap 427=svrloc 443=https,http2,h2,wss 444=snpp 445=smb,cifs,microsoft-ds,samba 464=kpasswd
465=smtps,submissions,ssmtp 502=modbus,mbap 513=rlogin 514=rsh 515=lpd 524=ncp 540=uucp 543=klogin 544=kshell 548=afp,afpovertcp 554=rtsp
563=nntps 587=submission 593=http-rpc-epmap 631=ipp,cups 636=ldaps 647=dhcp-failover 749=kerberos-adm 853=domain-s
873=rsync 989=ftps-data 990=ftps 992=telnets 993=imaps 994=ircs 995=pop3s 1080=socks,socks5 1099=rmiregistry,rmi
1194=openvpn-tcp 1270=opsmgr 1352=lotusnote 1414=ibm-mqseries,mqseries 1433=mssql,ms-sql-s,ms-sql,sqlserver,tds 1494=ica
1521=oracle,oracle-listener,sqlnet,tns 1720=h323,h323hostcall 1723=pptp 1883=mqtt 1935=rtmp
2049=nfs,nfs4,nfsv4 2181=zookeeper,zk 2375=docker-api 2376=docker-s 2377=swarm 2379=etcd,etcd-client 2380=etcd-server
2598=citrix-session 3128=squid 3205=isns 3260=iscsi,iscsi-target 3268=msft-gc,global-catalog 3269=msft-gc-ssl 3283=net-assistant 3306=mysql,mariadb
3389=rdp,ms-wbt-server,remote-desktop,mstsc 3690=svn,subversion 3868=diameter 4369=epmd 4222=nats 5061=sips,sip-tls 5222=xmpp,xmpp-client,jabber
5269=xmpp-server 5432=postgres,postgresql,pgsql,psql 5439=redshift-sql 5601=esmagent,kibana 5671=amqps 5672=amqp,rabbitmq 5900=vnc,rfb 5985=winrm,wsman,winrm-http 5986=wsmans,winrm-https,winrms
5984=couchdb 6000=x11 6379=redis,valkey 6443=sun-sr-https,kube-apiserver,kubernetes-api 6514=syslog-tls 6667=ircu 7001=weblogic
8000=irdmi 8008=http-alt2 8080=http-alt,webcache,http-proxy 8086=influxdb 8088=radan-http 8123=clickhouse-http 8443=https-alt,pcsync-https 8883=mqtts,secure-mqtt,mqtt-tls
8983=solr 9000=cslistener 9042=cassandra,cql 9090=prometheus,websm 9091=xmltec-xmlmail 9092=kafka 9100=node-exporter,jetdirect,hp-pdl-datastr 9200=elasticsearch,wap-wsp 9300=vrace,elasticsearch-transport
9389=adws 9418=git 9997=splunk-forwarder 10000=ndmp,webmin 10050=zabbix-agent 10051=zabbix-trapper,zabbix 10250=kubelet 11210=couchbase 11211=memcache,memcached 15672=rabbitmq-management
27017=mongo,mongodb 28015=rethinkdb 50000=db2,ibm-db2 61613=stomp 61616=activemq,openwire 61617=activemq-ssl 26257=cockroachdb
"""

_UDP: Final = """
53=dns 67=dhcp,bootps,dhcps 68=dhcpc,bootpc 69=tftp 123=ntp,sntp 137=netbios-ns 138=netbios-dgm 161=snmp 162=snmptrap,snmp-trap,snmptraps 177=xdmcp 443=quic,http3,h3,http/3
500=isakmp,ike,ikev1,ikev2 514=syslog 520=ripv2 521=ripng 546=dhcpv6-client 547=dhcpv6,dhcpv6-server 623=ipmi,asf-rmcp 1194=openvpn 1701=l2tp,l2f
1718=h323gatedisc 1812=radius 1813=radius-acct,radacct 1900=ssdp,upnp 2055=netflow,iop 2123=gtp-control,gtp-c 2152=gtp-user,gtp-u 3478=stun 3784=bfd,bfd-control 4500=ipsec-nat-t,nat-t,ipsec-nat
4789=vxlan 5060=sip 5351=nat-pmp 5353=mdns 5355=llmnr 5683=coap 6081=geneve 6343=sflow 8125=statsd 51820=wireguard
"""


def _words(table: str, transport: str) -> dict[str, tuple[str, int]]:
    pairs = (entry.partition("=")[::2] for entry in table.split())
    return {word: (transport, int(port)) for port, words in pairs for word in words.split(",")}


WELL_KNOWN: Final[dict[str, tuple[str, int]]] = _words(_TCP, "tcp") | _words(_UDP, "udp")
"""A protocol word in lower case → its transport and port."""

PORTLESS: Final[dict[str, str]] = {
    "ping": "icmp", "pings": "icmp", "pinged": "icmp", "pinging": "icmp", "icmp": "icmp", "icmpv4": "icmp",
    "ping6": "icmpv6", "icmpv6": "icmpv6", "icmp6": "icmpv6", "ping4": "icmp",
    "gre": "47", "esp": "50", "ah": "51", "ospf": "89", "sctp": "132", "igmp": "2", "vrrp": "112", "ipip": "4", "eigrp": "88",
}  # fmt: skip
"""Words for protocols without ports (IANA protocol numbers) → what `parse` prints."""

TRANSPORTS: Final = {
    "tcp": "tcp",
    "udp": "udp",
    "icmp": "icmp",
    "icmpv6": "icmpv6",
    "icmp6": "icmpv6",
    "tcp4": "tcp",
    "tcp6": "tcp",
    "udp4": "udp",
    "udp6": "udp",
}
"""Words that name the transport itself."""

PROTOCOL_NUMBERS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
"""Protocol numbers that `parse` prints as words; every other number stays a number."""

SCHEMES: Final[dict[str, tuple[str, int] | None]] = {
    "http": ("tcp", 80), "https": ("tcp", 443), "ws": ("tcp", 80), "wss": ("tcp", 443), "postgres": ("tcp", 5432), "postgresql": ("tcp", 5432),
    "mongodb": ("tcp", 27017), "mongodb+srv": ("tcp", 27017), "sqlserver": ("tcp", 1433), "rediss": ("tcp", 6379), "ftp": ("tcp", 21), "sftp": ("tcp", 22), "s3": ("tcp", 443),
    "tcp": None, "udp": None, "grpc": None, "git": ("tcp", 9418), "bolt": ("tcp", 7687), "smb": ("tcp", 445), "nats": ("tcp", 4222), "ldap": ("tcp", 389), "ldaps": ("tcp", 636),
}  # fmt: skip
"""URL schemes whose port differs from, or is not among, the protocol words."""


def implied_by(word: str) -> tuple[str, int] | None:
    """Return the transport and port that a protocol word or URL scheme implies, or None."""
    lower = word.lower()
    return SCHEMES[lower] if lower in SCHEMES else WELL_KNOWN.get(lower)
