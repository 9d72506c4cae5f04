// The page a person reads, word for word.
#include <gtest/gtest.h>

#include "plan/shop_for_test.h"

namespace slipway::plan {
namespace {
// The hash has tests of its own; a fixed one keeps these pages about words.
std::string page(Result<Plan> plan) {
  if (!plan) return plan.error().sentence();
  plan->hash = "0123456789abcdef";
  return in_words(*plan);
}

std::string deploy_page(config::Strategy strategy) {
  const auto settings = shop_settings(strategy);
  return page(make_plan(shop(settings), facts_with_live(settings), deploy()));
}

TEST(PlanInWords, BlueGreenIsReadableAsAPage) {
  EXPECT_EQ(deploy_page(config::Strategy::BlueGreen), R"(shop in production: v1 -> v2 (blue-green)
plan 0123456789ab
note: v1 stays warm for 10m after the release, so that going back is one switch

 1. look whether everything this release needs is there
    if it fails: stop here, nothing has changed
 2. start 1 instance of worker v2
    if it fails: undo 2
    undone by: stop it
 3. wait until 1 instance of worker is running
    if it fails: undo 2
 4. start 2 instances of web v2
    if it fails: undo 4, 2
    undone by: stop them
 5. wait until 2 instances of web are ready (2 good answers in a row from /health)
    if it fails: undo 4, 2
 6. run 2 smoke checks against the new instances, before they get traffic
    if it fails: undo 4, 2
 7. all traffic to v2
    if it fails: undo 7, 4, 2
    undone by: all traffic back to v1
 8. judge v2 for 30s on what the router counts
    if it fails: undo 7, 4, 2
    if there is too little traffic: wait for a person
 9. v2 is the live release
    if it fails: undo 9, 7, 4, 2
    undone by: v1 is the live release again
10. stop 1 instance of worker v1
    if it fails: undo 10, 9, 7, 4, 2
    undone by: start it again
11. run 1 HTTP smoke check again, now that v2 is live
    if it fails: undo 10, 9, 7, 4, 2
12. watch v2 for 2m; what roll_back_when names takes it back
    if it fails: undo 10, 9, 7, 4, 2
13. tell that it is done
    if it fails: note it and go on

Judged and watched for 2m30s in all.
)");
}

TEST(PlanInWords, CanaryNamesEveryShareOfTheTraffic) {
  EXPECT_EQ(deploy_page(config::Strategy::Canary), R"(shop in production: v1 -> v2 (canary)
plan 0123456789ab
note: v1 stays warm for 10m after the release, so that going back is one switch

 1. look whether everything this release needs is there
    if it fails: stop here, nothing has changed
 2. start 1 instance of worker v2
    if it fails: undo 2
    undone by: stop it
 3. wait until 1 instance of worker is running
    if it fails: undo 2
 4. start 2 instances of web v2
    if it fails: undo 4, 2
    undone by: stop them
 5. wait until 2 instances of web are ready (2 good answers in a row from /health)
    if it fails: undo 4, 2
 6. run 2 smoke checks against the new instances, before they get traffic
    if it fails: undo 4, 2
 7. 0.5% of the traffic to v2
    if it fails: undo 7, 4, 2
    undone by: all traffic back to v1
 8. judge v2 for 30s on what the router counts
    if it fails: undo 7, 4, 2
    if there is too little traffic: wait for a person
 9. 10% of the traffic to v2
    if it fails: undo 9, 7, 4, 2
    undone by: all traffic back to v1
10. judge v2 for 30s on what the router counts
    if it fails: undo 9, 7, 4, 2
    if there is too little traffic: wait for a person
11. all traffic to v2
    if it fails: undo 11, 9, 7, 4, 2
    undone by: all traffic back to v1
12. judge v2 for 30s on what the router counts
    if it fails: undo 11, 9, 7, 4, 2
    if there is too little traffic: wait for a person
13. v2 is the live release
    if it fails: undo 13, 11, 9, 7, 4, 2
    undone by: v1 is the live release again
14. stop 1 instance of worker v1
    if it fails: undo 14, 13, 11, 9, 7, 4, 2
    undone by: start it again
15. run 1 HTTP smoke check again, now that v2 is live
    if it fails: undo 14, 13, 11, 9, 7, 4, 2
16. watch v2 for 2m; what roll_back_when names takes it back
    if it fails: undo 14, 13, 11, 9, 7, 4, 2
17. tell that it is done
    if it fails: note it and go on

Judged and watched for 3m30s in all.
)");
}

TEST(PlanInWords, RollingNamesEveryBatch) {
  EXPECT_EQ(deploy_page(config::Strategy::Rolling), R"(shop in production: v1 -> v2 (rolling)
plan 0123456789ab

 1. look whether everything this release needs is there
    if it fails: stop here, nothing has changed
 2. start 1 instance of worker v2 (1 of 1)
    if it fails: undo 2
    undone by: stop it
 3. wait until 1 instance of worker is running
    if it fails: undo 2
 4. stop 1 instance of worker v1 (none left)
    if it fails: undo 4, 2
    undone by: start it again
 5. start 1 instance of web v2 (1 of 2)
    if it fails: undo 5, 4, 2
    undone by: stop it
 6. wait until 1 instance of web is ready (2 good answers in a row from /health)
    if it fails: undo 5, 4, 2
 7. run 2 smoke checks against the first new instances of web
    if it fails: undo 5, 4, 2
 8. 50% of the traffic of web to v2
    if it fails: undo 8, 5, 4, 2
    undone by: all of it back to v1
 9. judge v2 for 30s on what the router counts
    if it fails: undo 8, 5, 4, 2
    if there is too little traffic: wait for a person
10. wait until 1 instance of web v1 that left has answered the last request, at most 30s
    if it fails: note it and go on
11. stop 1 instance of web v1 (1 left)
    if it fails: undo 11, 8, 5, 4, 2
    undone by: start it again
12. start 1 instance of web v2 (2 of 2)
    if it fails: undo 12, 11, 8, 5, 4, 2
    undone by: stop it
13. wait until 2 instances of web are ready (2 good answers in a row from /health)
    if it fails: undo 12, 11, 8, 5, 4, 2
14. 100% of the traffic of web to v2
    if it fails: undo 14, 12, 11, 8, 5, 4, 2
    undone by: all of it back to v1
15. judge v2 for 30s on what the router counts
    if it fails: undo 14, 12, 11, 8, 5, 4, 2
    if there is too little traffic: wait for a person
16. wait until 1 instance of web v1 that left has answered the last request, at most 30s
    if it fails: note it and go on
17. stop 1 instance of web v1 (none left)
    if it fails: undo 17, 14, 12, 11, 8, 5, 4, 2
    undone by: start it again
18. v2 is the live release
    if it fails: undo 18, 17, 14, 12, 11, 8, 5, 4, 2
    undone by: v1 is the live release again
19. run 1 HTTP smoke check again, now that v2 is live
    if it fails: undo 18, 17, 14, 12, 11, 8, 5, 4, 2
20. watch v2 for 2m; what roll_back_when names takes it back
    if it fails: undo 18, 17, 14, 12, 11, 8, 5, 4, 2
21. tell that it is done
    if it fails: note it and go on

Judged and watched for 3m in all.
)");
}

TEST(PlanInWords, RecreateStopsTheOldReleaseBeforeTheNewOneStarts) {
  EXPECT_EQ(deploy_page(config::Strategy::Recreate), R"(shop in production: v1 -> v2 (recreate)
plan 0123456789ab

 1. look whether everything this release needs is there
    if it fails: stop here, nothing has changed
 2. show the maintenance page
    if it fails: undo 2
    undone by: maintenance page away, all traffic back to v1
 3. wait until v1 has answered its last request, at most 30s
    if it fails: note it and go on
 4. stop 2 instances of web v1
    if it fails: undo 4, 2
    undone by: start them again
 5. stop 1 instance of worker v1
    if it fails: undo 5, 4, 2
    undone by: start it again
 6. start 1 instance of worker v2
    if it fails: undo 6, 5, 4, 2
    undone by: stop it
 7. wait until 1 instance of worker is running
    if it fails: undo 6, 5, 4, 2
 8. start 2 instances of web v2
    if it fails: undo 8, 6, 5, 4, 2
    undone by: stop them
 9. wait until 2 instances of web are ready (2 good answers in a row from /health)
    if it fails: undo 8, 6, 5, 4, 2
10. run 2 smoke checks against the new instances, before they get traffic
    if it fails: undo 8, 6, 5, 4, 2
11. all traffic to v2, maintenance page away
    if it fails: undo 11, 8, 6, 5, 4, 2
    undone by: the maintenance page again
12. judge v2 for 30s on what the router counts
    if it fails: undo 11, 8, 6, 5, 4, 2
    if there is too little traffic: wait for a person
13. v2 is the live release
    if it fails: undo 13, 11, 8, 6, 5, 4, 2
    undone by: v1 is the live release again
14. run 1 HTTP smoke check again, now that v2 is live
    if it fails: undo 13, 11, 8, 6, 5, 4, 2
15. watch v2 for 2m; what roll_back_when names takes it back
    if it fails: undo 13, 11, 8, 6, 5, 4, 2
16. tell that it is done
    if it fails: note it and go on

Judged and watched for 2m30s in all.
)");
}

TEST(PlanInWords, AWarmRollbackSwitchesFirst) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  Facts facts = facts_with_live(settings);
  facts.previous = kept(settings, "r-0040", "v0");
  facts.previous->warm = true;
  EXPECT_EQ(page(make_plan(shop(settings), facts, roll_back())),
            R"(shop in production: v1 -> v0 (rollback)
plan 0123456789ab
note: v0 comes back with the settings it was released with (r-0040)
note: its instances still run: the switch comes first

 1. ask web v0 once whether it is still healthy (/health)
    if it fails: stop here, nothing has changed
 2. all traffic to v0
    if it fails: undo 2
    undone by: all traffic back to v1
 3. start 1 instance of worker v0
    if it fails: undo 3, 2
    undone by: stop it
 4. wait until 1 instance of worker is running
    if it fails: undo 3, 2
 5. v0 is the live release
    if it fails: undo 5, 3, 2
    undone by: v1 is the live release again
 6. stop 1 instance of worker v1
    if it fails: note it and go on
 7. wait until v1 has answered its last request, at most 30s
    if it fails: note it and go on
 8. stop 2 instances of web v1
    if it fails: note it and go on
 9. tell that it is done
    if it fails: note it and go on

Nothing is judged or watched by numbers.
)");
}

TEST(PlanInWords, AFirstReleaseSaysThatNothingIsLiveYet) {
  const auto settings = shop_settings(config::Strategy::BlueGreen);
  Facts facts = facts_with_live(settings);
  facts.live.reset();
  EXPECT_EQ(page(make_plan(shop(settings), facts, deploy())),
            R"(shop in production: nothing -> v2 (blue-green)
plan 0123456789ab
note: nothing is live yet: the first release starts, is checked, and gets all traffic at once

 1. look whether everything this release needs is there
    if it fails: stop here, nothing has changed
 2. start 1 instance of worker v2
    if it fails: undo 2
    undone by: stop it
 3. wait until 1 instance of worker is running
    if it fails: undo 2
 4. start 2 instances of web v2
    if it fails: undo 4, 2
    undone by: stop them
 5. wait until 2 instances of web are ready (2 good answers in a row from /health)
    if it fails: undo 4, 2
 6. run 2 smoke checks against the new instances, before they get traffic
    if it fails: undo 4, 2
 7. all traffic to v2
    if it fails: undo 7, 4, 2
    undone by: no traffic to anything, as before
 8. v2 is the live release
    if it fails: undo 8, 7, 4, 2
    undone by: no release is live, as before
 9. run 1 HTTP smoke check again, now that v2 is live
    if it fails: undo 8, 7, 4, 2
10. watch v2 for 2m; what roll_back_when names takes it back
    if it fails: undo 8, 7, 4, 2
11. tell that it is done
    if it fails: note it and go on

Judged and watched for 2m in all.
)");
}
}  // namespace
}  // namespace slipway::plan
