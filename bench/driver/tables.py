"""The figures as rows of text, for people: the same for the terminal, Markdown and HTML."""

import measure

HOW = {"instructions": "user-space instructions", "calls": "system calls", "heap": "bytes of heap",
       "time": "nanoseconds"}
REFERENCE = "polymux/epoll"


def number(value):
    """Three digits that count, and no more than two after the point."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    if abs(value) >= 10:
        return "{:.1f}".format(value)
    text = "{:.2f}".format(value)
    return "0.00" if text == "-0.00" else text


def order(subject):
    """polymux first, then by hand, then the others."""
    return (not subject.startswith("polymux/epoll"), not subject.startswith("polymux/"),
            not subject.startswith("hand/"), subject)


def target_rows(rows):
    """(what, unit, measured, at most, verdict, by hand, best peer) each."""
    def one(best):
        return "–" if best is None else "%s (%s)" % (number(best[1]), best[0])

    table = []
    for row in rows:
        limit = number(row["at_most"])
        if row["limit_is"]:
            limit = "%s (%s)" % (limit, row["limit_is"])
        what = row["title"]
        table.append((what, row["unit"], number(row["measured"]), limit, row["verdict"],
                      one(row["hand"]), one(row["peer"])))
    return table


TARGET_HEAD = ("what", "unit", "measured", "at most", "", "by hand", "best peer")


def count_table(figures, results, how):
    """(head, rows): one row a figure, one column a subject."""
    chosen = [figure for figure in figures if figure["how"] == how and figure["id"] in results]
    subjects = sorted({subject for figure in chosen for subject in results[figure["id"]]},
                      key=order)
    rows = [tuple([figure["title"] + ", per " + figure["unit"]]
                  + [number(results[figure["id"]].get(subject, {}).get("value"))
                     for subject in subjects]) for figure in chosen]
    return tuple([HOW[how]] + subjects), rows


def time_rows(figure, results):
    """(subject, ns, spread, ratio to polymux/epoll with spread, what that says, CPU ns) each."""
    by_subject = results.get(figure["id"], {})
    reference = by_subject.get(REFERENCE)
    rows = []
    for subject in sorted(by_subject, key=order):
        result = by_subject[subject]
        ratio = None
        if reference is not None and subject != REFERENCE:
            ratio = measure.ratio_to(result, reference)
        ratio_text, verdict = "–", ""
        if ratio is not None:
            ratio_text = "%.2f (%.2f to %.2f)" % ratio[:3]
            verdict = measure.verdict_of(ratio)
        spread = "%s to %s" % (number(result["least"]), number(result["most"]))
        rows.append((subject, number(result["value"]), spread, ratio_text, verdict,
                     number(result["cpu"])))
    return rows


TIME_HEAD = ("", "ns", "spread", "ratio to polymux/epoll", "it is", "CPU ns")


def latency_rows(figure, results):
    rows = []
    for subject in sorted(results.get(figure["id"], {}), key=order):
        latency = results[figure["id"]][subject].get("latency_us")
        if latency:
            rows.append(tuple([subject] + [number(latency[at]) for at in LATENCY_AT]))
    return rows


LATENCY_AT = ("50", "90", "99", "99.9")
LATENCY_HEAD = ("latency, µs", "median", "90 %", "99 %", "99.9 %")
