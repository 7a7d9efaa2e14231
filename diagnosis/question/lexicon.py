"""The words that carry the grammar of a reachability question, each with its class and, for verbs, its form.

Everything that is not in here may be (part of) a name. The classes are closed sets; English inflection is generated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal[
    "reach", "reject", "see", "try", "be", "can", "not", "never", "from", "to", "on", "with", "by", "for", "place", "between", "and", "source", "destination",
    "reachable", "open", "filter", "traffic", "reply", "error", "variable", "where", "person", "what", "which", "noun", "that", "problem", "say", "clause",
    "determiner", "adjective", "called", "public", "change", "other", "internet",
]  # fmt: skip
Form = Literal["base", "past", "ing", ""]


@dataclass(frozen=True, slots=True)
class Word:
    """The grammatical class of a word. `form` tells "blocked" (past) from "blocking" (ing)."""

    role: Role
    form: Form = ""


_REACH: Final = """reach connect talk speak communicate access contact hit call query curl wget telnet netcat nc ncat resolve mount umount download upload
pull push fetch send visit browse load go arrive route travel flow pass log login dial touch use write find join sync replicate register
egress post publish subscribe come lose establish reconnect traverse proceed forward initiate authenticate read scrape poll consume enter ingest proxy
sign probe hop clone retrieve restore import interact interface stream transfer copy invoke request traceroute tracert mtr tracepath cross handshake
lookup look-up integrate exchange make gain transmit direct egresses tunnel peer backup dump migrate-to relay attach"""
_IRREGULAR_REACH: Final = """gets:base get:base got:past gotten:past getting:ing sent:past found:past went:past gone:past came:past lost:past spoke:past spoken:past wrote:past
written:past made:past reachs:base conect:base connec:base connet:base acces:base acess:base reching:ing"""
_REJECT: Final = """reject refuse block deny drop filter ignore accept receive allow permit answer respond reply listen hear discard close reset admit
prevent stop forbid restrict prohibit throttle limit break kill interrupt blackhole kick bounce decline disallow swallow eat terminate whitelist
blacklist acknowledge serve intercept obstruct disconnect exclude ban impede hinder cut isolate lock"""
_IRREGULAR_REJECT: Final = """let:base lets:base letting:ing heard:past kept:past keep:base keeps:base keeping:ing broken:past broke:past forbidden:past forbade:past
recieve:base recieves:base recieving:ing recieved:past ate:past eaten:past cutting:ing blok:base bloks:base bloked:past bloking:ing"""
_TRY: Final = "try attempt want need manage expect like intend fail struggle continue start hope"


def _inflected(verbs: str, irregular: str, role: Role) -> dict[str, Word]:
    words: dict[str, Word] = {}
    for verb in verbs.split():
        if "-" in verb:
            continue
        sibilant = verb.endswith(("s", "sh", "ch", "x", "z", "o"))
        consonant_y = verb.endswith("y") and verb[-2] not in "aeiou"
        words[verb] = Word(role, "base")
        words[verb[:-1] + "ies" if consonant_y else verb + ("es" if sibilant else "s")] = Word(role, "base")
        doubled = (
            verb + verb[-1]
            if verb
            in (
                "log",
                "drop",
                "stop",
                "hit",
                "submit",
                "get",
                "let",
                "admit",
                "permit",
                "hop",
                "kick-off",
                "cut",
                "scp",
            )
            else verb
        )
        stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else doubled
        past = verb[:-1] + "ied" if consonant_y else (verb + "d" if verb.endswith("e") else doubled + "ed")
        words[past] = Word(role, "past")
        words[stem + "ing"] = Word(role, "ing")
    for entry in irregular.split():
        word, _, form = entry.partition(":")
        words[word] = Word(role, "past" if form == "past" else "ing" if form == "ing" else "base")
    return words


_CLASSES: Final[dict[Role, str]] = {
    "see": "see sees seeing seen saw notice notices",
    "be": "is are was were be been being am isn't isnt aren't arent wasn't wasnt weren't werent ain't stay stays remain remains seems seem appears appear become becomes became it's",
    "can": """can could may might should would will shall must do does did has have had having can't cant cannot couldn't couldnt won't wont wouldn't wouldnt shouldn't shouldnt
        doesn't doesnt don't dont didn't didnt hasn't hasnt haven't havent hadn't hadnt able unable capable possible impossible supposed expected mustn't cnt canot can`t cann't needn't gonna ought""",
    "not": "not no without none nothing's isnt failing fails failed fail failure unsuccessful unsuccessfully hardly barely cease ceases",
    "never": "never neither nor longer anymore",
    "from": "from form frm fron originating sourced coming ",
    "to": "@@ to into onto toward towards against unto",
    "on": "on at of upon @ ",
    "with": "with w/ alongside",
    "by": "by",
    "for": "for",
    "place": """in inside within via through thru over using behind across near along under outside-of above around after before during per than as because due despite since until unless instead plus except besides across beyond off""",
    "between": "between betwen betweeen among amongst b/w btw btwn inbetween",
    "and": "and & n'",
    "source": "source src srcaddr srcip src_ip client-ip source-ip saddr origin sourceip source_ip",
    "destination": "destination dst dest dstaddr dstip dst_ip target dest-ip daddr destinationip destination_ip",
    "reachable": "reachable accessible unreachable inaccessible unaccessible contactable pingable resolvable routable connectable sshable unresponsive unpingable non-reachable",
    "open": "open opened closed exposed visible available unavailable invisible shut hidden",
    "filter": """firewall firewalls sg sgs nacl nacls acl acls rule rules waf policy policies routing security-group securitygroup networkacl iptables route-table routetable
        blackhole misconfiguration config configuration setting settings whitelist allowlist""",
    "traffic": """traffic connection connections conn conns packet packets flow flows path paths route routes connectivity link links session sessions handshake syn data message
        messages communication communications comms way reachability bytes datagram datagrams tunnel item items tcp/ip segments segment frames probes probe healthcheck healthchecks health-check socket sockets
        handshakes connexion conection conections trafic request requests reqs reachablity line pipeline mail mails email emails access-path payload payloads logs metrics events""",
    "reply": "reply replies response responses answer answers ack acks syn-ack syn-acks synack syn/ack acknowledgement acknowledgements reaction",
    "error": """error errors timeout timeouts time-out time-outs timed timing times hang hangs hanging hung failure failures exception exceptions reset resets rst refusal refusals
        stuck stalls stall stalled freezes slow latency loss rejection rejections econnrefused etimedout ehostunreach enetunreach unreach i/o timedout""",
    "variable": """anything anyone anybody everything everyone everybody whatever whoever something someone somebody nothing nobody noone things whom all-of
        who anywhere everywhere nowhere""",
    "where": "where wherefrom",
    "what": "what whats what's wat",
    "which": "which list show enumerate display",
    "person": "i we us you he she me they them it him her ours yours mine theirs myself itself themselves this that's these those here there one ones u i'd we'd you'd he'd they'd i'll we'll you'll they'll he's she's you've they've who'd i'm we're i've we've im ive they're you're it'll y'all guys folks team everyone's",
    "that": "that",
    "problem": """wrong problem problems issue issues trouble troubles matter up deal happening happens happened happen occur occurs occurring going difficulty difficulties
        outage incident ticket cause causes causing reason reasons culprit root""",
    "say": """says say said throws throw threw reports report reported shows shown showing logging logged complains complain complaining complained prints printed printing
        returns return returned returning tells told outputs output spits dies died giving gives gave raises raised experiences observes observe observed encountering encounter encounters""",
    "clause": "but because when while if whether so then although though however yet unless once whenever who's-that or and/or cuz bc cos since",
    "determiner": "the a an my our your his their its any some each every either another teh th da le all-the",
    "adjective": """new old other same whole entire remote local current existing following actual specific given particular certain different prod production staging stage dev development test
        main primary secondary private public internal external shared own single dedicated managed legacy amazon aws central corporate single-az multi-az
        specified corresponding respective second first third damn damned bloody stupid freaking fucking""",
    "called": "called named named-as name labelled labeled tagged aka a.k.a. known identified id",
    "internet": "internet www interwebs internets worldwide",
    "public": "publicly externally internet-facing publically public-facing internet-exposed",
    "change": "restart create delete install upgrade reboot rename resize launch describe remind schedule tell joke summarise summarize translate",
}  # fmt: skip


TYPE_NOUNS: Final = frozenset(
    "instance instances database databases db dbs host hosts server servers bastion service services container containers databse".split()
)
"""Nouns that say what kind of thing a name is, and are never part of the name unless they are all that was written."""

LOOSE_NOUNS: Final = frozenset(
    """machine machines box boxes vm vms node nodes cluster clusters pod pods task tasks function functions interface eni app application apps subnet subnets vpc network broker brokers replica proxy endpoint address ip ips client clients workload deployment nic loadbalancer lb appliance device computer resource system microservice cidr range block hostname fqdn domain url dns-name site website web-site share shares drive volume component ec2 k8s kubernetes docker nodes peer peers fleet asg group job process cronjob cron daemon user cache store private-ip elastic-ip eip arn id name account environment workstation""".split()
)
"""Nouns that are left off beside a word that looks like an identifier ("box web-1") and kept otherwise ("jump box")."""

GENERIC_NOUNS: Final = frozenset(
    """hosts instances servers machines boxes systems resources sources destinations clients users ips addresses nodes people services containers subnets vms computers devices workloads apps applications networks ranges interfaces enis parties principals functions pods tasks things endpoints host instance machine resource user customer customers visitor visitors caller callers""".split()
)
"""Nouns for nobody in particular: "which hosts", "instances in 10.0.1.0/24", "users on the internet"."""

_OTHER: Final = """
caused warning warn fatal info debug critical notice level msg severe seen hi hello hey hiya yo dear please pls plz plse thanks thank thx ty cheers kindly regards morning afternoon evening good greetings sir madam hola ola howdy sup oi
whynot about regarding concerning re whyd how come y whys idea ideas clue know knows knew think thought believe guess suspect wondering wonder ask asking asked question questions
check checking verify verifying confirm confirming investigate investigating troubleshoot troubleshooting diagnose diagnosing debug debugging trace tracing analyse analyze analysing examine inspect test testing tests
look looks looking tell explain explaining explained help helping helps assist advise advice figure determine understand understanding understood
just still also even only really very quite too so again now already always sometimes often usually intermittently occasionally constantly suddenly randomly currently recently today anymore
actually apparently basically simply maybe perhaps possibly probably seemingly obviously clearly directly indirectly properly correctly successfully normally anyway anyhow right left ok okay fine well yes yeah yep nope sure
work works working worked happening broken down dead failing intermittent flaky unstable weird strange odd alive healthy unhealthy running run runs
take takes took taken time clock both thing stuff lot lots bit kind sort type types part parts side sides end ends case cases example
im ve ll re d s t m don isn doesn
correct incorrect valid invalid proper full any-more  twice thrice
deployed deploy deploys deploying deployment provisioned created added changed moved updated migrated enabled disabled configured set setup launched started restarted restart rebooted upgraded installed
port ports protocol proto protocols dport sport number num
want wants wanted need needs needed trying tries tried try attempt attempts attempted attempting manage manages managed expect expecting like
wait waiting waits quick quickly fast urgent urgently asap immediately
network networking net aws amazon region az zone cloud environment ingress inbound outbound incoming outgoing bidirectional bidirectionally unidirectional direction directions
back away out around together each other others another's more less most least many much few several some-more half double
else otherwise either neither both rather instead though such same thus hence therefore
ever yet soon later earlier ago long short while until eventually finally meanwhile then first last next previous
let's give giving btw fyi imo afaik iirc lol wtf omg hmm hm uh um err ah oh eh
status state result results output outcome behaviour behavior symptom symptoms saying
supposed expected meant
end-to-end e2e
colleague colleagues support
weather joke day days nice cool great awesome perfect bye goodbye welcome sorry
doing done did-not feature features
exactly precisely specifically especially particularly mostly mainly entirely completely totally fully partly partially
hence etc e.g eg i.e ie vs versus
retries retry retrying attempts percent seconds second minutes minute hours hour ms
code codes exit errno status-code http-status mtu ttl
whenever wherever however whichever
curious
made sense story history today's yesterday's
pm am
ping-pong
plain simple basic normal

ipv4 ipv6 v4 v6 ip-based tls ssl mtls
wire packet-loss
anyways somehow regardless
there's here's that's let me-know
could've should've
reachability-analyzer analyzer
""".split()


def _lexicon() -> dict[str, Word]:
    words = {word: Word("other") for word in _OTHER}
    words.update((word, Word("noun")) for word in TYPE_NOUNS | LOOSE_NOUNS | GENERIC_NOUNS)
    for role in reversed(_CLASSES):
        words.update((word, Word(role)) for word in _CLASSES[role].split())
    words.update(_inflected(_TRY, "", "try"))
    words.update(_inflected(_REACH, _IRREGULAR_REACH, "reach"))
    words.update(_inflected(_REJECT, _IRREGULAR_REJECT, "reject"))
    for word in (
        "request",
        "requests",
        "flow",
        "flows",
        "stream",
        "streams",
        "tunnel",
        "route",
        "routes",
        "handshake",
        "handshakes",
        "probe",
        "probes",
    ):
        words[word] = Word("traffic")
    words["responses"] = Word("reply")
    for word in ("interface", "proxy", "peer", "peers", "backup", "dump", "read", "stop", "store", "cache"):
        words.pop(word, None)
    words |= {
        "interface": Word("noun"),
        "stop": Word("reject", "base"),
        "read": Word("reach", "base"),
        "peer": Word("noun"),
        "like": Word("other"),
    }
    words |= {
        "failed": Word("not"),
        "fail": Word("not"),
        "fails": Word("not"),
        "failing": Word("not"),
        "reset": Word("error"),
        "resets": Word("error"),
        "use": Word("reach", "base"),
    }
    words |= {
        "called": Word("called"),
        "why": Word("clause"),
        "closed": Word("open"),
        "lost": Word("reach", "past"),
        "broken": Word("other"),
        "limit": Word("other"),
        "expected": Word("other"),
        "copy": Word("reach", "base"),
    }
    return words


WORDS: Final[dict[str, Word]] = _lexicon()
"""Each known word in lower case → its class."""

_PHRASES: Final[dict[Role, str]] = {
    "reject": "cut off|kicked off|kicked out|locked out|shut out|shut off|walled off|separated|firewalled off|firewalled",
    "filter": "security group|security groups|network acl|network acls|route table|route tables|nacl rule|security rule|access list|firewall rule|block public access|security policy|return route|anything in between",
    "variable": "no one|no-one|any one|every one|any host|any instance|any server|any machine|any client|all hosts|all instances|all servers|every host|every instance|all machines|every server|everything else|who else|what else|anything else|any other host|any other instance|any resource|all of the hosts",
    "internet": "get out|gets out|getting out|got out|go out|goes out|going out|break out|get outside|get online|go online|gets online|going online|external users|external clients|external customers|public users|outside users|internet users|internet clients|people outside|external visitors|external traffic|internet traffic|public clients|the internet|public internet|outside world|the outside|open internet|the world|whole world|entire internet|entire world|external world|the public|public network|internet access|wider internet|rest of the world|the web at large|the open web",
    "public": "open to the public|from outside|from the outside|from external|from externally|from the public",
    "from": "logged into|logged in to|logged on to|logged onto|logged in on|sitting on|ssh'd into|sshed into",
    "other": "make sure|makes sure|making sure|be sure|able to|out of|at all|each other|one another|this morning|any more|as well|any idea|at least|at most|at the moment|at present|so far|in general|in fact|for sure|for some reason|for example|of course|right away|in order|by chance|as expected|how come|what the hell|what the heck|the hell|the heck|on earth|in advance|in turn|in time|by the way|to me|for me|with me|to us|for us|from here|from there|up to|on aws|in aws|from time to time|a lot|a bit|on it|at it|in it|time to time|any luck|no luck|in prod|in production|in staging|for reference|for info|heads up|quick question|other side|far end|no idea|in hell|any clue|in vain|in my account|in our account|to no avail|by any chance|by default|kind regards|best regards|on port|in the path|on the path|in the way|in between|as it should|long time|some time|same time|on the way|on the network|by accident|for now|for hours|for days|for ages|in time|to be able|of late|of sudden|on purpose|all day|all morning|on fire",
    "error": "time out|times out|timed out|timing out|connection refused|connection reset|connection timed out|connection timeout|connect timeout|no route to host|destination host unreachable|host unreachable|network unreachable|read timeout|i/o timeout|operation timed out|host is unreachable|network is unreachable|goes nowhere|went nowhere",
    "reply": "return traffic|return packets|return path traffic|reply packets|reply traffic|response packets|response traffic|nothing back|anything back",
    "traffic": "health check|health checks|dns names|host names|network path|network traffic|line of sight|network connectivity|network connection|ip connectivity",
    "reach": "resolve names|resolve hostnames|resolve host names|get through|gets through|getting through|have access|has access|had access|make it|makes it|made it|gain access|get access|gets access|got access|get hold of|get in|get into|gets into|getting into|reach out|reaches out|reaching out|log into|log in|logs into|logging into|look up|docker pull|git clone|git pull|helm pull",
    "not": "not able|no longer|not possible",
    "can": "is able|are able|was able|were able",
}

PHRASES: Final[dict[tuple[str, ...], Word]] = {
    tuple(phrase.split()): Word(role, "past" if role == "reject" else "")
    for role, phrases in _PHRASES.items()
    for phrase in phrases.split("|")
}
"""Word sequences that mean one thing, longest first in use."""

LONGEST_PHRASE: Final = max(len(phrase) for phrase in PHRASES)
