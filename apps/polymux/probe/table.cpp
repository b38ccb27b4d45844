#include <algorithm>
#include <numeric>

#include "report.hpp"
#include "wrap.hpp"

namespace probe {
namespace {

constexpr std::size_t gap = 2;

using Columns = std::vector<const Multiplexer*>;

std::string label_of(const Line& line) {
  switch (line.interest) {
    case Interest::read:
      return "    asked to read";
    case Interest::none:
      return "    asked for nothing";
    case Interest::all:
      break;
  }
  return "  " + std::string(line.row->situation);
}

/// The table as it is being written.
class Table {
 public:
  Table(const Survey& survey, std::size_t width) : survey_(survey), lines_(lines_of(survey)) {
    std::ranges::copy_if(survey.multiplexers, std::back_inserter(columns_),
                         [](const Multiplexer* one) { return one->is_available(); });
    for (const auto& line : lines_) first_ = std::max(first_, label_of(line).size());
    const std::size_t taken = first_ + gap * columns_.size();
    widths_ = fit(natural_widths(), width == 0 ? 0 : std::max(width, taken + 1) - taken);
  }

  std::string text() {
    add_head();
    for (const auto* const kind : survey_.kinds) add_kind(*kind);
    add_absent();
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::vector<std::size_t> natural_widths() const {
    std::vector<std::size_t> widths;
    for (const auto* const column : columns_) {
      std::size_t width = column->name.size();
      for (const auto& line : lines_) {
        if (why_not_made(line).empty()) width = std::max(width, cell(line, *column).size());
      }
      widths.push_back(width);
    }
    return widths;
  }

  void add_head() {
    const auto& system = survey_.system;
    text_ = system.name + " " + system.release + ", " + system.machine + ", " +
            system.date.substr(0, 10) + "\n\n";
    std::vector<std::string> names;
    for (const auto* const column : columns_) names.emplace_back(column->name);
    add_cells("", names);
  }

  void add_kind(const Kind& kind) {
    text_.append(kind.name).append(": ").append(kind.summary) += '\n';
    if (!kind.is_available()) {
      text_.append("  cannot be made: ").append(kind.making->absent) += '\n';
    }
    for (const auto& line : lines_) {
      if (line.row->kind == &kind) add_line(line);
    }
  }

  void add_line(const Line& line) {
    if (const auto why = why_not_made(line); !why.empty()) {
      text_ += padded(label_of(line), first_ + gap) + why + "\n";
      return;
    }
    std::vector<std::string> cells;
    for (const auto* const column : columns_) cells.push_back(cell(line, *column));
    add_cells(label_of(line), cells);
  }

  // As many lines as the cell that wraps most.
  void add_cells(const std::string& label, const std::vector<std::string>& cells) {
    std::vector<std::vector<std::string>> wrapped;
    std::size_t height = 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      wrapped.push_back(wrap(cells[i], widths_[i]));
      height = std::max(height, wrapped.back().size());
    }
    for (std::size_t row = 0; row < height; ++row) {
      std::string text = padded(row == 0 ? label : "", first_);
      for (std::size_t i = 0; i < wrapped.size(); ++i) {
        text.append(gap, ' ');
        text += padded(row < wrapped[i].size() ? wrapped[i][row] : "", widths_[i]);
      }
      text_.append(text, 0, text.find_last_not_of(' ') + 1) += '\n';
    }
  }

  void add_absent() {
    bool is_first = true;
    for (const auto* const one : survey_.multiplexers) {
      if (one->is_available()) continue;
      if (is_first) text_ += '\n';
      is_first = false;
      text_.append("not asked: ").append(one->name).append(": ").append(one->opening->absent) +=
          '\n';
    }
  }

  const Survey& survey_;
  std::vector<Line> lines_;
  Columns columns_;
  std::size_t first_ = 0;
  std::vector<std::size_t> widths_;
  std::string text_;
};

}  // namespace

std::string as_table(const Survey& survey, std::size_t width) {
  return Table(survey, width).text();
}

}  // namespace probe
