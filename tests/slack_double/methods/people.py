"""Users, groups of users, and reactions."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, Json


@method("users.info", "users:read", per_minute=100)
def users_info(api: WebApi, call: Call) -> Json:
    user = api.workspace.users.get(call.required("user"))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.wire()}


@method("usergroups.users.list", "usergroups:read", per_minute=20)
def usergroups_users_list(api: WebApi, call: Call) -> Json:
    members = api.workspace.usergroups.get(call.required("usergroup"))
    if members is None:
        raise Refused("no_such_subteam")
    return {"users": members}


@method("usergroups.list", "usergroups:read", per_minute=20)
def usergroups_list(api: WebApi, call: Call) -> Json:
    return {"usergroups": [{"id": name, "handle": name.lower()} for name in api.workspace.usergroups]}


@method("reactions.add", "reactions:write")
def reactions_add(api: WebApi, call: Call) -> Json:
    people = _reaction(api, call)
    if BOT_USER in people:
        raise Refused("already_reacted")
    people.add(BOT_USER)
    return {}


@method("reactions.remove", "reactions:write")
def reactions_remove(api: WebApi, call: Call) -> Json:
    people = _reaction(api, call)
    if BOT_USER not in people:
        raise Refused("no_reaction")
    people.remove(BOT_USER)
    return {}


def _reaction(api: WebApi, call: Call) -> set[str]:
    channel = api.open_channel(call)
    message = api.workspace.messages.get((channel.id, call.required("timestamp")))
    if message is None or message.is_deleted:
        raise Refused("message_not_found")
    return message.reactions.setdefault(call.required("name").strip(":"), set())
