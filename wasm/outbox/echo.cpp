#include "outbox/echo.hpp"

#include "codec/text.hpp"
#include "naming/names.hpp"
#include "outbox/confirm.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {

std::optional<Mutation> write_of_key(Context& context, const std::string& user, const std::string& key) {
  if (key.empty() || context.counts(user).pending == 0) return std::nullopt;
  const Json place = Json::array({user, key});
  std::optional<Mutation> found;
  for (const Mutation& stored : context.view.range<Mutation>({Mutation::kStore, "key", place, place, kSharedKeyMax})) {
    // A range doesn't see what this step has written: the write may be settled by now.
    const auto mutation = context.view.get<Mutation>(stored.id);
    if (!mutation || mutation->key != key) continue;
    if (mutation->attempts > 0) return mutation;
    if (!found) found = mutation;
  }
  return found;
}

void note_echo(Context& context, Mutation& mutation, const Resource& resource, const Echo& told) {
  mutation.echo = told.document;
  mutation.echo_etag = told.etag;
  mutation.echo_version = told.version;
  mutation.open = false;  // whatever became of earlier attempts, this is the document behind them
  // What others do to it from now on, they do by the name that the server has given it.
  if (!resource.singleton && told.document != kDeleted) note_name(context, resource, mutation, told.id);
  if (mutation.state != "sending") return settle_echo(context, mutation, resource);
  context.put(mutation);
}

void settle_echo(Context& context, Mutation& mutation, const Resource& resource) {
  const bool deleted = mutation.echo == kDeleted;
  AnsweredEvent answer;
  answer.id = mutation.id;
  answer.attempt = mutation.attempts;
  answer.status = deleted ? 204 : 200;
  const auto document = deleted ? std::nullopt : parse_json(mutation.echo);
  if (document) answer.body = print_json(wrapped(resource, *document));
  settle_confirmed(context, mutation, answer, resource);
  context.effect({{"do", "changed"}, {"resource", resource.name}});
}

}  // namespace holdfast
