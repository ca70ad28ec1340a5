"""Who may come in, and which cases they may write to.

A hall's token writes facts of its own hall. Facts of another hall's case come from halls that the
case itself has named (`ForwardedUp`, `ParallelGroupOpened`); the gateway keeps no case state, so it
lets those few types through, marks every record with the hall of the token (header
`duban_hall`), and the worker, who knows the case, flags a hall that the case has not named.
"""

from collections.abc import Callable

from duban import contracts
from duban.access import ALL_HALLS, Grant, hash_of, same_token
from duban.bus_access import Grants
from duban.bus_make import now_ms
from duban.events import Event
from duban.settings import settings
from producers.gateway.refusal import Refusal, not_now, unknown_token

HALL_HEADER = "duban_hall"
# What a hall does in another hall's case: answer a forwarded one, take part in a joint one.
GUEST_TYPES = frozenset(
    {"UpstreamReplied", "BranchReceipted", "BranchOpined", "BranchAbsent", "JointNoticeIssued"}
    | {"JointSurveyDone", "JointMeetingHeld"}
)


def grant_for(authorization: str, grants: Grants) -> Grant:
    """The grant behind an Authorization header. Raises a `Refusal`: 401, 403 or 503."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unknown_token()
    if same_token(token, settings().gateway_token.get_secret_value()):
        return Grant("stack", hash_of(token), ALL_HALLS, ("write",), 0)
    if not grants.ready:
        raise not_now("Tokens are not known yet: the broker is away.")
    grant = grants.find(token)
    now = now_ms()
    if grant is None or grant.state(now) != "active":
        raise unknown_token()
    if not grant.may("write", now):
        raise Refusal(403, "This token may only read.")
    return grant


def may_write(grant: Grant) -> Callable[[Event], str]:
    """A check of one event: "" when the token may write it, else the reason why not."""

    def check(event: Event) -> str:
        if grant.hall == ALL_HALLS:
            return ""
        if event.historical:
            return "only a token for all halls may write history, of which nobody is told"
        if event.tenant_id != settings().tenant:
            return f"belongs to tenant {event.tenant_id!r}, which is not this one"
        if contracts.topic_of(event.type) == "reference" or event.type == "ClockTicked":
            return "only a token for all halls may write this type"
        if grant.covers(event.hall_id) or event.type in GUEST_TYPES:
            return ""
        return f"belongs to hall {event.hall_id!r}; the token speaks for {grant.hall!r}"

    return check
