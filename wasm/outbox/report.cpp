#include "outbox/report.hpp"

#include "codec/text.hpp"
#include "codec/time.hpp"
#include "outbox/capture.hpp"
#include "outbox/decisions.hpp"

namespace holdfast {

void report_overruled(Context& context, const Resource& resource, const Mutation& mutation) {
  if (resource.overruled_url.empty() || outcome_of(mutation) != std::string("overruled")) return;
  const auto sides = parse_json(mutation.sides);
  const auto side = [&](const char* name) { return sides && sides->contains(name) ? (*sides)[name] : Json(nullptr); };
  const Json theirs_at = side("theirsAt");
  capture_own(context, mutation, resource.overruled_url,
              {{"write", mutation.id},
               {"resource", mutation.resource},
               {"url", mutation.url},
               {"method", mutation.method},
               {"occurredAt", format_timestamp(mutation.created_at)},
               {"theirsAt", theirs_at.is_number_integer() ? Json(format_timestamp(theirs_at.get<Millis>())) : Json(nullptr)},
               {"base", side("base")},
               {"mine", side("mine")},
               {"theirs", side("theirs")},
               {"decisions", parse_json(mutation.decisions).value_or(Json::array())}});
}

}  // namespace holdfast
