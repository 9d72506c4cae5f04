#pragma once
// Certificates by ACME: certbot asks for them, the edge serves its challenges. certbot's folders
// are "certbot" in the state folder, so that nothing of a certbot of the machine's own is touched.
// Everything blocks.
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::edge {

struct CertbotRun {
  std::string state;                     // the edge's folder
  std::string webroot;                   // empty: "acme-webroot" in the state folder
  std::string program;                   // this slipway: certbot calls it after a renewal
  std::vector<std::string> environment;  // of certbot
};

struct Obtain {
  std::string name;  // of the certificate
  std::vector<std::string> domains;
  std::string email;
  std::string server;  // an ACME directory's address; empty: certbot's own, Let's Encrypt
  enum class Directory : std::uint8_t { Real, Staging } directory = Directory::Real;
};

struct ObtainedFiles {
  std::string certificate;
  std::string key;
};
// Asks for a certificate, or finds that the one there is good for long enough.
Result<ObtainedFiles> obtain_certificate(const CertbotRun& run, const Obtain& wanted);

enum class Renew : std::uint8_t { WhatIsDue, Everything };
// Those obtained so before. certbot then has the edge reload them.
Result<void> renew_certificates(const CertbotRun& run, Renew which);

}  // namespace slipway::edge
