#include "outbox/echo.hpp"

#include "codec/text.hpp"
#include "outbox/lanes.hpp"
#include "outbox/settle.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {

std::optional<Mutation> write_of_key(Context& context, const std::string& user, const std::string& key) {
  if (key.empty() || context.counts(user).pending == 0) return std::nullopt;
  const Json place = Json::array({user, key});
  for (const Mutation& stored : context.view.range<Mutation>({Mutation::kStore, "key", place, place, 1})) {
    // A range doesn't see what this step has written: the write may be settled by now.
    return context.view.get<Mutation>(stored.id);
  }
  return std::nullopt;
}

void note_echo(Context& context, Mutation& mutation, const Resource& resource, const Echo& told) {
  mutation.echo = told.document;
  mutation.echo_etag = told.etag;
  mutation.echo_version = told.version;
  if (mutation.state != "sending") return settle_echo(context, mutation, resource);
  context.put(mutation);
}

void settle_echo(Context& context, Mutation& mutation, const Resource& resource) {
  const bool deleted = mutation.echo == kDeleted;
  AnsweredEvent answer;
  answer.id = mutation.id;
  answer.attempt = mutation.attempts;
  answer.status = deleted ? 204 : 200;
  if (!deleted) {
    const auto document = parse_json(mutation.echo);
    answer.body = document ? print_json(wrapped(resource, *document)) : std::string();
    answer.headers = {{"content-type", "application/json"}};
    if (!mutation.echo_etag.empty()) answer.headers.push_back({"etag", mutation.echo_etag});
  }
  settle_confirmed(context, mutation, answer, resource);
  context.effect({{"do", "changed"}, {"resource", resource.name}});
}

}  // namespace holdfast
