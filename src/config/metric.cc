#include "config/metric.h"

#include "base/text.h"
#include "config/values.h"

namespace slipway::config {
namespace {
constexpr std::string_view kBaseline = "x baseline";

std::string_view name_of(Metric::Source source) {
  switch (source) {
    case Metric::Source::Prometheus:
      return "prometheus";
    case Metric::Source::Http:
      return "http";
    case Metric::Source::Command:
      return "command";
  }
  return "prometheus";
}

Metric::Source source_named(std::string_view name) {
  if (name == "http") return Metric::Source::Http;
  return name == "command" ? Metric::Source::Command : Metric::Source::Prometheus;
}
}  // namespace

std::optional<MetricBound> parse_metric_bound(std::string_view text) {
  MetricBound out;
  text = trim(text);
  out.relative = text.ends_with(kBaseline);
  if (out.relative) text = trim(text.substr(0, text.size() - kBaseline.size()));
  const auto limit = parse_number(text);
  if (!limit || (out.relative && *limit <= 0)) return std::nullopt;
  out.limit = *limit;
  return out;
}

Json to_json(const Metric& metric) {
  return Json::object()
      .set("name", metric.name)
      .set("source", name_of(metric.source))
      .set("at", metric.at)
      .set("query", metric.query)
      .set("field", metric.field)
      .set("bound", metric.text)
      .set("for_ms", metric.hold.count())
      .set("every_ms", metric.every.count())
      .set("timeout_ms", metric.timeout.count())
      .set("dry_run", metric.dry_run)
      .set("secret", to_json(metric.secret).set("name", metric.secret.name));
}

Metric metric_from_json(const Json& json) {
  Metric out;
  out.name = json.text("name");
  out.source = source_named(json.text("source"));
  out.at = json.text("at");
  out.query = json.text("query");
  out.field = json.text("field");
  out.text = json.text("bound");
  const std::string_view bound = out.text;
  out.side = bound.starts_with("below ") ? Metric::Side::Below : Metric::Side::Above;
  const auto space = bound.find(' ');
  if (space != std::string_view::npos)
    out.bound = parse_metric_bound(bound.substr(space)).value_or(MetricBound());
  out.hold = Millis(json.integer("for_ms"));
  out.every = Millis(json.integer("every_ms", out.every.count()));
  out.timeout = Millis(json.integer("timeout_ms", out.timeout.count()));
  out.dry_run = json.flag("dry_run");
  const Json& secret = json.at("secret");
  out.secret = {secret.text("name"), secret.text("env"), secret.text("file"),
                secret.text("command")};
  return out;
}

}  // namespace slipway::config
