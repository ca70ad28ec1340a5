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
    "added": "新增", "answered": "已评价", "approval": "审批事项", "axis": "维度", "base": "基数",
    "base_sum": "基数之和", "called": "叫号", "cut": "压缩天数", "decided_in_hall": "厅内可办结",
    "differs": "有明显差异", "difference": "增减", "disclosed": "五公开齐全", "figure": "指标",
    "gap": "相差", "gap_high": "差上限", "gap_low": "差下限", "group_name": "分组",
    "in_hall": "进厅", "invited": "邀评", "items": "事项", "items_after": "期末",
    "items_before": "期初", "longest": "最长", "mean_days": "平均天数",
    "mean_materials": "平均材料",
    "mean_minutes": "平均分钟", "mean_promise": "平均承诺", "mean_visits": "平均到场",
    "minutes": "分钟", "missed": "过号", "mom": "环比", "month": "月份", "online": "网上",
    "previous": "上一期", "promise_sum": "承诺之和", "promised": "有承诺", "removed": "取消",
    "rest_judged": "其余应计", "rest_kept": "其余按时", "rest_rate": "其余比率",
    "saved": "提前天数",
    "service": "服务事项", "source": "来源", "tickets": "取号", "timed": "有时限", "value": "本期",
    "visits": "到场", "waits": "等候件", "without_base": "无此基数", "year_ago": "上年同期",
    "yoy": "同比",
    "about_case": "被评办件", "about_window": "被评窗口", "answered_at": "答复时间",
    "appealed": "申诉",
    "brought": "收到", "callback_rate": "回访率", "called_back": "已回访", "cause": "起因",
    "contacted": "已联系", "content": "回访满意", "fix_rate": "整改率", "fixed": "属实已整改",
    "in_time": "按期整改", "is_appealed": "已申诉", "is_called_back": "已回访",
    "is_closed": "已结案",
    "is_contacted": "已联系", "is_content": "回访满意", "is_in_time": "按期整改",
    "is_rectified": "已整改", "kind": "种类", "malicious": "恶意", "mistaken": "误评",
    "opened": "立案", "opened_at": "立案时间", "order_no": "编号", "ordered_at": "督办时间",
    "ordered_by": "督办人", "rectified": "已整改", "to_org": "承办单位", "to_role": "承办角色",
    "upheld": "申诉成立", "valid": "属实", "verdict": "核实结果", "what": "事由",
}  # fmt: skip


def heading(column: str) -> str:
    """The heading of a column in the language of the settings; the name itself if it has none."""
    return HEADINGS.get(column, column) if settings().language == "zh" else column
