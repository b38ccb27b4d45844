"""What the server models cost, as rows of text and as Markdown."""

import tables

# key of a result, head of its column, what the figure is divided by
COLUMNS = (
    ("requests_per_second", "requests a second", 1),
    ("p50_us", "median, µs", 1),
    ("p99_us", "99 %, µs", 1),
    ("cpu_us", "CPU a request, µs", 1),
    ("bytes_per_connection", "KiB a connection", 1024),
    ("processes", "processes", 1),
)
HEAD = ("model",) + tuple(column[1] for column in COLUMNS)


def result_of(report, model, connections):
    for result in report["results"]:
        if result["model"] == model and result["connections"] == connections:
            return result
    return None


def reason_of(report, model, connections):
    for failure in report["failures"]:
        if failure["model"] == model and failure["connections"] == connections:
            return failure["why"]
    return "not measured"


def rows(report, connections):
    """One row a model, those that were not measured last, with the reason."""
    found, missing = [], []
    for model in report["models"]:
        result = result_of(report, model, connections)
        if result is None:
            missing.append((model, reason_of(report, model, connections)))
            continue
        cells = []
        for key, _, divisor in COLUMNS:
            value = result[key] / divisor
            cells.append("%d" % value if key == "processes" else tables.number(value))
        found.append((model,) + tuple(cells))
    return found, missing


def machine_line(report):
    machine = report["machine"]
    return ("%s, %s, %d processors; %s; medians of %d rounds, %d s in all."
            % (report["date"], machine["processor"], machine["processors"], machine["kernel"],
               report["rounds"], report["seconds"]))


def title_of(connections):
    return "1 connection" if connections == 1 else "{:,} connections".format(connections)


def markdown(report):
    out = [machine_line(report), ""]
    for connections in report["connections"]:
        found, missing = rows(report, connections)
        out += ["### " + title_of(connections), ""]
        if found:
            out += ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * len(COLUMNS)]
            out += ["| " + " | ".join(row) + " |" for row in found]
            out.append("")
        if missing:
            out += ["Not measured: " + "; ".join("%s (%s)" % each for each in missing) + ".", ""]
    return "\n".join(out).rstrip()
