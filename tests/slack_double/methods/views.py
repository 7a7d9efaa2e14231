"""Modals and the App Home."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.payload_checks import checked_view
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import Json, Ticket, View

DEEPEST_STACK = 3


@method("views.open", per_minute=100)
def views_open(api: WebApi, call: Call) -> Json:
    payload = checked_view(api, call, {"modal"})
    ticket = _exchanged(api, call)
    return {"view": show(api, ticket.person, payload).wire()}


@method("views.push", per_minute=100)
def views_push(api: WebApi, call: Call) -> Json:
    payload = checked_view(api, call, {"modal"})
    ticket = _exchanged(api, call)
    stack = open_views(api, ticket.person)
    if not stack:
        raise Refused("not_found")
    if len(stack) >= DEEPEST_STACK:
        raise Refused("push_limit_reached")
    return {"view": show(api, ticket.person, payload, root=stack[0].id).wire()}


@method("views.update", per_minute=100)
def views_update(api: WebApi, call: Call) -> Json:
    payload = checked_view(api, call, {"modal", "home"})
    view = _named(api, call)
    if call.text("hash") and call.text("hash") != view.hash:
        raise Refused("hash_conflict")
    view.payload, view.hash = payload, api.workspace.clock.stamp()
    return {"view": view.wire()}


@method("views.publish", per_minute=100)
def views_publish(api: WebApi, call: Call) -> Json:
    payload = checked_view(api, call, {"home"})
    person = call.required("user_id")
    if person not in api.workspace.users:
        raise Refused("invalid_arguments", response_metadata={"messages": ["[ERROR] user not found"]})
    if not api.installation.home_tab:
        raise Refused("not_enabled")
    before = api.workspace.homes.get(person)
    if before and call.text("hash") and call.text("hash") != before.hash:
        raise Refused("hash_conflict")
    name = before.id if before else api.workspace.new_id("V")
    home = View(name, person, payload, api.workspace.clock.stamp())
    api.workspace.homes[person] = api.workspace.views[name] = home
    return {"view": home.wire()}


def show(api: WebApi, person: str, payload: Json, root: str = "") -> View:
    """Put a modal on somebody's screen."""
    view = View(api.workspace.new_id("V"), person, payload, api.workspace.clock.stamp(), root)
    api.workspace.views[view.id] = view
    api.workspace.touched()
    return view


def open_views(api: WebApi, person: str) -> list[View]:
    """The modals on somebody's screen, the lowest first."""
    return [one for one in api.workspace.views.values() if one.person == person and one.is_open and _is_modal(one)]


def _is_modal(view: View) -> bool:
    return view.payload.get("type") == "modal"


def _exchanged(api: WebApi, call: Call) -> Ticket:
    ticket = api.workspace.triggers.get(call.required("trigger_id"))
    if ticket is None:
        raise Refused("invalid_trigger_id")
    if ticket.uses_left == 0:
        raise Refused("exchanged_trigger_id")
    if api.workspace.clock.now() > ticket.expires:
        raise Refused("expired_trigger_id")
    ticket.uses_left -= 1
    return ticket


def _named(api: WebApi, call: Call) -> View:
    for view in api.workspace.views.values():
        named = view.id == call.text("view_id")
        if view.is_open and (
            named or (call.text("external_id") and view.payload.get("external_id") == call.text("external_id"))
        ):
            return view
    raise Refused("not_found")
