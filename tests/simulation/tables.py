"""What a day may have of each kind, and how often beside the others of its kind."""

# The first has agreed words and codes with HQ: force can strike nobody else.
DEFENDERS = (
    *("heron",) * 5,
    *("gannet", "toucan", "stork", "lapwing", "avocet", "cormorant", "fulmar"),
    *("kingfisher", "chough", "dowitcher", "dowitcher", "fairywren"),
)
MODEMS = ("modem-1", "modem-2")
CHANNELS = ("email", "webhook", "mastodon")
# Who may fail, an alarm's actor most of all: it holds what is decided and not told.
ACTORS = (
    *("alarm",) * 4,
    *("alarms", "dispatcher", "intake", "timers", *MODEMS, *CHANNELS) * 2,
    *("checkins", "email/2", "gateway", "journal", "orders", "probe", "register"),
    *("shouter", "vigil", "web", "channels", "doors", "modems"),
)

MODES = {"safety": 1, "month": 1}
BEGINS = {"upgrade": 1}
"""What a whole day is, if it is anything but a day on an empty journal."""

PRESSES = {
    "sos": 10,
    "removed": 2,
    "no_fix": 2,
    "late": 2,
    "clock": 1,
    "zero": 1,
    "checksum": 1,
    "unauthentic": 1,
    "twice": 2,
    "stranger": 1,
    "fall": 1,
    "undecodable": 1,
}
FAULTS = {
    "process": {
        "kill": 4,
        "commit_before": 3,
        "commit_after": 3,
        "contact_before": 3,
        "contact_after": 3,
        "stop": 1,
        "loop": 1,
        "pause": 2,
        "read_error": 1,
        "fails": 2,
        "fails_after": 2,
        "fails_within": 2,
    },
    "disk": {
        "eio": 2,
        "unanswered": 2,
        "full": 2,
        "scarce": 2,
        "slow": 2,
        "old_owner": 2,
    },
    "modem": {
        "gone": 3,
        "silent": 2,
        "lost": 3,
        "sent_unknown": 3,
        "late_answer": 2,
        "refused": 2,
        "rejected": 1,
        "no_report": 2,
        "late_report": 1,
        "report_twice": 1,
        "failed_report": 1,
        "slow_answer": 1,
        "hang": 1,
        "all_gone": 1,
        "no_call": 1,
        "keeps_message": 1,
        "store_hangs": 1,
        "arrives_twice": 1,
    },
    "channel": {"down": 3, "refused": 2, "rejected": 1, "hang_sent": 2, "hang_lost": 2},
    "input": {
        "flood": 1,
        "cancel": 4,
        "again": 3,
        "replayed": 2,
        "words": 1,
        "wrong_code": 1,
        "spoofed": 2,
        "walks": 2,
        "answer_lost": 2,
    },
    "time": {"hour_ahead": 2, "hour_back": 1, "week_back": 2, "suspend": 2},
    "human": {
        "nobody": 2,
        "two_at_once": 2,
        "reopen": 2,
        "after_close": 2,
        "detained": 3,
        "needs_help": 3,
        "hand_over": 2,
        "link": 1,
        "merge": 3,
        "taken_off": 2,
        "timer": 3,
        "drill": 2,
        "double_click": 2,
    },
    "force": {
        "duress_word": 3,
        "duress_code": 3,
        "safe_word": 2,
        "safe_code": 2,
        "press_after_end": 2,
    },
}
WEIGHTS = {
    "process": 6,
    "disk": 3,
    "modem": 5,
    "channel": 3,
    "input": 3,
    "time": 1,
    "human": 5,
    "force": 2,
}
UNENDING = {"": 2, "all_gone": 1, "gone": 1, "down": 2, "full": 1, "slow": 1}
"""What may never end on a safety day; nothing most often."""

# What somebody changes in the roster, or in the files of the action protocols.
CHANGES = {
    "left": 2,
    "follows": 1,
    "retired": 3,
    "renumbered": 3,
    "unavailable": 1,
    "relieved": 2,
    "rewritten": 2,
    "taken_away": 1,
}

# What becomes of a timer beside other faults, besides that it runs out.
TIMERS = {
    "timer_moved": 2,
    "timer_ended": 2,
    "timer_word": 1,
    "timer_bare": 2,
    "timer_forced": 3,
}
TIMERS_OF = {
    "timer_moved": "kingfisher",
    "timer_ended": "kingfisher",
    "timer_word": "heron",
    "timer_bare": "heron",
    "timer_forced": "heron",
}
"""Whose each is: the second has agreed on words."""

# What becomes of a timer that is set by a device's button.
BUTTONS = {
    "button": 3,
    "button_again": 2,
    "button_named": 2,
    "button_stored": 2,
    "button_unanswered": 2,
    "button_home": 2,
}

# A device that has agreed to be heard, and is not any more.
SILENCES = {"unheard": 2, "unheard_at_risk": 1}
# One that is heard again once it was found silent, and falls silent a second time.
SILENT_AGAIN = {"unheard_again": 2, "unheard_again_at_risk": 1}

# What a colleague or contact says who is forced to answer, beside their word of force.
COLLEAGUES = {
    "colleague_forced": 4,
    "colleague_safe": 3,
    "colleague_help": 1,
    "colleague_bare": 2,
    "colleague_uncoded": 2,
    "colleague_elsewhere": 1,
}

# An officer who was paged is forced, while a case is open or once it has ended.
OFFICERS = {"officer_forced": 1, "officer_opens": 2}

# HQ says that it is false, and the defender presses again.
PRESSED_AGAIN = {"false_again": 1}

# A page of the journal cannot be read for a while.
UNREAD = {"unread": 1}

# What HQ asks of a device, and where that is.
ORDERS = {
    "order": 3,
    "order_away": 3,
    "order_by_sms": 3,
    "order_twice": 2,
    "order_refused": 1,
}
