// What every decision has at hand: the configuration, the time and the entropy of the event, the rows, and the list
// of effects that the host carries out after the commit.
#pragma once

#include <string>

#include "base/random.hpp"
#include "engine/view.hpp"
#include "model/config.hpp"
#include "model/rows.hpp"

namespace holdfast {

struct Context {
  const Config& config;
  Millis now;
  std::string life;  ///< names the present life of the worker
  Random random;
  View& view;
  Json effects = Json::array();

  void effect(Json what) { effects.push_back(std::move(what)); }

  Session session() { return view.get<Session>("session").value_or(Session{}); }

  Counts counts(const std::string& user) {
    auto row = view.get<Counts>("counts " + user).value_or(Counts{});
    row.name = "counts " + user;
    return row;
  }
  void put(const Counts& row) { view.put(row.name, row); }

  Barriers barriers(const std::string& user) {
    auto row = view.get<Barriers>("barriers " + user).value_or(Barriers{});
    row.name = "barriers " + user;
    return row;
  }
  void put(const Barriers& row) { view.put(row.name, row); }

  Feed feed(const std::string& user) {
    auto row = view.get<Feed>("feed " + user).value_or(Feed{});
    row.name = "feed " + user;
    return row;
  }
  void put(const Feed& row) { view.put(row.name, row); }

  Origin origin(const std::string& url_origin) {
    auto row = view.get<Origin>("origin " + url_origin).value_or(Origin{});
    row.name = "origin " + url_origin;
    return row;
  }
  void put(const Origin& row) { view.put(row.name, row); }

  Sends sends() { return view.get<Sends>("sends").value_or(Sends{}); }
  void put(const Sends& row) { view.put(row.name, row); }
  void put(const Lane& row) { view.put(row.lane, row); }
  void put(const Mutation& row) { view.put(row.id, row); }
  void put(const OutcomeRow& row) { view.put(row.id, row); }
  void put(const ConflictRow& row) { view.put(row.id, row); }
  void put(const InboxRow& row) { view.put(row.id, row); }
  void put(const Document& row) { view.put(Json::array({row.user, row.resource, row.entity}), row); }
};

}  // namespace holdfast
