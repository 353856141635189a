#ifndef EMOSTAGE_CLI_PEER_SERVER_H_
#define EMOSTAGE_CLI_PEER_SERVER_H_

#include <sys/types.h>

#include <stop_token>
#include <string>
#include <vector>

namespace emostage {

// Where llama-server lies: `given`, else $EMOSTAGE_LLAMA_SERVER, else the first on $PATH. Throws
// Error(kUsage).
[[nodiscard]] std::string FindLlamaServer(const std::string& given);

// llama-server on a free port of 127.0.0.1. It ends with this object, or with this process.
class PeerServer {
 public:
  // Returns when it is ready. Throws Error(kModel) where it ends before that, Error(kCancelled).
  // Create it on the main thread: the server dies with the thread that starts it.
  PeerServer(const std::string& program, const std::vector<std::string>& options,
             const std::stop_token& stop);
  ~PeerServer();
  PeerServer(const PeerServer&) = delete;
  PeerServer& operator=(const PeerServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Memory that it has in use; 0 where the system does not say.
  [[nodiscard]] double ResidentMib() const;

 private:
  void End();

  int port_;
  pid_t process_ = -1;
};

}  // namespace emostage

#endif  // EMOSTAGE_CLI_PEER_SERVER_H_
