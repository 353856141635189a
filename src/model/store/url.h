#ifndef EMOSTAGE_MODEL_STORE_URL_H_
#define EMOSTAGE_MODEL_STORE_URL_H_

#include <string>
#include <string_view>

// What may be asked of a web address before anything is fetched from it. Pure functions, safe from
// any thread.
namespace emostage::model_store {

// Why `url` may not be pulled from, as the end of "the address …"; empty when it may: it is
// https://, or http:// to this very machine.
[[nodiscard]] std::string UrlProblem(std::string_view url);

// Whether `url` is an address of this machine: localhost, 127.0.0.0/8 or ::1.
[[nodiscard]] bool IsLoopbackUrl(std::string_view url);

// Whether `url` holds a user name or a password.
[[nodiscard]] bool HasCredentials(std::string_view url);

// Whether the server at `from` may send us to `to`: to anywhere by https, except that the world
// must not steer us to this machine; plain http only from this machine to itself.
[[nodiscard]] bool RedirectAllowed(std::string_view from, std::string_view to);

// `url` fit to be shown and recorded: without user:password@, without the fragment, and with ***
// for the values of its query, where access tokens travel.
[[nodiscard]] std::string RedactUrl(std::string_view url);

// The last part of the path, percent-decoded; empty when that is no plain file name.
[[nodiscard]] std::string FileNameOfUrl(std::string_view url);

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_URL_H_
