"""What the product's terms are called in Chinese, wherever a terminal or a message says them."""

LEVELS = {"reminder": "提醒", "yellow": "黄牌预警", "red": "红牌预警", "escalate": "升级督办"}
CLOCKS = {"promise": "承诺时限", "statutory": "法定时限", "imposed": "指定期限"}
STATES = {"running": "计时中", "paused": "依法扣除中", "stopped": "已停止"}
OUTCOMES = {"early": "提前", "on_time": "按时", "late": "超期", "": ""}
UNITS = {"working_day": "个工作日", "calendar_day": "个自然日", "working_minute": "个工作分钟"}
# Why a day counted towards a term, or did not.
WHY = {
    "workday": "工作日",
    "weekend": "休息日",
    "holiday": "法定节假日",
    "makeup": "调休上班",
    "hall_work": "本厅上班",
    "hall_rest": "本厅休息",
    "start_day": "当天不计",
    "paused": "期间扣除",
    "rolled": "末日顺延",
    "excluded": "依法扣除",
    "upstream": "上级时间",
    "closed": "办结期间不计",
    "not_closed": "未到下班",
    "imposed": "指定期限",
}
