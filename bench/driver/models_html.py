"""What the server models cost, as one HTML page with plots that needs nothing else."""

import html

import models_table
import plots
import report_html

PLOTS = (("requests_per_second", 1, "requests a second"), ("cpu_us", 1, "µs of CPU a request"),
         ("p99_us", 1, "µs that 99 % of the requests do not exceed"),
         ("bytes_per_connection", 1024, "KiB of user-space memory a connection"))


def bar_plot(report, connections, key, divisor, unit):
    values = {result["model"]: result[key] / divisor for result in report["results"]
              if result["connections"] == connections}
    caption = "%s: %s" % (models_table.title_of(connections), unit)
    return report_html.figure(plots.bars(values, unit, caption), caption) if values else ""


def section(report, connections):
    found, missing = models_table.rows(report, connections)
    parts = ["<h2>%s</h2>" % html.escape(models_table.title_of(connections))]
    if found:
        parts.append(report_html.table(models_table.HEAD, found))
    if missing:
        parts.append("<p>Not measured: %s.</p>"
                     % html.escape("; ".join("%s (%s)" % each for each in missing)))
    parts += [bar_plot(report, connections, *each) for each in PLOTS]
    return "\n".join(part for part in parts if part)


def page(report):
    return "\n".join([
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<title>Server models of polymux</title><style>%s</style></head><body>" % report_html.STYLE,
        "<h1>Server models of polymux</h1>",
        "<p>%s</p>" % html.escape(models_table.machine_line(report)),
        "<p>Each serves the same clients, who wait for an answer before they ask again. Memory is "
        "the heap and the stacks that came on top of the idle server's, at the most; CPU is the "
        "server's, the kernel's part for it included.</p>",
    ] + [section(report, connections) for connections in report["connections"]]
        + ["</body></html>"])
