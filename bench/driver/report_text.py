"""The report as Markdown; a terminal shows the same."""

import tables

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine_line(report):
    machine = report["machine"]
    return ("%s, %s, %d processors; %s; %s; %s, %s form, %d s."
            % (report["date"], machine["processor"], machine["processors"], machine["kernel"],
               machine["build"], ", ".join("%s %s" % pair for pair in sorted(
                   report["versions"].items()) if pair[0] != "hand"),
               report["form"], report["seconds"]))


def remarks(report):
    lines = ["Left out: %s.\n" % each for each in report["missing"]]
    lines += ["Failed: %s of %s: %s.\n" % (each["figure"], each["subject"], each["why"])
              for each in report["failures"]]
    return "\n".join(lines)


def markdown(report):
    parts = [machine_line(report) + "\n"]
    if report["targets"]:
        parts.append("### Targets\n")
        parts.append(table(tables.TARGET_HEAD, tables.target_rows(report["targets"])))
    for how in ("instructions", "calls", "heap"):
        head, rows = tables.count_table(report["figures"], report["results"], how)
        if rows:
            parts.append("### %s\n" % tables.HOW[how].capitalize())
            parts.append(table(head, rows))
    timed = [figure for figure in report["figures"]
             if figure["how"] == "time" and figure["id"] in report["results"]]
    if timed:
        parts.append("### Times\n")
        parts.append("Medians of interleaved rounds on a machine that others use too. A ratio is of the "
                     "same rounds; where\nits spread holds 1, the noise forbids a conclusion.\n")
    for figure in timed:
        parts.append("**%s**, per %s:\n" % (figure["title"], figure["unit"]))
        parts.append(table(tables.TIME_HEAD, tables.time_rows(figure, report["results"])))
        latencies = tables.latency_rows(figure, report["results"])
        if latencies:
            parts.append(table(tables.LATENCY_HEAD, latencies))
    parts.append(remarks(report))
    return "\n".join(part for part in parts if part)


def replace_in(text, new):
    """The page with what stands between the two marks replaced."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        raise ValueError("the page has no '%s' followed by '%s'" % (BEGIN, END))
    return text[:begin + len(BEGIN)] + "\n" + new + "\n" + text[end:]
