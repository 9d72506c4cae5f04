#include "drivers/metrics/measures.h"

#include <mutex>
#include <thread>

#include "drivers/metrics/ask.h"

namespace slipway::drivers::metrics {
namespace {
constexpr std::size_t kMostAtOnce = 100;  // 50 metrics, of two releases

class Asking final : public ports::Measures {
 public:
  explicit Asking(ReadSecret read_secret) : read_secret_(std::move(read_secret)) {}
  ~Asking() override {
    for (auto& [key, call] : calls_) {
      if (call.thread.joinable()) call.thread.join();
    }
  }

  void ask(const std::string& key, const ports::MetricQuestion& question) override {
    const std::lock_guard hold(mutex_);
    Call& call = calls_[key];
    if (call.under_way) return;
    if (call.thread.joinable()) call.thread.join();
    call.answer.reset();
    if (calls_.size() > kMostAtOnce) {
      call.answer =
          Error(Code::TooLarge, "too many metrics are asked for at once", "ask for fewer");
      return;
    }
    call.under_way = true;
    call.thread = std::thread([this, key, question] { run(key, question); });
  }

  std::optional<Result<double>> take(const std::string& key) override {
    const std::lock_guard hold(mutex_);
    const auto found = calls_.find(key);
    if (found == calls_.end()) return std::nullopt;
    return std::exchange(found->second.answer, std::nullopt);
  }

 private:
  struct Call {
    std::thread thread;
    bool under_way = false;
    std::optional<Result<double>> answer;
  };

  Result<double> answer_to(const ports::MetricQuestion& question) {
    std::string token;
    if (!question.metric.secret.name.empty())
      token = TRY(read_secret_(question.metric.secret, question.dir));
    return metrics::ask(question, token);
  }

  void run(const std::string& key, const ports::MetricQuestion& question) {
    Result<double> answer = answer_to(question);
    const std::lock_guard hold(mutex_);
    Call& call = calls_[key];
    call.answer = std::move(answer);
    call.under_way = false;
  }

  ReadSecret read_secret_;
  std::mutex mutex_;
  std::map<std::string, Call> calls_;
};
}  // namespace

std::unique_ptr<ports::Measures> make_measures(ReadSecret read_secret) {
  return std::make_unique<Asking>(std::move(read_secret));
}

}  // namespace slipway::drivers::metrics
