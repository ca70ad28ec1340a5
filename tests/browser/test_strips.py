"""The clock strip: what its pieces are and where they lie."""

from projections.dashboard.strips import Segment, axis_of, segments_of, strip

RUN = (Segment(0, 40, "counted"), Segment(40, 60, "excluded", "hearing", "〔2026〕1 号"))


def kinds(*args: object) -> list[str]:
    return [p.kind for p in strip(*args).pieces]  # type: ignore[arg-type]  # given in order


def test_counted_time_after_the_due_instant_is_over() -> None:
    assert kinds((Segment(0, None, "counted"),), 0, 50, None, 80) == ["counted", "over"]


def test_a_clock_stopped_before_it_was_due_is_green() -> None:
    assert kinds((Segment(0, 30, "counted"),), 0, 50, 30, 80) == ["early"]


def test_excluded_time_keeps_its_ground_and_notice_and_is_never_over() -> None:
    laid = strip((*RUN, Segment(60, None, "counted")), 0, 50, None, 70)
    assert [p.kind for p in laid.pieces] == ["counted", "excluded", "over"]
    assert (laid.pieces[1].why, laid.pieces[1].notice) == ("hearing", "〔2026〕1 号")


def test_pieces_lie_side_by_side_and_the_tick_inside() -> None:
    laid = strip((*RUN, Segment(60, None, "counted")), 0, 90, None, 70)
    ends = [round(p.left + p.width, 1) for p in laid.pieces]
    assert ends[:-1] == [round(p.left, 1) for p in laid.pieces[1:]]
    assert laid.due is not None
    assert 0 < laid.due < 100


def test_several_clocks_share_an_axis() -> None:
    begin, end = axis_of([(10, 50, 30), (0, None, 80)])
    assert begin == 0
    assert end > 80


def test_a_foreign_text_gives_no_segments() -> None:
    assert segments_of("") == ()
    assert segments_of("{") == ()
    assert segments_of('[{"from":1,"to":null,"kind":"counted"}]') == (Segment(1, None, "counted"),)
