"""How much of what comes in, and how it ends: the seeds' figures, and what they leave open.

39,072 cases a year in one county hall (seed 004) are 156 a working day. The mix, the shares of
lateness and the marks are made up so that a fortnight shows everything once; they are no figures
of any hall.
"""

from collections.abc import Mapping

HALL = "sujiatun"  # the hall of seed 000: 35 windows

# Cases a working day by item. Fractions are chances; the sum is close to 156.
DAILY: Mapping[str, float] = {
    "deed-tax": 18, "housing-fund": 16, "id-card": 15, "property-transfer": 14, "passport": 12,
    "household-move": 12, "social-security-card": 12, "marriage-certificate": 11,
    "company-express": 9, "food-licence": 6, "elderly-card": 6, "company-registration": 5,
    "hygiene-licence": 3, "outdoor-sign": 3, "road-transport": 2.5, "disability-card": 2.5,
    "project-filing": 2, "construction-permit": 1.6, "fire-inspection": 1.4,
    "branch-registration": 1.2, "works-planning": 0.8, "land-planning": 0.7, "project-joint": 0.7,
    "land-forwarded": 0.7, "eia-review": 0.6, "labour-dispatch": 0.5, "tree-felling": 0.5,
    "cooperative-registration": 0.4, "water-permit": 0.3, "seed-licence": 0.3,
    "internet-cafe": 0.3,
}  # fmt: skip

# What windows without an item of their own get: their share of the hotline and of complaints.
DAILY_PER_WINDOW: Mapping[str, float] = {"hotline-enquiry": 0.5, "hotline-complaint": 0.15}
REST_DAY_SHARE = 0.04  # of a working day's cases, online, on a day of rest

CHANNELS = (("counter", 58), ("online", 24), ("mobile", 12), ("kiosk", 6))
APPLICANTS = (("person", 70), ("company", 25), ("organisation", 5))
COMPANY_DOMAINS = frozenset(
    {"market", "investment", "planning", "construction", "environment", "water", "safety",
     "health", "labour", "transport", "agriculture", "forestry", "education", "culture", "land",
     "city"}
)  # fmt: skip

LATE_SHARE = 0.035  # of cases; a window's own factor multiplies it
RED_SHARE = 0.35  # of late ones: so late that the red signal comes first
STALLED_SHARE = 0.006  # nobody decides them while the demo lasts
REFUSED_SHARE = 0.012
SUPPLEMENT_SHARE = 0.06
REWORK_SHARE = 0.004  # found wrong by the applicant and reopened
BACKDATED_SHARE = 0.01  # done in the afternoon, keyed in the next morning
EXTENDED_SHARE = 0.05  # of cases of ten days and more
DECISIONS = (("approved", 965), ("rejected", 15), ("returned", 12), ("withdrawn", 8))

# Grounds of 行政许可法 art 45 by item, the days they take, and the share of cases they touch.
EXCLUSIONS: Mapping[str, tuple[str, int, float]] = {
    "eia-review": ("expert_review", 5, 0.7),
    "fire-inspection": ("inspection", 2, 0.6),
    "food-licence": ("inspection", 2, 0.25),
    "hygiene-licence": ("testing", 3, 0.4),
    "water-permit": ("hearing", 6, 0.4),
    "seed-licence": ("testing", 4, 0.4),
    "works-planning": ("expert_review", 3, 0.2),
}
# Who answers a case that is sent up (转报), how soon in working days.
UPSTREAM: Mapping[str, tuple[str, str, int]] = {"land-forwarded": ("省自然资源厅", "province", 4)}

INVITED_SHARE = 0.85
RATED_SHARE = 0.42  # of those invited
ASPECTS_SHARE = 0.6  # of ratings: those that say more than one level
ASPECTS: Mapping[str, tuple[str, ...]] = {
    "counter": ("efficiency", "skill", "attitude"),
    "online": ("efficiency", "guide", "convenience"),
}
MARKS = ((5, 78), (4, 17), (3, 4), (2, 0.7), (1, 0.3))
MARKS_WHEN_LATE = ((5, 20), (4, 25), (3, 30), (2, 15), (1, 10))
