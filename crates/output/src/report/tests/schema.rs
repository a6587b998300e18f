use agtop_model::PicoUsd;
use serde_json::Value;

use super::*;
use crate::report::compare::{ComparedModel, Comparison};
use crate::testing::{assert_every_key_is_described, strict_validator};

const REPORT: &str = include_str!("../../../../../schema/report.schema.json");
const COMPARE: &str = include_str!("../../../../../schema/compare.schema.json");

fn assert_valid(validator: &jsonschema::Validator, document: &str) {
    let document = serde_json::from_str(document).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_report_matches_its_schema() {
    let validator = strict_validator(REPORT);
    for table in [rich(), UsageTable::default(), hostile()] {
        for kind in ReportKind::ALL {
            let asked = ReportOptions {
                detail: LineDetail::ByModel,
                limit: Some(2),
                since: Some(at("2020-01-01T00:00:00Z")),
                token_limit: Some(TokenLimit::Largest),
                ..options(kind)
            };
            for options in [options(kind), asked] {
                assert_valid(&validator, &written(&Report::build(&table, &options), "json", None));
            }
        }
    }
}

#[test]
fn a_schema_describes_and_requires_every_key() {
    for schema in [REPORT, COMPARE] {
        assert_every_key_is_described(&serde_json::from_str(schema).unwrap(), "");
    }
}

fn comparison() -> Comparison {
    let total = Report::build(&rich(), &options(ReportKind::Daily)).totals;
    let model = |model: &str, amount: Option<i64>, is_derived| ComparedModel {
        model: model.into(),
        amount: amount.map(|usd| PicoUsd::new(usd * 1_000_000_000_000)),
        basis: if amount.is_some() { agtop_model::CostBasis::Api } else { agtop_model::CostBasis::Unknown },
        key: amount.map(|_| model.into()),
        is_derived,
        too_long: u64::from(is_derived),
        was_used: model.starts_with("claude"),
    };
    let models = vec![model("b", None, false), model("claude-opus-4-7", Some(54), false), model("a", Some(3), true)];
    let (usage, spend, turns) = (total.usage, total.spend, total.turns);
    let mut comparison = Comparison { subject: "all usage".into(), usage, spend, turns, models, now: at(NOW) };
    comparison.sort();
    comparison
}

fn shown(comparison: &Comparison) -> [String; 2] {
    let view = crate::testing::view();
    let context = context(&view);
    let (mut text, mut json) = (Vec::new(), Vec::new());
    comparison.write_text(&context, &mut text).unwrap();
    comparison.write_json(&context, &mut json).unwrap();
    [text, json].map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_comparison_is_sorted_by_cost_and_valid() {
    let [text, json] = shown(&comparison());
    insta::assert_snapshot!("compare", text);
    assert_valid(&strict_validator(COMPARE), &json);
    let document: Value = serde_json::from_str(&json).unwrap();
    let models: Vec<&str> = document["models"].as_array().unwrap().iter().filter_map(|m| m["model"].as_str()).collect();
    assert_eq!(models, ["a", "claude-opus-4-7", "b"]);
}

#[test]
fn a_cost_that_is_not_completely_known_has_no_ratio() {
    let mut comparison = comparison();
    assert_eq!(comparison.ratio(&comparison.models[0]), None, "some of it has no price");
    comparison.spend.unknown_turns = 0;
    assert!((comparison.ratio(&comparison.models[0]).unwrap() - 3.0 / 27.0).abs() < 1e-9);
    assert_eq!(comparison.ratio(&comparison.models[2]), None);
}
