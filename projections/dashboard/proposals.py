"""处置建议: measures that facts and rankings call for, as the page of measures lists them."""

from asyncio import gather

from duban.measures import DETAIL
from duban.proposals import ANSWERED, CARRIED_OUT, OPEN, RANKING, TO_AGENCIES, Proposal
from duban.proposed import METRICS, proposed
from duban.triggers import triggers
from projections.dashboard.ask import ask_metric
from projections.dashboard.evaluation import period_name, subject_name
from projections.dashboard.names import Names
from projections.dashboard.ranking import LATEST, because, policy_name, policy_of
from projections.dashboard.record_form import record_href
from projections.dashboard.words import Lang, name_of, say

PAGELESS = ("org", "party")  # of whom there is no page
AGENCIES = ("org", "window")  # who can be told to mend something, or to answer


async def called_for(hall: str, zone: str) -> list[Proposal]:
    """What is called for in a hall, the latest first; what nobody has acted on before the rest.
    Raises `Away`."""
    rows = await gather(*(ask_metric(name, hall=hall, zone=zone) for name in METRICS))
    asked = dict(zip(METRICS, rows, strict=True))
    return sorted(proposed(asked), key=lambda p: (p.state == ANSWERED, -p.at))


def whose(proposal: Proposal, names: Names, lang: Lang) -> str:
    """Who a proposal is about: also an agency, or a party of patrols of which nobody is named."""
    if proposal.subject_kind == "party":
        return name_of("role", proposal.subject, lang)
    if proposal.subject_kind == "org":
        return proposal.subject
    return subject_name(names, proposal.hall_id, proposal.subject, proposal.subject_kind, lang)


def why(proposal: Proposal, names: Names, lang: Lang) -> str:
    """The facts behind a proposal (环节超时 · 2026 年 9 月 · 3 件), or which ranking it is of."""
    called = {trigger.on: trigger.name[0 if lang == "zh" else 1] for trigger in triggers()}
    if proposal.cause not in called:
        policy = policy_of(names, proposal.cause.removeprefix(RANKING), LATEST)
        return f"{policy_name(policy, lang)} · {because(proposal.because, lang)}"
    times = say("measures.times", lang, n=proposal.n) if proposal.n > 1 else ""
    month = period_name(proposal.month, lang) if proposal.month else ""
    return " · ".join(filter(None, [called[proposal.cause], month, times]))


def to_record(proposal: Proposal) -> str:
    """Address of the form of what carries a proposal out, with its cause; "" where nothing is to
    be done."""
    if proposal.state != OPEN:
        return ""
    type_, details = CARRIED_OUT[proposal.measure]
    given = {"causation_id": proposal.causes[-1]}
    if type_ in TO_AGENCIES:
        given["to_org"] = proposal.subject if proposal.subject_kind in AGENCIES else ""
    elif proposal.subject_kind not in PAGELESS:
        given |= {"subject": proposal.subject, "subject_kind": proposal.subject_kind}
    if details:
        given[DETAIL[type_]] = details[0]
    return record_href(proposal.hall_id, type_, **given)
