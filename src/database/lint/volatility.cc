#include "database/lint/volatility.h"

#include <algorithm>

namespace slipway::database::lint {
namespace {
// PostgreSQL's own functions that give another value each time (pg_proc.provolatile = 'v'), as far
// as anybody writes them in a default; and the usual extensions'.
constexpr std::string_view kVolatile[] = {
    "clock_timestamp",  "currval",
    "gen_random_bytes", "gen_random_uuid",
    "gen_salt",         "lastval",
    "nextval",          "random",
    "random_normal",    "setseed",
    "setval",           "timeofday",
    "txid_current",     "pg_current_xact_id",
    "uuid_generate_v1", "uuid_generate_v1mc",
    "uuid_generate_v4", "uuidv4",
    "uuidv7",
};
// Called for what they do to the session or the server, never to the rows of a table.
constexpr std::string_view kHarmless[] = {
    "set_config",
    "pg_sleep",
    "pg_notify",
    "pg_advisory_lock",
    "pg_advisory_xact_lock",
    "pg_advisory_unlock",
    "pg_try_advisory_lock",
    "pg_try_advisory_xact_lock",
    "pg_stat_statements_reset",
    "pg_reload_conf",
    "pg_stat_reset",
    "create_hypertable",
};
constexpr std::string_view kSteady[] = {
    "abs",
    "age",
    "array_agg",
    "array_append",
    "array_cat",
    "array_length",
    "array_position",
    "array_remove",
    "array_to_string",
    "ascii",
    "avg",
    "bit_length",
    "btrim",
    "bool_and",
    "bool_or",
    "cardinality",
    "ceil",
    "ceiling",
    "char_length",
    "chr",
    "col_description",
    "concat",
    "concat_ws",
    "convert_from",
    "convert_to",
    "count",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_setting",
    "date_bin",
    "date_part",
    "date_trunc",
    "decode",
    "digest",
    "div",
    "encode",
    "exp",
    "extract",
    "floor",
    "format",
    "generate_series",
    "greatest",
    "has_schema_privilege",
    "has_table_privilege",
    "hmac",
    "initcap",
    "int4range",
    "int8range",
    "json_agg",
    "json_array_elements",
    "json_build_array",
    "json_build_object",
    "json_object",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object",
    "jsonb_object_agg",
    "jsonb_set",
    "jsonb_strip_nulls",
    "justify_days",
    "justify_hours",
    "least",
    "left",
    "length",
    "ln",
    "localtimestamp",
    "log",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_timestamp",
    "make_timestamptz",
    "max",
    "md5",
    "min",
    "mod",
    "now",
    "nullif",
    "numrange",
    "obj_description",
    "octet_length",
    "overlay",
    "pi",
    "pg_backend_pid",
    "pg_get_constraintdef",
    "pg_get_indexdef",
    "pg_get_viewdef",
    "pg_get_serial_sequence",
    "pg_postmaster_start_time",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "pg_typeof",
    "plainto_tsquery",
    "position",
    "power",
    "quote_ident",
    "quote_literal",
    "regexp_match",
    "regexp_matches",
    "regexp_replace",
    "regexp_split_to_array",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "session_user",
    "setweight",
    "sha256",
    "sha512",
    "sign",
    "split_part",
    "sqrt",
    "statement_timestamp",
    "starts_with",
    "string_agg",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "sum",
    "timezone",
    "to_char",
    "to_date",
    "to_hex",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_regclass",
    "to_regtype",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "translate",
    "trim",
    "trunc",
    "tsrange",
    "tstzrange",
    "daterange",
    "unnest",
    "upper",
    "version",
    "width_bucket",
};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

struct Call {
  std::string name;
  const Function* own = nullptr;  // nullptr: it is not known to the schema
};

template <class Visit>
void each_call(const Json& expression, const Schema& schema, const Visit& visit) {
  walk(expression, [&](std::string_view kind, const Json& node) {
    if (kind != "FuncCall") return;
    Call call;
    call.name = name_of_list(node.at("funcname"));
    if (call.name.starts_with("pg_catalog.")) call.name.erase(0, 11);
    const auto key = call.name + "/" + std::to_string(node.at("args").size());
    const auto found = schema.functions.find(key);
    if (found != schema.functions.end()) call.own = &found->second;
    visit(call);
  });
}
}  // namespace

bool is_volatile(const Json& expression, const Schema& schema) {
  bool out = false;
  each_call(expression, schema, [&](const Call& call) {
    if (call.own != nullptr) {
      out = out || call.own->is_volatile;
    } else {
      out = out || has(kVolatile, call.name) || !has(kSteady, call.name);
    }
  });
  return out;
}

bool calls_own_function(const Json& expression, const Schema& schema) {
  bool out = false;
  each_call(expression, schema, [&](const Call& call) {
    const bool is_known =
        has(kVolatile, call.name) || has(kSteady, call.name) || has(kHarmless, call.name);
    if (call.own != nullptr) {
      out = out || call.own->is_volatile;
    } else {
      out = out || !is_known;
    }
  });
  return out;
}

}  // namespace slipway::database::lint
