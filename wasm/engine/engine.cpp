#include "engine/engine.hpp"

#include "codec/config_codec.hpp"
#include "codec/text.hpp"
#include "engine/context.hpp"
#include "engine/session.hpp"
#include "feed/changes.hpp"
#include "outbox/capture.hpp"
#include "outbox/inbox.hpp"
#include "outbox/pump.hpp"
#include "outbox/rebase.hpp"
#include "outbox/settle.hpp"
#include "overlay/read.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

std::string refused(const std::string& code, const std::string& message) {
  return print_json({{"refused", {{"code", code}, {"message", message}}}});
}

/// Decodes the event's fields and hands it on. @return what doesn't fit, or an empty string
template <class Event> std::string with(const Json& json, Context& context, void (*handle)(Context&, const Event&)) {
  Event event;
  std::string error = read_fields(json, event);
  if (error.empty()) handle(context, event);
  return error;
}

std::string dispatch(const std::string& type, const Json& event, Context& context) {
  if (type == "capture") return with<CaptureEvent>(event, context, capture);
  if (type == "answered") return with<AnsweredEvent>(event, context, answered);
  if (type == "failed") return with<FailedEvent>(event, context, failed);
  if (type == "diagnosed") return with<DiagnosedEvent>(event, context, diagnosed);
  if (type == "reopened") return with<ReopenedEvent>(event, context, reopened);
  if (type == "waited") return with<WaitedEvent>(event, context, waited);
  if (type == "tick") return with<TickEvent>(event, context, tick);
  if (type == "decided") return with<DecidedEvent>(event, context, decided);
  if (type == "resolved") return with<ResolvedEvent>(event, context, resolved);
  if (type == "session") return with<SessionEvent>(event, context, session);
  if (type == "feed") return with<FeedEvent>(event, context, feed);
  if (type == "locate") return with<LocateEvent>(event, context, find_url);
  if (type == "read") return with<ReadEvent>(event, context, read);
  if (type == "take-over") return take_over(context), std::string();
  if (type == "pump") return pump(context), std::string();
  return "type";
}

/// A time that Date can't hold would overflow what is computed from it.
struct Clock {
  Millis now = -kNever - 1;  // absent
  template <class Visitor> void fields(Visitor& v) { v("now", now); }
};

std::string text_or_empty(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& list_or_empty(const Json& json, const char* name) {
  static const Json kEmpty = Json::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kEmpty;
}

const char* kind_name(RouteKind kind) {
  return kind == RouteKind::kCollection ? "collection" : kind == RouteKind::kItem ? "item" : "action";
}

}  // namespace

std::string Engine::configure(const std::string& json) {
  auto decoded = decode_config(json);
  if (!decoded.errors.empty()) {
    Json errors = Json::array();
    for (const ConfigError& error : decoded.errors) {
      errors.push_back({{"field", error.field}, {"message", error.message}});
    }
    return print_json({{"ok", false}, {"errors", std::move(errors)}});
  }
  config_ = std::move(decoded.config);
  return print_json({{"ok", true}, {"origins", config_.origins()}, {"resolvers", config_.resolvers()}});
}

std::string Engine::step(const std::string& text) const {
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return refused("unreadable-step", "The step isn't a JSON object.");
  const auto event = json->find("event");
  Clock clock;
  if (event == json->end() || !event->is_object() || !read_fields(*json, clock).empty() || clock.now < -kNever || clock.now > kNever) {
    return refused("unreadable-step", "A step has an event and the time.");
  }

  View view(list_or_empty(*json, "rows"), list_or_empty(*json, "ranges"));
  Context context{config_, clock.now, text_or_empty(*json, "life"), Random(text_or_empty(*json, "entropy")), view};
  const std::string type = text_or_empty(*event, "type");
  const std::string error = dispatch(type, *event, context);
  if (!error.empty()) return refused("unreadable-event", "The event '" + type + "' has an unreadable field: " + error);
  if (!view.complete()) return print_json({{"need", view.needs()}});
  if (!view.unreadable().empty()) {
    return refused("unreadable-row", "Another version of the worker wrote a row that this one can't read: " +
                                         view.unreadable() + ". Reload to get the newer worker.");
  }
  return print_json({{"puts", view.puts()}, {"deletes", view.deletes()}, {"effects", std::move(context.effects)}});
}

std::string Engine::route(const std::string& url) const {
  const auto found = holdfast::route(config_, url);
  if (!found) return print_json({{"declared", false}});
  const Resource& resource = *found->resource;
  return print_json({{"declared", true},
                     {"resource", resource.name},
                     {"kind", kind_name(found->kind)},
                     {"entity", found->entity},
                     {"parent", found->parent},
                     {"id", resource.id},
                     {"version", resource.version},
                     {"envelope", resource.envelope},
                     {"rows", found->list != nullptr ? Json(found->list->rows) : Json(nullptr)},
                     {"partial", found->list != nullptr && found->list->partial},
                     {"lane", resource.lane.empty() ? resource.name + " " + found->entity : "lane " + resource.lane},
                     {"timeoutMs", resource.timeout_ms},
                     {"bodyBytesMax", resource.body_bytes_max}});
}

}  // namespace holdfast
