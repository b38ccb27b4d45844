#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <polymux/polymux.hpp>

#include "commands.hpp"
#include "console.hpp"

namespace {

using nlohmann::ordered_json;
using polymux::ServerModel;
using polymux::Workers;

const char* name_of(Workers workers) {
  switch (workers) {
    case Workers::threads:
      return "threads";
    case Workers::processes:
      return "processes";
    case Workers::none:
      break;
  }
  return nullptr;
}

ordered_json to_json(const ServerModel& model) {
  ordered_json json;
  json["name"] = model.name;
  json["summary"] = model.summary;
  json["known_from"] = model.known_from;
  json["takes_backend"] = model.takes_backend;
  json["takes_datagrams"] = model.takes_datagrams;
  const auto* const workers = name_of(model.workers);
  json["workers"] = workers != nullptr ? ordered_json(workers) : ordered_json(nullptr);
  json["variant_option"] =
      model.variant_option.empty() ? ordered_json(nullptr) : ordered_json(model.variant_option);
  json["variants"] = ordered_json::array();
  for (const auto variant : model.variants) json["variants"].push_back(variant);
  return json;
}

std::string as_json() {
  ordered_json json;
  json["models"] = ordered_json::array();
  for (const auto* model : polymux::server_models()) json["models"].push_back(to_json(*model));
  return json.dump(2) + "\n";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string column(text);
  column.resize(std::max(width, column.size()), ' ');
  return column;
}

std::string options_of(const ServerModel& model) {
  std::string text;
  if (model.takes_backend) text += ", --backend";
  if (const auto* const workers = name_of(model.workers)) text.append(", --").append(workers);
  if (!model.variant_option.empty()) {
    text.append(", --").append(model.variant_option);
    const char* separator = " ";
    for (const auto variant : model.variants) {
      text.append(separator).append(variant);
      separator = "|";
    }
  }
  return text.empty() ? text : "; takes " + text.substr(2);
}

std::string as_text() {
  std::size_t width = 0;
  for (const auto* model : polymux::server_models()) {
    width = std::max(width, model->name.size());
  }
  const std::string indent(width + 2, ' ');
  std::string text;
  for (const auto* model : polymux::server_models()) {
    text.append(padded(model->name, width)).append("  ").append(model->summary) += '\n';
    text.append(indent).append("known from ").append(model->known_from);
    text.append(options_of(*model)) += '\n';
  }
  return text;
}

}  // namespace

void add_models_command(CLI::App& app, Command& chosen) {
  auto* const command = app.add_subcommand(
      "models", "List the ways to build a server that 'polymux serve --model' knows");
  auto* const json = command->add_flag("--json")->description("Print JSON; its form is stable");
  command->callback([&chosen, json] {
    chosen = [json] { return console::print(json->count() != 0 ? as_json() : as_text()); };
  });
}
