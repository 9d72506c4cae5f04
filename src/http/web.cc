#include "http/web.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace slipway::http {
namespace {
// Loaded when something is sent for the first time, and not with the program: libcurl and the
// twenty-odd libraries it needs would make every command and every edge begin later and larger.
struct Library {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
  std::string trouble;  // empty: it is loaded
};

template <class Function>
void find(void* from, const char* name, Function& to, std::string& trouble) {
  to = reinterpret_cast<Function>(dlsym(from, name));
  if (to == nullptr) trouble = std::string("libcurl has no ") + name;
}

Library load() {
  Library out;
  void* from = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (from == nullptr) {
    const char* why = dlerror();
    out.trouble = why == nullptr ? "libcurl.so.4 cannot be loaded" : why;
    return out;
  }
  find(from, "curl_global_init", out.global_init, out.trouble);
  find(from, "curl_easy_init", out.easy_init, out.trouble);
  find(from, "curl_easy_cleanup", out.easy_cleanup, out.trouble);
  find(from, "curl_easy_setopt", out.easy_setopt, out.trouble);
  find(from, "curl_easy_perform", out.easy_perform, out.trouble);
  find(from, "curl_easy_getinfo", out.easy_getinfo, out.trouble);
  find(from, "curl_easy_strerror", out.easy_strerror, out.trouble);
  find(from, "curl_slist_append", out.slist_append, out.trouble);
  find(from, "curl_slist_free_all", out.slist_free_all, out.trouble);
  if (out.trouble.empty()) out.global_init(CURL_GLOBAL_DEFAULT);
  return out;
}

const Library& curl() {
  static const Library library = load();
  return library;
}

struct Closer {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Closer>;
using List = std::unique_ptr<curl_slist, Closer>;

Result<Handle> new_handle() {
  if (!curl().trouble.empty())
    return Error(Code::NotFound, curl().trouble, "install Debian's libcurl4");
  Handle handle(curl().easy_init());
  if (!handle) return Error(Code::Internal, "libcurl gives no handle", "restart the daemon");
  return handle;
}

void append(List& list, const std::string& line) {
  curl_slist* longer = curl().slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  (void)list.release();  // the longer list owns it now
  list.reset(longer);
}

struct Collected {
  Response response;
  std::size_t most = 0;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& collected = *static_cast<Collected*>(user);
  auto& body = collected.response.body;
  body.append(bytes, std::min(count, collected.most - std::min(collected.most, body.size())));
  return count;
}

std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* user) {
  constexpr std::size_t kMostFields = 100;
  auto& fields = static_cast<Collected*>(user)->response.fields;
  const std::string_view line(bytes, count);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || fields.size() >= kMostFields) return count;
  auto value = line.substr(colon + 1);
  while (!value.empty() && std::strchr(" \t", value.front()) != nullptr) value.remove_prefix(1);
  while (!value.empty() && std::strchr(" \t\r\n", value.back()) != nullptr) value.remove_suffix(1);
  fields.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return count;
}

struct Upload {
  std::string_view left;
};

std::size_t on_upload(char* buffer, std::size_t, std::size_t room, void* user) {
  auto& left = static_cast<Upload*>(user)->left;
  const std::size_t count = std::min(room, left.size());
  std::memcpy(buffer, left.data(), count);
  left.remove_prefix(count);
  return count;
}

// What both kinds of calls want: no signals, no redirects, one time-out, TLS 1.2 and checked names.
void prepare(CURL* handle, const std::string& url, const std::string& ca, Millis timeout,
             char* words) {
  words[0] = '\0';
  curl().easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl().easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl().easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl().easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl().easy_setopt(handle, CURLOPT_ERRORBUFFER, words);
  // A proxy of the environment would see what is said to a relay on this machine.
  curl().easy_setopt(handle, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  if (!ca.empty()) curl().easy_setopt(handle, CURLOPT_CAINFO, ca.c_str());
}

bool never_arrived(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
         code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PEER_FAILED_VERIFICATION ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_USE_SSL_FAILED;
}

Error failure(CURLcode code, const char* words, const std::string& url, Sent* sent) {
  if (sent != nullptr) *sent = never_arrived(code) ? Sent::Nothing : Sent::Maybe;
  const std::string what =
      host_of_url(url) + ": " + (words[0] != '\0' ? words : curl().easy_strerror(code));
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return {Code::ConfigInvalid, what, "correct the address"};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {Code::Timeout, what, "see whether it answers: it is tried again"};
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    return {Code::ConnectionLost, what, "trust its certificate with 'ca', or correct the name"};
  if (code == CURLE_USE_SSL_FAILED)
    return {Code::ConnectionLost, what, "the server offers no STARTTLS; 'tls: none' goes without"};
  if (code == CURLE_LOGIN_DENIED) return {Code::Unauthorized, what, "correct user and secret"};
  return {Code::ConnectionLost, what, "see whether it answers: it is tried again"};
}
}  // namespace

std::string host_of_url(const std::string& url) {
  const auto scheme = url.find("://");
  auto rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const auto at = rest.rfind('@');
  return at == std::string::npos ? rest : rest.substr(at + 1);
}

Result<Response> call_web(const WebCall& call, Sent* sent) {
  const Handle handle = TRY(new_handle());
  char words[CURL_ERROR_SIZE];
  prepare(handle.get(), call.url, call.ca, call.timeout, words);
  curl().easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  List fields;
  append(fields, "Expect:");  // one round trip less
  for (const auto& field : call.fields) append(fields, field.name + ": " + field.value);
  curl().easy_setopt(handle.get(), CURLOPT_HTTPHEADER, fields.get());
  curl().easy_setopt(handle.get(), CURLOPT_USERAGENT, "slipway");
  if (call.method != "GET") {
    curl().easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(call.body.size()));
    curl().easy_setopt(handle.get(), CURLOPT_POSTFIELDS, call.body.data());
  }
  curl().easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, call.method.c_str());
  Collected collected;
  collected.most = call.max_body;
  curl().easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl().easy_setopt(handle.get(), CURLOPT_WRITEDATA, &collected);
  curl().easy_setopt(handle.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl().easy_setopt(handle.get(), CURLOPT_HEADERDATA, &collected);
  const CURLcode code = curl().easy_perform(handle.get());
  if (code != CURLE_OK) return failure(code, words, call.url, sent);
  long status = 0;
  curl().easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  collected.response.status = static_cast<int>(status);
  return std::move(collected.response);
}

Result<void> send_mail(const Mail& mail, Sent* sent) {
  const Handle handle = TRY(new_handle());
  char words[CURL_ERROR_SIZE];
  prepare(handle.get(), mail.url, mail.ca, mail.timeout, words);
  curl().easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl().easy_setopt(handle.get(), CURLOPT_USE_SSL,
                     static_cast<long>(mail.encryption == Encryption::Required ? CURLUSESSL_ALL
                                                                               : CURLUSESSL_NONE));
  if (!mail.user.empty()) {
    curl().easy_setopt(handle.get(), CURLOPT_USERNAME, mail.user.c_str());
    curl().easy_setopt(handle.get(), CURLOPT_PASSWORD, mail.password.c_str());
  }
  const std::string from = "<" + mail.from + ">";
  curl().easy_setopt(handle.get(), CURLOPT_MAIL_FROM, from.c_str());
  List receivers;
  for (const auto& one : mail.to) append(receivers, "<" + one + ">");
  curl().easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, receivers.get());
  Upload upload{mail.message};
  curl().easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
  curl().easy_setopt(handle.get(), CURLOPT_READFUNCTION, on_upload);
  curl().easy_setopt(handle.get(), CURLOPT_READDATA, &upload);
  const CURLcode code = curl().easy_perform(handle.get());
  if (code == CURLE_OK) return ok();
  long status = 0;
  curl().easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  Error why = failure(code, words, mail.url, sent);
  if (status >= 500) why.code = Code::Refused;
  if (status >= 400 && status < 500) why.code = Code::IoFailed;
  return why;
}

}  // namespace slipway::http
