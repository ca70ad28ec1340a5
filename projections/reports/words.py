"""What codes are called in a report; one that nobody named is called by its kind's last word."""

from collections.abc import Mapping

PRAISE = {
    "banner": "锦旗", "plaque": "镜匾", "letter": "表扬信", "phone": "电话表扬",
    "press": "媒体报道", "": "其他表扬",
}  # fmt: skip
PARTIES = {
    "discipline_officer": "纪检监察专员", "centre_manager": "中心管理人员",
    "duty_lead": "大厅值班长", "chief_rep": "窗口首席代表", "": "其他人员",
}  # fmt: skip
SEVERITIES = {"serious": "严重", "major": "较重", "minor": "一般", "": "未定"}
ACTIVITIES = {
    "training": "业务培训", "contest": "技能竞赛", "meeting": "会议", "study": "专题学习",
    "volunteer": "志愿服务", "": "其他活动",
}  # fmt: skip
PLANS = {"themed": "命题检查", "periodic": "定期检查", "unscheduled": "不定期检查", "": "检查"}
MANNERS = {"open": "明察", "covert": "暗访", "": "未注明"}
INSPECTORS = {
    "internal": "中心自查", "monitor": "监督员", "superior": "上级部门", "external": "第三方",
    "": "其他",
}  # fmt: skip
CARDS = {"yellow": "黄牌警告", "red": "红牌警告", "": "警告"}
SCOPES = {
    "hall": "大厅通报",
    "city": "全市通报",
    "press": "登报批评",
    "system": "系统通报",
    "": "通报",
}
ATTENDANCE = {
    "absent": "缺勤", "late": "迟到", "early": "早退", "leave": "请假", "": "其他",
}  # fmt: skip
ASPECTS = {
    "efficiency": "办事效率", "skill": "业务水平", "attitude": "服务态度", "guide": "办事指引",
    "convenience": "便捷程度", "": "其他方面",
}  # fmt: skip
VOICES = {
    "mass": "群众评价", "peer": "党员互评", "leader": "领导点评", "self": "自评（不计）",
    "": "其他评价",
}  # fmt: skip
MATTERS = {
    "complaint": "投诉", "hotline": "热线工单", "review": "差评整改", "opinion": "意见建议",
    "supervision": "督办件", "rectification": "限期整改", "patrol": "巡查轮次", "": "其他",
}  # fmt: skip
AXES = {
    "hour": "忙时闲时", "channel": "办理渠道", "applicant": "申请人类别",
    "acquaintance": "生人熟人", "own": "对己对人", "": "其他",
}  # fmt: skip
SIDES = {
    "busy": "忙时", "idle": "闲时", "first": "首次申请", "repeat": "再次申请",
    "own_staff": "本单位人员", "others": "其他申请人", "person": "个人", "company": "企业",
    "farm_cooperative": "农民专业合作社", "agency": "机关", "organisation": "社会组织",
    "counter": "窗口", "online": "网上", "mobile": "移动端", "kiosk": "自助机",
    "community": "社区", "site": "上门", "phone": "电话", "hotline": "热线", "box": "意见箱",
    "post": "邮寄", "system": "系统", "": "未注明",
}  # fmt: skip
BASES = {"statutory": "法定时限", "upper": "市级规定时限", "previous": "上一版承诺时限"}
KINDS = {
    "window": "窗口", "staff": "人员", "chief_rep": "首席代表", "branch": "支部", "hall": "大厅",
    "": "对象",
}  # fmt: skip
MEASURES = {
    "talk": "约谈窗口负责人", "rectification": "责令限期整改", "criticism": "通报批评",
    "supervision": "列入重点督办", "honour": "通报表扬", "bonus": "年终考核加分",
    "deduction": "年终考核扣分", "leader_on_duty": "单位一把手带班",
    "recommendation": "发监察建议书", "": "按评比办法处理",
}  # fmt: skip
SIGNS = {
    "late_entry": "先办后录", "batch_entry": "集中补录", "pause_no_notice": "扣除无书面告知",
    "pause_overrun": "扣除超过告知天数", "zero_duration": "零时长办结",
    "repeat_notice": "重复一次性告知", "self": "厅内人员以群众身份评价", "burst": "短时集中评价",
}  # fmt: skip

HONOURS = {
    "good_deeds": "善行功德榜", "red_flag": "流动红旗窗口", "star": "星级窗口",
    "model_window": "模范窗口", "model": "典型", "pioneer": "党员先锋岗",
    "pioneer_post": "党员先锋岗", "recommended": "推荐",
    "service_star": "服务明星", "civilised_unit": "文明单位",
    "chief_rep": "优秀首席代表", "leifeng": "雷锋岗", "satisfied_window": "群众满意窗口",
    "dedication": "敬业", "honesty": "诚信", "filial_piety": "孝敬", "thrift": "勤俭",
    "mutual_help": "互助",
}  # fmt: skip
FINDINGS = {
    "attitude": "服务态度", "delay": "延误事项", "error": "办理差错", "conduct": "不良风气",
    "image": "形象受损", "refused": "应受理不受理", "no_reason": "不予受理未说明理由",
    "fees": "违规收费", "files": "档案不齐", "hygiene": "环境卫生",
    "off_system": "体外循环",
}  # fmt: skip


NUMERALS = "一二三四五六七八九十"


def numeral(n: int) -> str:
    """一, 二 … 十, 十一."""
    if n <= 10:
        return NUMERALS[n - 1]
    return f"十{NUMERALS[n - 11]}" if n < 20 else str(n)


def spelt(words: Mapping[str, str], text: str) -> str:
    """The word for a code; text that is none stands for itself."""
    return words.get(text, text) or "—"


def named(words: Mapping[str, str], code: str) -> str:
    """The word for a code, or the word for the rest."""
    return words.get(code) or words[""]


def joined(parts: list[str]) -> str:
    """甲3面、乙2封."""
    return "、".join(parts)
