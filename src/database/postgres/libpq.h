#pragma once
// libpq's functions, found when the first connection is opened. Only connection.cc and url.cc
// include this.
#include <libpq-fe.h>

#include <string>

namespace slipway::database::postgres {

// X(name): PQname becomes libpq().name.
#define SLIPWAY_LIBPQ(X)                                                                           \
  X(connectdbParams)                                                                               \
  X(finish)                                                                                        \
  X(status)                                                                                        \
  X(errorMessage) X(backendPID) X(serverVersion) X(transactionStatus) X(setNoticeReceiver) X(exec) \
      X(execParams) X(resultStatus) X(resultErrorField) X(clear) X(ntuples) X(nfields) X(fname)    \
          X(getisnull) X(getvalue) X(getlength) X(cmdTuples) X(getResult) X(getCopyData)           \
              X(putCopyData) X(putCopyEnd) X(freemem) X(getCancel) X(cancel) X(freeCancel)         \
                  X(escapeIdentifier) X(escapeLiteral) X(conninfoParse) X(conninfoFree)

struct Libpq {
#define X(name) decltype(&PQ##name) name = nullptr;
  SLIPWAY_LIBPQ(X)
#undef X
  std::string trouble;  // empty: it is loaded
};
const Libpq& libpq();

}  // namespace slipway::database::postgres
