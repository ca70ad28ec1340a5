"""`duban score --all`: whether every score and every place of a period follows from its points."""

from collections.abc import Iterable
from typing import Any

from duban.accounts import Proof, proofs_of
from duban.bus import BrokerAway
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.derivation import reference
from duban.standings import halls_scored
from duban.warehouse import WarehouseError


def check_all(period: str, policy: str, hall: str, as_json: bool) -> None:
    """Add up the points of everybody, in one hall or in all, and rank them. Ends with status 1
    where a score or place is another one live, or in the ranking as it was published."""
    try:
        halls = [hall] if hall else halls_scored(period, policy)
        proofs = [p for name in halls for p in proofs_of(reference(), policy, period, name)]
    except (WarehouseError, BrokerAway, LookupError) as error:
        fail(str(error), getattr(error, "next_step", "") or "duban status")
    if not proofs:
        fail(f"{period} 没有计分。", f"duban rank --month {period} --policy {policy}")
    differ = [proof for proof in proofs if not proof.agrees]
    if as_json:
        checked = [_json(proof) for proof in proofs]
        counts = {"checked": len(proofs), "differ": len(differ)}
        say_json({"period": period, "policy": policy, "hall": hall, **counts, "scores": checked})
    else:
        _show(period, policy, proofs, len(differ))
    if differ:
        raise SystemExit(1)


def _json(proof: Proof) -> dict[str, Any]:
    account = proof.account
    return {
        "hall": account.hall_id,
        "subject": account.subject,
        "place": proof.found.place if proof.found else None,
        "sides": list(proof.found.sides) if proof.found else [],
        **account.total._asdict(),
        "score": account.scored.score,
        "grade": account.scored.grade,
        "live": plain(account.live),
        "ranking": proof.said and proof.said._asdict(),
        "agrees": proof.agrees,
    }


def _show(period: str, policy: str, proofs: Iterable[Proof], differ: int) -> None:
    say_table(
        ("名次", "大厅", "对象", "得分", "计分", "公布名次", "公布得分", "相符"),
        (
            (
                p.found.place if p.found else "—", p.account.hall_id, p.account.subject,
                f"{p.account.scored.score:g}", p.account.total.n,
                p.said.place if p.said else "—", f"{p.said.score:g}" if p.said else "—",
                "✓" if p.agrees else "✗",
            )
            for p in proofs
        ),
        title=f"{period} {policy}",
    )  # fmt: skip
    said = f"[red]✗[/] {differ} 个对象与明细不符。" if differ else "各得分、名次均与明细相符。"
    out.print(said, highlight=False)
