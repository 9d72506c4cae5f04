#include "drivers/metrics/ask.h"

#include "base/text.h"
#include "base/units.h"
#include "drivers/metrics/answer.h"
#include "http/web.h"
#include "io/child.h"
#include "io/environment.h"

namespace slipway::drivers::metrics {
namespace {
constexpr std::size_t kMostAnswer = 64 * 1024;

Result<http::Response> get(const std::string& url, const std::string& token, Millis timeout) {
  http::WebCall call;
  call.method = "GET";
  call.url = url;
  call.timeout = timeout;
  call.max_body = kMostAnswer;
  call.fields = {{"Accept", "application/json, text/plain"}};
  if (!token.empty()) call.fields.push_back({"Authorization", "Bearer " + token});
  return http::call_web(call);
}

bool is_success(const http::Response& answer) {
  return answer.status >= 200 && answer.status < 300;
}

Error refused(const std::string& url, const http::Response& answer) {
  return Error(Code::Refused, http::host_of_url(url) + " answered " + std::to_string(answer.status),
               "ask it by hand, with the same address and token");
}

// A wrong query is told as JSON, with a status of 400 or 422: its words are worth showing.
Result<double> ask_prometheus(const ports::MetricQuestion& question, const std::string& token) {
  std::string url = question.metric.at;
  while (url.ends_with('/')) url.pop_back();
  const std::string query = ports::with_names(question.metric.query, question.names);
  const auto answer = TRY(get(url + "/api/v1/query?query=" + http::percent_encoded(query), token,
                              question.metric.timeout));
  if (!is_success(answer) && answer.status != 400 && answer.status != 422)
    return refused(url, answer);
  return prometheus_number(answer.body);
}

Result<double> ask_address(const ports::MetricQuestion& question, const std::string& token) {
  const std::string url = ports::with_names(question.metric.at, question.names);
  const auto answer = TRY(get(url, token, question.metric.timeout));
  if (!is_success(answer)) return refused(url, answer);
  return plain_number(answer.body, question.metric.field);
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

Result<double> ask_command(const ports::MetricQuestion& question) {
  io::ChildSpec spec;
  spec.shell = ports::with_names(question.metric.at, question.names);
  spec.dir = question.dir;
  spec.environment = io::own_environment();
  std::erase_if(spec.environment,
                [&](const std::string& entry) { return entry.starts_with("SLIPWAY_"); });
  for (const auto& [name, value] : question.names)
    spec.environment.push_back("SLIPWAY_" + upper(name) + "=" + value);
  const auto run = TRY(io::run_command(std::move(spec), question.metric.timeout, kMostAnswer));
  if (run.timed_out)
    return Error(Code::Timeout, "the command was killed after " + to_text(question.metric.timeout),
                 "give the metric a longer timeout");
  if (!run.exit.succeeded())
    return Error(Code::CommandFailed,
                 "the command ended with " + run.exit.text() + ": " +
                     std::string(trim(run.err).substr(0, 200)),
                 "run it by hand");
  return plain_number(run.out, question.metric.field);
}
}  // namespace

Result<double> ask(const ports::MetricQuestion& question, const std::string& token) {
  switch (question.metric.source) {
    case config::Metric::Source::Prometheus:
      return ask_prometheus(question, token);
    case config::Metric::Source::Http:
      return ask_address(question, token);
    case config::Metric::Source::Command:
      return ask_command(question);
  }
  return Error(Code::Unsupported, "this slipway has no such source of metrics",
               "use the slipway that released it");
}

}  // namespace slipway::drivers::metrics
