// The real edge as a process of its own: edge_process STATE LISTEN WORKERS [--take-over]
// [--workers N] [--h2c] [--goodbye-ms N] [--head-ms N] [--stop-ms N] [--user NAME] and more;
// --begin-as UID stands for a process that somebody without rights has started.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "edge/edge.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  slipway::edge::EdgeOptions options;
  options.state = argv[1];
  options.listen = {argv[2]};
  options.workers = static_cast<unsigned>(std::atoi(argv[3]));
  options.version = "test";
  for (int i = 4; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--proxy-protocol") options.proxy_protocol = true;
    if (flag == "--connections-per-client" && i + 1 < argc)
      options.limits.connections_per_client = std::atoi(argv[++i]);
    if (flag == "--workers" && i + 1 < argc)
      options.workers = static_cast<unsigned>(std::atoi(argv[++i]));
    if (flag == "--take-over") options.take_over = true;
    if (flag == "--h2c") options.limits.h2c = true;
    if (flag == "--goodbye-ms" && i + 1 < argc)
      options.goodbye = slipway::Millis(std::atoi(argv[++i]));
    if (flag == "--stop-ms" && i + 1 < argc)
      options.stop_time = slipway::Millis(std::atoi(argv[++i]));
    if (flag == "--user" && i + 1 < argc) options.user = argv[++i];
    if (flag == "--begin-as" && i + 1 < argc) {
      const auto id = static_cast<unsigned>(std::atoi(argv[++i]));
      if (::setgid(id) != 0 || ::setuid(id) != 0) return 3;
    }
    if (flag == "--head-ms" && i + 1 < argc)
      options.limits.head_time = slipway::Millis(std::atoi(argv[++i]));
    if (flag == "--listen-tls" && i + 1 < argc) options.listen_tls.push_back(argv[++i]);
    if (flag == "--ticket-turn-ms" && i + 1 < argc)
      options.ticket_turn = slipway::Millis(std::atoi(argv[++i]));
    if (flag == "--access-log" && i + 1 < argc) options.access_log.where = argv[++i];
    if (flag == "--access-log-rotate" && i + 1 < argc)
      options.access_log.rotate_bytes = static_cast<std::uint64_t>(std::atoll(argv[++i]));
    if (flag == "--access-log-keep" && i + 1 < argc) options.access_log.keep = std::atoi(argv[++i]);
    if (flag == "--compressions" && i + 1 < argc)
      options.limits.compressions = static_cast<std::size_t>(std::atoi(argv[++i]));
    if (flag == "--access-log-no-query") options.access_log.query = false;
  }
  return slipway::edge::edge_main(options);
}
