#!/usr/bin/env python3
"""Holds slipway's time zones, windows and freezes against Python's zoneinfo and datetime.

usage: calendar_test.py CALENDAR_ANSWERS
The table of instants is below: changes of summer time, leap days, ends of years, odd zones. After it, every zone of
the database at instants drawn from a fixed seed, and openings found by looking at every minute.
"""
import datetime as dt
import functools
import json
import random
import subprocess
import sys
import zoneinfo

UTC = dt.timezone.utc

# zone, instant in UTC, what is particular about it
TABLE = [
    ("UTC", "1970-01-01T00:00:00", "the beginning"),
    ("UTC", "2000-02-29T12:00:00", "a leap day of a century"),
    ("UTC", "2026-12-31T23:59:59", "the last second of a year"),
    ("Europe/Berlin", "2026-03-29T00:59:59", "the second before the clock is set forward"),
    ("Europe/Berlin", "2026-03-29T01:00:00", "the second it is set forward"),
    ("Europe/Berlin", "2026-03-29T01:30:00", "after it"),
    ("Europe/Berlin", "2026-10-25T00:30:00", "02:30 for the first time"),
    ("Europe/Berlin", "2026-10-25T00:59:59", "the second before it is set back"),
    ("Europe/Berlin", "2026-10-25T01:00:00", "the second it is set back"),
    ("Europe/Berlin", "2026-10-25T01:30:00", "02:30 for the second time"),
    ("Europe/Berlin", "2026-12-31T22:59:59", "the last second of the year there"),
    ("Europe/Berlin", "2026-12-31T23:00:00", "the first second of the next"),
    ("Europe/Berlin", "2028-02-28T23:30:00", "a leap day there, not yet in UTC"),
    ("Europe/Berlin", "2028-02-29T22:59:59", "the last second of the leap day"),
    ("Europe/Berlin", "2038-01-19T03:14:08", "after 32 bits"),
    ("Europe/Berlin", "2099-07-01T00:00:00", "by the rule, far ahead"),
    ("Europe/Berlin", "2100-02-28T23:30:00", "no leap day in 2100"),
    ("Europe/Berlin", "1945-05-24T01:00:00", "double summer time"),
    ("Europe/London", "2026-03-29T00:59:59", "before British summer time"),
    ("Europe/London", "2026-03-29T01:00:00", "British summer time"),
    ("Europe/London", "2026-10-25T00:30:00", "01:30 for the first time"),
    ("Europe/London", "2026-10-25T01:30:00", "01:30 for the second time"),
    ("Europe/London", "1970-06-15T12:00:00", "British standard time, all year"),
    ("Europe/Dublin", "2026-01-15T12:00:00", "winter time that is the exception"),
    ("Europe/Dublin", "2026-07-15T12:00:00", "summer time that is the standard"),
    ("Europe/Dublin", "2026-10-25T01:00:00", "the change between them"),
    ("America/New_York", "2026-03-08T06:59:59", "before the change of March"),
    ("America/New_York", "2026-03-08T07:00:00", "after it"),
    ("America/New_York", "2026-11-01T05:30:00", "01:30 for the first time"),
    ("America/New_York", "2026-11-01T06:30:00", "01:30 for the second time"),
    ("America/New_York", "2026-11-27T05:00:00", "midnight of Black Friday"),
    ("America/New_York", "2027-01-01T04:59:59", "the last second of 2026 there"),
    ("America/New_York", "2007-03-11T07:00:00", "the first year of the new rule"),
    ("America/New_York", "2006-04-02T07:00:00", "the last of the old rule"),
    ("America/Los_Angeles", "2026-03-08T10:00:00", "Pacific summer time"),
    ("America/Los_Angeles", "2026-11-01T09:00:00", "Pacific standard time"),
    ("America/Sao_Paulo", "2019-02-17T02:00:00", "the last end of a summer time"),
    ("America/Sao_Paulo", "2026-11-15T03:00:00", "none any more"),
    ("America/St_Johns", "2010-11-07T02:31:00", "set back one minute after midnight"),
    ("America/St_Johns", "2010-11-07T02:30:30", "within that minute"),
    ("America/St_Johns", "2026-03-08T05:30:00", "half an hour off, forward"),
    ("America/Santiago", "2026-04-05T03:00:00", "summer ends in April"),
    ("America/Santiago", "2026-09-06T04:00:00", "and begins in September"),
    ("America/Havana", "2026-03-08T05:00:00", "midnight that does not exist"),
    ("America/Caracas", "2016-05-01T07:00:00", "half an hour more for good"),
    ("America/Nuuk", "2023-03-26T00:59:59", "before its zone changed"),
    ("America/Nuuk", "2024-03-31T01:00:00", "after it"),
    ("Asia/Kolkata", "2026-06-01T18:30:00", "midnight, half an hour off"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00", "fifteen minutes more"),
    ("Asia/Kathmandu", "2026-12-31T18:15:00", "its new year"),
    ("Asia/Tokyo", "2026-02-28T15:00:00", "the first of March, no leap year"),
    ("Asia/Tehran", "2022-03-21T20:30:00", "by another calendar, the last time"),
    ("Asia/Tehran", "2026-03-21T20:30:00", "none any more"),
    ("Asia/Pyongyang", "2018-05-04T15:00:00", "half an hour forward for good"),
    ("Asia/Jerusalem", "2026-03-27T00:00:00", "on a Friday"),
    ("Asia/Gaza", "2026-03-28T00:00:00", "around Ramadan"),
    ("Africa/Cairo", "2026-04-23T22:00:00", "summer time came back in 2023"),
    ("Africa/Casablanca", "2026-02-15T02:00:00", "Ramadan turns the clock back"),
    ("Africa/Casablanca", "2026-03-22T02:00:00", "and forward again"),
    ("Africa/Monrovia", "1972-01-07T00:44:30", "seconds in an offset"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00", "half an hour of summer time, back"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00", "and forward"),
    ("Australia/Sydney", "2026-04-04T16:00:00", "southern summer ends"),
    ("Australia/Sydney", "2026-10-03T16:00:00", "and begins"),
    ("Australia/Eucla", "2026-12-31T15:15:00", "45 minutes off, new year"),
    ("Pacific/Apia", "2011-12-30T09:59:59", "the second before a day was left out"),
    ("Pacific/Apia", "2011-12-30T10:00:00", "the 31st follows the 29th"),
    ("Pacific/Kiritimati", "2026-12-31T10:00:00", "the first new year"),
    ("Pacific/Niue", "2027-01-01T10:59:59", "the last second of the last one"),
    ("Pacific/Chatham", "2026-04-04T14:00:00", "45 minutes and summer time"),
    ("Antarctica/Troll", "2026-03-29T01:00:00", "two hours of summer time"),
    ("Antarctica/Macquarie", "2026-10-03T16:00:00", "an island's"),
    ("Etc/GMT+5", "2026-07-01T00:00:00", "a sign the other way round"),
]

# Calendars: zone, weekdays, hours, days that are frozen, weeks that are frozen
CALENDARS = [
    ("UTC", ["tue-thu"], ["10:00-14:00"], ["12-20..12-26"], ["black-friday"]),
    ("Europe/Berlin", ["mon-fri"], ["01:30-03:30"], [], []),
    ("Europe/Berlin", ["sat-mon"], ["22:00-02:30"], ["easter", "easter-monday"], []),
    ("America/New_York", [], ["01:15-01:45"], ["thanksgiving", "4th thu of november"], ["cyber-monday"]),
    ("America/New_York", ["fri-mon"], [], ["last fri of month", "02-29", "12-31..01-02"], []),
    ("Australia/Lord_Howe", ["sun"], ["01:00-03:00", "23:00-00:30"], [], []),
    ("Pacific/Apia", ["fri"], [], [], []),
    ("America/Havana", [], ["00:00-00:45"], ["2026-03-07", "2026-10-30..2026-11-01"], []),
    ("America/St_Johns", ["sun"], ["00:00-24:00"], [], []),
    ("Asia/Kolkata", ["mon, wed-fri"], ["09:30-17:00"], ["good-friday", "ascension", "whit-monday"], ["12-25"]),
]
# Around these the openings of every calendar are looked for.
MOMENTS = ["2026-02-27T12:00:00", "2026-03-07T20:00:00", "2026-03-28T21:00:00", "2026-04-02T08:00:00",
           "2026-10-03T12:00:00", "2026-10-24T21:00:00", "2026-10-31T21:00:00", "2026-11-21T15:50:00",
           "2026-12-18T13:59:59", "2026-12-30T12:00:00", "2028-02-28T23:00:00", "2011-12-28T12:00:00",
           "2010-11-06T20:00:00", "2027-05-05T05:00:00"]
SCAN_DAYS = 12
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Slipway:
    def __init__(self, program):
        self.program = program

    def ask(self, questions):
        text = "".join(json.dumps(one) + "\n" for one in questions)
        done = subprocess.run([self.program], input=text, capture_output=True, text=True, timeout=240)
        if done.returncode != 0:
            sys.exit(f"calendar: {self.program} failed: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def unix(text):
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def local(at, zone):
    return dt.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone))


def instants_showing(at, zone):
    """Every instant at which that zone's clock shows what it shows at `at`."""
    wall = local(at, zone).replace(tzinfo=None)
    found = set()
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=fold).timestamp()
        if local(int(moment), zone).replace(tzinfo=None) == wall:
            found.add(int(moment))
    return sorted(found)


def easter(year):
    """Gauss's way, not Meeus's."""
    a, b, c = year % 19, year % 4, year % 7
    k = year // 100
    p, q = (13 + 8 * k) // 25, k // 4
    m, n = (15 - p + k - q) % 30, (4 + k - q) % 7
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if (d, e) == (29, 6):
        return dt.date(year, 4, 19)
    if d == 28 and e == 6 and (11 * m + 11) % 30 < 19:
        return dt.date(year, 4, 18)
    return dt.date(year, 3, 22) + dt.timedelta(days=d + e)


@functools.cache
def nth(year, month, weekday, which):
    day = dt.date(year, month, 1)
    days = []
    while day.month == month:
        if day.weekday() == weekday:
            days.append(day)
        day += dt.timedelta(days=1)
    return days[which]


@functools.cache
def feast(name, year):
    thanksgiving = nth(year, 11, 3, 3)
    days = {"easter": easter(year), "thanksgiving": thanksgiving}
    moved = {"good-friday": ("easter", -2), "easter-monday": ("easter", 1), "ascension": ("easter", 39),
             "whit-monday": ("easter", 50), "black-friday": ("thanksgiving", 1), "cyber-monday": ("thanksgiving", 4)}
    if name in moved:
        return days[moved[name][0]] + dt.timedelta(days=moved[name][1])
    return days.get(name)


@functools.cache
def is_frozen(day, rule):
    if feast(rule, day.year) is not None:
        return day == feast(rule, day.year)
    if rule == "4th thu of november":
        return day == nth(day.year, 11, 3, 3)
    if rule == "last fri of month":
        return day == nth(day.year, day.month, 4, -1)
    first, _, last = rule.partition("..")
    last = last or first
    if len(first) == 10:
        return first <= day.isoformat() <= last
    here = day.isoformat()[5:]
    return first <= here <= last if first <= last else here >= first or here <= last


@functools.cache
def weekday_set(texts):
    out = set()
    for part in ",".join(texts).split(","):
        first, _, last = part.strip().partition("-")
        at = WEEKDAYS.index(first)
        while True:
            out.add(at)
            if WEEKDAYS[at] == (last or first):
                break
            at = (at + 1) % 7
    return out


@functools.cache
def is_frozen_by(day, dates, weeks):
    monday = day - dt.timedelta(days=day.weekday())
    return any(is_frozen(day, rule) for rule in dates) or any(
        is_frozen(monday + dt.timedelta(days=i), rule) for rule in weeks for i in range(7))


def is_open(at, calendar):
    zone, days, hours, dates, weeks = calendar
    now = local(at, zone)
    day = now.date()
    if is_frozen_by(day, tuple(dates), tuple(weeks)):
        return False
    allowed = weekday_set(tuple(days)) if days else set(range(7))
    if not hours:
        return day.weekday() in allowed
    clock = now.strftime("%H:%M")
    for text in hours:
        first, last = text.split("-")
        if first < last and day.weekday() in allowed and first <= clock < last:
            return True
        yesterday = (day.weekday() - 1) % 7
        if first > last and ((day.weekday() in allowed and clock >= first) or
                             (yesterday in allowed and clock < last)):
            return True
    return False


def scan(at, calendar, wanted):
    """The first minute from `at` on with that answer; None when there is none within the days looked at."""
    if is_open(at, calendar) == wanted:
        return at
    minute = at - at % 60 + 60
    while minute < at + SCAN_DAYS * 86400:
        if is_open(minute, calendar) == wanted:
            return minute
        minute += 60
    return None


class Report:
    def __init__(self):
        self.checked = 0
        self.wrong = 0

    def check(self, what, got, want):
        self.checked += 1
        if got == want:
            return
        self.wrong += 1
        if self.wrong <= 20:
            print(f"calendar: {what}: slipway says {got}, Python {want}")


def check_table(slipway, report):
    questions = [{"zone": zone, "at": unix(text)} for zone, text, _ in TABLE]
    for (zone, text, why), said in zip(TABLE, slipway.ask(questions)):
        there = local(unix(text), zone)
        what = f"{zone} at {text}Z ({why})"
        report.check(what + " offset", said["offset"], int(there.utcoffset().total_seconds()))
        report.check(what + " name", said["name"], there.tzname())
        report.check(what + " instants", said["instants"], instants_showing(unix(text), zone))


def check_every_zone(slipway, report):
    draw = random.Random(20261121)
    names = sorted(name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory"))
    questions = [{"zone": name, "at": draw.randrange(unix("1900-01-01"), unix("2120-01-01"))}
                 for name in names for _ in range(12)]
    for asked, said in zip(questions, slipway.ask(questions)):
        there = local(asked["at"], asked["zone"])
        what = f"{asked['zone']} at {asked['at']}"
        report.check(what + " offset", said["offset"], int(there.utcoffset().total_seconds()))
        report.check(what + " name", said["name"], there.tzname())


def check_calendars(slipway, report):
    cases = [(calendar, unix(text)) for calendar in CALENDARS for text in MOMENTS]
    questions = [{"zone": c[0], "at": at, "calendar": True, "days": c[1], "hours": c[2], "dates": c[3], "weeks": c[4]}
                 for c, at in cases]
    for (calendar, at), said in zip(cases, slipway.ask(questions)):
        what = f"{calendar} at {dt.datetime.fromtimestamp(at, UTC).isoformat()}"
        now = is_open(at, calendar)
        report.check(what + " open", said["open"], now)
        report.check(what + " has a reason", bool(said["why"]), not now)
        opens = scan(at, calendar, True)
        if opens is not None:
            report.check(what + " opens", said["opens"], opens)
        elif said["opens"] is not None:
            report.check(what + " opens later", said["opens"] >= at + SCAN_DAYS * 86400 - 60, True)
            report.check(what + " is open then", is_open(said["opens"], calendar), True)
        closes = scan(at, calendar, False) if now else None
        if closes is not None:
            report.check(what + " closes", said["closes"], closes)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    slipway, report = Slipway(sys.argv[1]), Report()
    check_table(slipway, report)
    check_every_zone(slipway, report)
    check_calendars(slipway, report)
    print(f"calendar: table={len(TABLE)} checked={report.checked} wrong={report.wrong}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
