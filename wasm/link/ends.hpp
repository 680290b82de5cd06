// What the end of a connection says, by its close code, the server's last word, or an HTTP status.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::link {

enum class End {
  kLost,          ///< it broke, or nobody answered
  kSilent,        ///< the server heard nothing from here
  kAway,          ///< this process of the server's stops
  kTrouble,       ///< the server can't at the moment
  kLimited,       ///< too many, or too often
  kRefused,       ///< not understood, or not allowed: trying again soon would end the same way
  kUnauthorized,  ///< the credentials are missing, wrong or expired
  kGone,          ///< there is no feed here
};
inline constexpr std::array kEnds{"lost", "silent", "going-away", "trouble", "limited", "refused", "unauthorized", "gone"};

struct CodeRule {
  std::int64_t first;
  std::int64_t last;
  End end;
};

/// Close codes: RFC 6455, section 7.4.1, the registry that it founded (1012 to 1014), and docs/protocol.md.
inline constexpr std::array kCloseRules{
    CodeRule{1000, 1001, End::kAway},
    CodeRule{1008, 1009, End::kRefused},
    CodeRule{1011, 1011, End::kTrouble},
    CodeRule{1012, 1012, End::kAway},
    CodeRule{1013, 1014, End::kTrouble},
    CodeRule{4400, 4400, End::kRefused},
    CodeRule{4401, 4401, End::kUnauthorized},
    CodeRule{4403, 4403, End::kRefused},
    CodeRule{4404, 4404, End::kGone},
    CodeRule{4408, 4408, End::kSilent},
    CodeRule{4429, 4429, End::kLimited},
};

/// HTTP statuses (RFC 9110, section 15). Those of boxes in between are no word of the server's: 407, 511 (RFC 6585,
/// section 6: a captive portal), and an answer below 400 that is no connection, which may be the portal's own page.
inline constexpr std::array kStatusRules{
    CodeRule{100, 399, End::kLost},
    CodeRule{401, 401, End::kUnauthorized},
    CodeRule{404, 404, End::kGone},
    CodeRule{407, 408, End::kLost},
    CodeRule{410, 410, End::kGone},
    CodeRule{419, 419, End::kUnauthorized},
    CodeRule{425, 425, End::kTrouble},
    CodeRule{429, 429, End::kLimited},
    CodeRule{400, 499, End::kRefused},
    CodeRule{501, 501, End::kGone},
    CodeRule{511, 511, End::kLost},
    CodeRule{500, 599, End::kTrouble},
};

struct WordRule {
  std::string_view reason;
  End end;
};

/// Reasons of the server's `bye`.
inline constexpr std::array kWordRules{
    WordRule{"going-away", End::kAway}, WordRule{"auth", End::kUnauthorized}, WordRule{"slow", End::kTrouble},
    WordRule{"limit", End::kLimited},   WordRule{"policy", End::kRefused},    WordRule{"silent", End::kSilent},
};

/// A code that says something of its own decides. Server-sent events have none, and a connection may break behind the
/// server's last word; then that word does.
End end_of_close(std::int64_t code, std::string_view reason);
End end_of_status(std::int64_t status);

}  // namespace holdfast::link
