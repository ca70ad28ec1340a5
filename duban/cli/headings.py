"""Headings of tables: what people call the columns of metrics; JSON keeps their names."""

from duban.settings import settings

HEADINGS = {
    "accepted": "受理", "accepted_at": "受理时间", "acknowledged_at": "确认时间",
    "acknowledged_by": "确认人", "before": "上周同日", "budget": "期限", "case_class": "类别",
    "case_id": "办件", "cases": "办件数", "channel": "渠道", "cleared_at": "解除时间",
    "clock_kind": "时钟", "closed": "办结", "closed_at": "办结时间", "consumed": "已用",
    "day": "日期", "decision": "决定", "dissatisfied": "不满意", "due_at": "应办结",
    "due_kind": "时限类别", "due_soon": "即将到期", "early": "提前", "escalations": "上报次数",
    "event_type": "事项", "from_below": "倒数名次", "hall_id": "大厅", "held": "停表",
    "high": "区间上限", "historical": "历史补录", "item_code": "事项编码", "item_name": "事项",
    "judged": "应计", "kept": "按时办结", "late": "超期办结", "late_minutes": "超期分钟",
    "level": "级别", "low": "区间下限", "n": "计分次数", "no_policy": "事项未公布",
    "occurred_at": "发生时间", "oldest_due": "最早应办结", "on_time": "按时", "open": "在办",
    "outcome": "结果", "overdue": "超期未结", "overdue_seconds": "已超期秒数", "place": "名次",
    "points": "计分", "provisional": "暂定", "raised_at": "发出时间", "rate": "比率",
    "rated": "已评价", "rating": "评价", "ratings": "评价数", "recorded_at": "记录时间",
    "red": "红牌预警", "reminder": "提醒", "retracted_at": "撤回时间", "rung": "梯级",
    "satisfied": "满意", "saved_days": "节省天数", "score": "得分", "side": "榜",
    "signal": "预警", "started_at": "起算", "state": "状态", "status": "状态",
    "stopped_at": "停表时间", "subject": "窗口", "submitted_at": "收件时间", "unit": "单位",
    "untimed": "无时限", "window_id": "窗口", "yellow": "黄牌预警",
}  # fmt: skip


def heading(column: str) -> str:
    """The heading of a column in the language of the settings; the name itself if it has none."""
    return HEADINGS.get(column, column) if settings().language == "zh" else column
